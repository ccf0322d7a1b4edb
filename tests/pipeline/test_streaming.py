"""Sources read in one part and in many: the same bytes."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline.canonical_posts import bucket_name
from pipeline.errors import SourceError
from pipeline.ingest import ingest
from pipeline.post_files import POST_ORDER
from pipeline.sources import READERS, flat, overlap, progress, streamed
from pipeline.sources.source import AsOf, Source
from pipeline.sources.spool import Budget, Spool
from pipeline.streaming import prefixed, read_source
from pipeline.to_score import declare
from tests.pipeline.sources import crowd
from tests.pipeline.sources.archives import CONTROLS, make_source, write_csv
from tests.pipeline.sources.as_json import array, v2_post, v2_user
from tests.pipeline.sources.people import POSTED, Person, Post
from tests.pipeline.sources.published import PUBLISHED

ACCOUNTS = 40
# Reads a release in a process of its own; the number of Polars' threads is fixed in one.
READ = """
import sys
from pathlib import Path
from tests.pipeline import test_streaming
raw, out = map(Path, sys.argv[1:])
test_streaming.run(test_streaming.twitter_io(raw), raw, out, 60)
"""
LAST_POST: dict[str, Any] = {"as_of": {"rule": "last_post", "at": None}}


def run(
    source: Source, raw: Path, out: Path, rows: int, size: int = 2**29
) -> tuple[dict[str, bytes], dict[str, Any]]:
    budget = Budget(rows, size)
    ingest([source], raw, out / "canonical", out / "ingest.json", budget)
    tables = {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in (out / "canonical").rglob("*.parquet")
    }
    return tables, json.loads((out / "ingest.json").read_text())


def twitter_io(raw: Path) -> Source:
    """A release with damage: lines, ids, times, counts; profiles only in posts."""
    users = [
        {
            "userid": f"{number}.0" if number % 7 == 0 else str(number),
            "user_display_name": "n",
            "user_screen_name": "h",
            "user_reported_location": "",
            "user_profile_description": "a\nb",
            "user_profile_url": "",
            "follower_count": "x" if number % 5 == 0 else "3",
            "following_count": "1",
            "account_creation_date": "2013-01-01",
            "account_language": "en",
        }
        for number in range(1, ACCOUNTS // 2)
    ]
    users += [users[0], users[1] | {"user_display_name": "other"}]
    write_csv(raw / "users.csv", users)
    posts = [
        users[number % len(users)]
        | {
            "userid": "1.2E+18" if number % 50 == 0 else str(1 + number % ACCOUNTS),
            "tweetid": str(number % 390),
            "tweet_language": "en",
            "tweet_text": f"RT @x: {number}" if number % 3 else "same",
            "tweet_time": ""
            if number % ACCOUNTS == 6
            else f"2019-05-{1 + number % 28:02} 10:00",
            "tweet_client_name": "c",
            "in_reply_to_userid": "",
            "in_reply_to_tweetid": "",
            "quoted_tweet_tweetid": "",
            "is_retweet": "True" if number % 3 else "False",
            "retweet_userid": "",
            "retweet_tweetid": "7.0",
            "quote_count": "0",
            "reply_count": "0.0",
            "like_count": "1",
            "retweet_count": "1",
            "hashtags": "['a']",
            "urls": "[]",
            "user_mentions": "",
        }
        for number in range(400)
    ]
    write_csv(raw / "posts_1.csv", posts[:150])
    write_csv(raw / "posts_2.csv", posts[150:])
    with (raw / "posts_2.csv").open("ab") as handle:
        handle.write(b'"1","bro"ken","x"\n"a\0b"\n')
    files = {"accounts": ["users.csv"], "posts": ["posts_*.csv"]}
    return make_source("twitter_io", files, **LAST_POST)


def canonical(raw: Path) -> Source:
    """Both classes; accounts without a post; labels and groups in a Parquet file."""
    pl.DataFrame(
        {
            "account_id": [str(number) for number in range(ACCOUNTS)],
            "label": [
                None if number == 9 else number % 2 for number in range(ACCOUNTS)
            ],
            "group": [f"g{number % 3}" for number in range(ACCOUNTS)],
        }
    ).write_parquet(raw / "accounts.parquet")
    posts = [
        {
            "account_id": str(number % (ACCOUNTS // 2)),
            "post_id": str(number),
            "posted_at": f"2020-05-{1 + number % 28:02}T10:00:00Z",
            "kind": "other" if number % 30 == 0 else "reply",
            "hashtags": '["a"]' if number % 2 else "[",
        }
        for number in range(300)
    ]
    write_csv(raw / "posts.csv", posts)
    return make_source(
        "canonical",
        {"accounts": ["accounts.parquet"], "posts": ["posts.csv"]},
        controls=CONTROLS,
        **LAST_POST,
    )


def ira(raw: Path) -> Source:
    """Accounts whose profile counts are those of their last post."""
    accounts = [
        {"author_id": str(n), "author": f"a{n}", "account_category": "Troll"}
        for n in range(ACCOUNTS)
    ]
    write_csv(raw / "accounts.csv", accounts)
    posts = [
        {
            "author_id": str(n % (ACCOUNTS - 3)),
            "content": f"'@x {n}",
            "language": "English",
            "publish_date": f"2016-05-{1 + n % 28:02} 10:00",
            "followers": str(n),
            "following": "1",
            "post_type": "",
            "retweet": "0",
        }
        for n in range(300)
    ]
    write_csv(raw / "posts.csv", posts)
    files = {"accounts": ["accounts.csv"], "posts": ["posts.csv"]}
    return make_source("ira", files, zone="UTC", **LAST_POST)


def published(name: str) -> Callable[[Path], Source]:
    def make(raw: Path) -> Source:
        crowd.write(name, raw)
        source = PUBLISHED[name].source(name, raw)
        if name == "twibot20":
            return source
        return source.model_copy(update={"as_of": AsOf(rule="last_post", at=None)})

    return make


MAKE: dict[str, Callable[[Path], Source]] = {
    "twitter_io": twitter_io,
    "canonical": canonical,
    "ira": ira,
    **{
        name: published(name)
        for name in (
            *("bluesky", "canonical-jsonl", "cresci2015", "cresci2017"),
            *("cresci2017-folders", "mastodon", "twibot20", "twibot22", "x_api_v1"),
            *("x_api_v2", "x_api_v2-lines"),
        )
    },
}


def test_every_format_that_is_streamed_is_here() -> None:
    unlisted = {
        name for name in PUBLISHED if name.split("-")[0] not in streamed.FORMATS
    }

    assert {name.split("-")[0] for name in MAKE} == streamed.FORMATS
    assert unlisted == {
        "botometer",
        "caverlee2011",
        "fivethirtyeight",
        "nyu2017",
        "pan2019",
    }


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE.keys())
@pytest.mark.parametrize(("rows", "size"), [(60, 2**29), (10**6, 20_000)])
def test_parts_change_no_byte(
    tmp_path: Path,
    make: Callable[[Path], Source],
    rows: int,
    size: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = make(tmp_path)
    whole = run(source, tmp_path, tmp_path / "whole", 10**6)
    monkeypatch.setattr(flat, "_BATCH_ROWS", 50)

    parts = run(source, tmp_path, tmp_path / "parts", rows, size)

    assert parts == whole
    files = parts[1]["files"]
    assert all(f["read"] == f["kept"] + sum(f["rejected"].values()) for f in files)
    assert sum(sum(f["rejected"].values()) for f in files) > 0 or make is ira


@pytest.mark.parametrize("threads", [1, 5])
def test_parts_read_together_change_no_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    source = canonical(tmp_path)
    two = run(source, tmp_path, tmp_path / "two", 20)
    monkeypatch.setattr(overlap, "ABREAST", threads)

    assert run(source, tmp_path, tmp_path / "other", 20) == two


def test_threads_of_polars_change_no_byte(tmp_path: Path, root: Path) -> None:
    twitter_io(tmp_path)
    tables = []
    for threads in ("1", "2", "5"):
        subprocess.run(
            [sys.executable, "-c", READ, tmp_path, tmp_path / threads],
            cwd=root,
            env=os.environ | {"POLARS_MAX_THREADS": threads},
            check=True,
        )
        files = (tmp_path / threads).rglob("*.*")
        tables.append({path.name: path.read_bytes() for path in sorted(files)})

    assert len(tables[0]) == 6
    assert tables[0] == tables[1] == tables[2]


def test_accounts_without_a_date_are_judged_at_the_last_post_of_their_label(
    tmp_path: Path,
) -> None:
    source = canonical(tmp_path)

    run(source, tmp_path, tmp_path, 60)

    accounts = pl.read_parquet(tmp_path / "canonical" / "accounts.parquet")
    number = pl.col("account_id").str.slice(4).cast(int)
    silent = accounts.filter(number >= 20).select(number % 2, "as_of").unique()
    seen = silent.sort("account_id")["as_of"].dt.to_string("%d %H:%M")
    assert seen.to_list() == ["27 10:01", "28 10:01"]


def test_share_of_destroyed_ids_is_that_of_the_whole_file(tmp_path: Path) -> None:
    ids = ["1.2E+18"] * 20 + [str(number) for number in range(30)]
    write_csv(tmp_path / "a.csv", [{"account_id": one} for one in ids])
    source = make_source("canonical", {"accounts": ["a.csv"]})

    _, report = run(source, tmp_path, tmp_path, 9)

    assert report["totals"]["rejected"] == {"id_destroyed": 20}
    write_csv(tmp_path / "a.csv", [{"account_id": one} for one in ids[:35]])
    with pytest.raises(SourceError, match=r"a\.csv, column account_id: 57%"):
        run(source, tmp_path, tmp_path, 9)


@pytest.mark.parametrize("rows", [3, 1000])
def test_a_label_without_a_dated_post_is_refused(tmp_path: Path, rows: int) -> None:
    write_csv(tmp_path / "a.csv", [{"account_id": str(n)} for n in range(9)])
    write_csv(tmp_path / "p.csv", [{"account_id": "1", "kind": "reply"}])
    files = {"accounts": ["a.csv"], "posts": ["p.csv"]}

    with pytest.raises(SourceError, match="no account of its label has a dated post"):
        run(make_source("canonical", files, **LAST_POST), tmp_path, tmp_path, rows)


def held(column: pl.Series) -> int:
    """Bytes that the column keeps in memory, its own text or not."""
    chunks = column.to_arrow(compat_level=pl.CompatLevel.newest())
    return sum(buffer.size for buffer in chunks.buffers() if buffer is not None)


def test_profiles_taken_from_posts_do_not_keep_the_posts_in_memory(
    tmp_path: Path,
) -> None:
    twitter_io(tmp_path)
    posts = pl.read_csv(tmp_path / "posts_1.csv", infer_schema=False)
    bio = pl.format("{}{}", pl.col("tweetid"), pl.lit("b" * 200))
    every = posts.select(bio).to_series()
    posts.with_columns(user_profile_description=bio).write_csv(tmp_path / "p.csv")
    source = make_source("twitter_io", {"posts": ["p.csv"]}, **LAST_POST)

    found = read_source(source, tmp_path, tmp_path, Budget(), print)

    bios = found.accounts["bio"]
    assert 0 < len(bios) < len(posts) / 2
    assert held(bios) < 300 * len(bios)
    # Twin: a few rows of a table do keep all of its text.
    assert held(every.head(len(bios))) > 300 * len(bios)


def test_rows_on_disk_are_gone_when_reading_ends(tmp_path: Path) -> None:
    run(twitter_io(tmp_path), tmp_path, tmp_path, 60)

    assert sorted(path.name for path in (tmp_path / "canonical").iterdir()) == [
        "accounts.parquet",
        "actions.parquet",
        "labels.parquet",
        "posts",
        "rejected.parquet",
    ]
    assert not [path for path in tmp_path.rglob("*.arrow")]


def test_no_thread_outlives_an_archive_that_is_refused(tmp_path: Path) -> None:
    source = twitter_io(tmp_path)
    first = min(tmp_path.glob(source.files["posts"][0]))
    first.write_text(first.read_text().replace("userid", "nobody", 1))

    with pytest.raises(SourceError) as refused:
        Spool(source, tmp_path, tmp_path / "rows", Budget(rows=60), print)

    # What was raised still holds the frames that it went through.
    assert "userid" in str(refused.value)
    assert not [t for t in threading.enumerate() if t.name.startswith("ahead")]


def test_no_thread_outlives_a_disk_that_takes_nothing(tmp_path: Path) -> None:
    source = twitter_io(tmp_path)
    (tmp_path / "rows").touch()

    with pytest.raises(FileExistsError):
        Spool(source, tmp_path, tmp_path / "rows", Budget(rows=20), print)

    assert not [t for t in threading.enumerate() if t.name.startswith("ahead")]


@pytest.mark.parametrize(("rows", "on_disk"), [(60, True), (200, False)])
def test_rows_are_put_on_disk_above_four_parts(
    tmp_path: Path, rows: int, on_disk: bool
) -> None:
    folder = tmp_path / "rows"

    Spool(twitter_io(tmp_path), tmp_path, folder, Budget(rows=rows), print)

    assert any(folder.glob("*.arrow")) is on_disk


@pytest.mark.parametrize("rows", [5, 1_000])
def test_an_id_with_blanks_about_it_is_the_same_account(
    tmp_path: Path, rows: int
) -> None:
    accounts = [{"account_id": str(number)} for number in range(ACCOUNTS)]
    posts = [
        {"account_id": f" {number}\t", "kind": "original", "post_id": f"9{number} "}
        for number in range(ACCOUNTS)
    ]
    write_csv(tmp_path / "a.csv", accounts)
    write_csv(tmp_path / "p.csv", posts)
    source = make_source("canonical", {"accounts": ["a.csv"], "posts": ["p.csv"]})

    _, report = run(source, tmp_path, tmp_path / "out", rows)

    counted = {entry["file"]: entry for entry in report["files"]}
    assert report["totals"]["rejected"] == {}
    assert counted["a.csv"]["repaired"] == {}
    assert counted["p.csv"]["repaired"] == {"id_trimmed": 2 * ACCOUNTS}


def test_parts_are_of_about_one_size(tmp_path: Path) -> None:
    source = twitter_io(tmp_path)
    spool = Spool(source, tmp_path, tmp_path / "rows", Budget(rows=200), print)

    heights = [
        sum(rows.frame.height for key in source.files for _, rows in part.rows(key))
        for part in spool.parts()
    ]

    assert max(heights) <= 200
    assert min(heights) > 0.6 * max(heights)


def test_progress_tells_rows_and_rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "_LINE_ROWS", 200)

    run(twitter_io(tmp_path), tmp_path, tmp_path, 60)

    said = capsys.readouterr().out.splitlines()[0].split()
    assert said[:4] == ["src,", "posts_2.csv:", "250", "rows,"]
    assert said[-2:] == ["a", "second"]


def test_posts_stand_in_the_order_of_all_keys(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", [{"account_id": one} for one in "12"])
    posts = [
        {
            "account_id": owner,
            "post_id": "",
            "posted_at": posted_at,
            "text": text,
            "kind": "reply",
        }
        for text in ("c", "a", "b")
        for posted_at in ("2020-01-02T00:00Z", "", "2020-01-01T00:00Z")
        for owner in "21"
    ]
    write_csv(tmp_path / "p.csv", posts)
    files = {"accounts": ["a.csv"], "posts": ["p.csv"]}

    run(make_source("canonical", files), tmp_path, tmp_path, 1000)

    made = pl.read_parquet(tmp_path / "canonical" / "posts" / bucket_name(0, 1))
    assert made.equals(made.sort(POST_ORDER, nulls_last=True))
    assert made["text"].to_list() == list("abc") * 6


@pytest.mark.parametrize(
    ("budget", "parts"),
    [(Budget(), 1), (Budget(rows=200), 3), (Budget(bytes=2**17), 2)],
)
def test_a_part_is_bounded_by_rows_and_by_memory(
    tmp_path: Path, budget: Budget, parts: int
) -> None:
    spool = Spool(twitter_io(tmp_path), tmp_path, tmp_path / "rows", budget, print)

    assert len(list(spool.parts())) == parts


@pytest.mark.parametrize("name", MAKE)
def test_parts_are_what_the_reader_makes_of_the_whole_source(
    tmp_path: Path, name: str
) -> None:
    source = MAKE[name](tmp_path)

    run(source, tmp_path, tmp_path, 60)

    tables = READERS[source.format](source, tmp_path)
    for table, frame in (("accounts", tables.accounts), ("posts", tables.posts)):
        assert frame is not None
        order = POST_ORDER if table == "posts" else ["account_id"]
        wanted = prefixed(frame, source, table).sort(order, nulls_last=True)
        one = f"posts/{bucket_name(0, 1)}" if table == "posts" else f"{table}.parquet"
        made = pl.read_parquet(tmp_path / "canonical" / one)
        assert made.sort(made.columns).equals(wanted.sort(wanted.columns))


def twibot22(raw: Path, authors: list[str], words: dict[str, str]) -> Source:
    """One account and one post each of some authors; labels of some of them."""
    people = [Person(str(10 + number), f"h{number}") for number in range(len(authors))]
    posts = [
        v2_post(Post(str(number), one, at=POSTED + timedelta(hours=number)), "t")
        for number, one in enumerate(people)
    ]
    owned = [
        post | {"author_id": one} for post, one in zip(posts, authors, strict=True)
    ]
    array(raw / "user.json", [v2_user(one, "u") for one in people])
    array(raw / "tweet_0.json", owned)
    write_csv(raw / "label.csv", [{"id": k, "label": w} for k, w in words.items()])
    files = {"accounts": ["user.json"], "posts": ["tweet_0.json"]}
    files["labels"] = ["label.csv"]
    classes: dict[str, Any] = {"controls": CONTROLS}
    # A class of which no account is kept is refused.
    for word, declared in (("bot", "positives"), ("human", "controls")):
        if word not in words.values():
            classes[declared] = None
    return make_source("twibot22", files, **classes, **LAST_POST)


@pytest.mark.parametrize("rows", [1, 10**6])
def test_authors_may_all_stand_without_their_prefix(tmp_path: Path, rows: int) -> None:
    source = twibot22(tmp_path, ["10", "11", "12"], {"u10": "human", "u11": "human"})

    _, report = run(source, tmp_path, tmp_path, rows)

    assert report["sources"]["src"]["posts"] == 2


@pytest.mark.parametrize("rows", [1, 10**6])
def test_one_author_with_a_prefix_makes_all_need_it(tmp_path: Path, rows: int) -> None:
    words = {f"u{number}": "human" for number in range(10, 16)}
    source = twibot22(tmp_path, ["u10", *map(str, range(11, 16))], words)

    _, report = run(source, tmp_path, tmp_path, rows)

    assert report["totals"]["rejected"] == {"id_prefix": 5}
    # Accounts without a post are judged at the last one that is kept.
    accounts = pl.read_parquet(tmp_path / "canonical" / "accounts.parquet")
    assert accounts["as_of"].unique().to_list() == [POSTED + timedelta(minutes=1)]


@pytest.mark.parametrize("rows", [1, 10**6])
def test_one_label_in_the_whole_source_is_enough(tmp_path: Path, rows: int) -> None:
    authors = ["10", "11", "12"]

    _, report = run(
        twibot22(tmp_path, authors, {"u11": "bot"}), tmp_path, tmp_path, rows
    )

    assert report["sources"]["src"]["accounts"] == 1
    with pytest.raises(SourceError, match="no account has a label"):
        run(twibot22(tmp_path, authors, {"u9": "bot"}), tmp_path, tmp_path, rows)


@pytest.mark.parametrize("rows", [1, 10**6])
def test_what_is_to_be_scored_needs_no_label_in_any_part(
    tmp_path: Path, rows: int
) -> None:
    twibot22(tmp_path, ["10", "11"], {"u11": "bot"})
    files = {"accounts": ["user.json"], "posts": ["tweet_0.json"]}
    moment = datetime(2022, 1, 1, tzinfo=UTC)

    _, report = run(declare(files, "twibot22", moment), tmp_path, tmp_path, rows)

    assert report["totals"]["kept"] == 4


@pytest.mark.parametrize("rows", [1, 10**6])
def test_destroyed_ids_of_accounts_are_not_those_of_their_posts(
    tmp_path: Path, rows: int
) -> None:
    few = [{"ID": str(n), "label": "1", "tweet": ["a"] * 9} for n in range(3)]
    array(tmp_path / "train.json", [*few, *[{"ID": "1.2E+18", "label": "1"}] * 4])
    source = make_source(
        "twibot20", {"accounts": ["train.json"]}, polarity={"1": "positives"}
    )

    with pytest.raises(SourceError, match=r"train\.json, column account_id: 57%"):
        run(source, tmp_path, tmp_path, rows)


def test_actions_beside_the_files_keep_no_source_in_one_piece(tmp_path: Path) -> None:
    source = twitter_io(tmp_path)
    action = {"account_id": "1", "kind": "block", "target_account_id": "2"}
    write_csv(tmp_path / "actions.csv", [action | {"at": "2019-05-01 10:00"}])
    files = source.files | {"actions": ["actions.csv"]}

    acted = source.model_copy(update={"files": files})

    assert streamed.is_streamed(acted)
    assert run(acted, tmp_path, tmp_path, 60)[1]["totals"]["kept"] > 1
    unknown = source.model_copy(update={"files": files | {"other": ["users.csv"]}})
    assert not streamed.is_streamed(unknown)
