from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from features import equalise, schema
from pipeline.errors import SourceError
from pipeline.sources.source import Source, Tables
from tests.pipeline.sources.archives import (
    CONTROLS,
    POSITIVES,
    make_source,
    read,
    rules,
    write_csv,
)

LAST_POST = {"rule": "last_post", "at": None}
MOMENT, LATER = "2021-01-01T00:00:00Z", "2021-01-01T00:00:01Z"
API = "Fri Apr 06 10:58:22 +0000 2012"


def naive(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC).replace(tzinfo=None)


def write_parquet(path: Path, rows: list[dict[str, Any]]) -> str:
    pl.DataFrame(rows).write_parquet(path)
    return path.name


def ira_post(**overrides: Any) -> dict[str, Any]:
    return {
        "author_id": "a",
        "content": "words",
        "language": "English",
        "publish_date": naive(2016, 1, 1, 10),
        "following": 1,
        "followers": 2,
        "post_type": "",
        "retweet": 0,
    } | overrides


def read_ira(tmp_path: Path, *posts: dict[str, Any], **source: Any) -> Tables:
    account = {"author_id": "a", "author": "A", "account_category": "RightTroll"}
    files = {
        "accounts": [
            write_csv(tmp_path / "u.csv", [account, account | {"author_id": "b"}])
        ],
        "posts": [write_parquet(tmp_path / "p.parquet", list(posts))],
    }
    values = {"zone": "UTC", "needs_posts": True, "as_of": LAST_POST} | source
    return read(make_source("ira", files, **values), tmp_path)


@pytest.mark.parametrize(
    "cell",
    [
        "2016-01-01 10:00",
        "2016-01-01T10:00",
        "2016-01-01 10:00:00",
        "2016-01-01T10:00:00",
    ],
)
def test_ira_times_as_text_are_iso(cell: str, tmp_path: Path) -> None:
    tables = read_ira(tmp_path, ira_post(publish_date=cell))

    assert tables.posts is not None
    assert tables.posts["posted_at"].to_list() == [datetime(2016, 1, 1, 10, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("overrides", "text", "kind"),
    [
        ({}, "words", "original"),
        ({"post_type": "R", "retweet": 1}, "words", "repost"),
        ({"post_type": "RETWEET"}, "words", "repost"),
        ({"post_type": "Q", "retweet": 1}, "words", "quote"),
        ({"retweet": 1}, "words", "repost"),
        ({"content": "RT @x: y"}, "RT @x: y", "repost"),
        ({"content": "'@x y"}, "@x y", "reply"),
        ({"content": "'-x"}, "-x", "original"),
        ({"content": "'Quoted' word"}, "'Quoted' word", "original"),
    ],
)
def test_ira_text_and_kind(
    tmp_path: Path, overrides: dict[str, Any], text: str, kind: str
) -> None:
    tables = read_ira(tmp_path, ira_post(**overrides))

    assert tables.posts is not None
    assert tables.posts.select("text", "kind").row(0) == (text, kind)


def test_ira_accounts_take_counts_of_the_last_post(tmp_path: Path) -> None:
    later = ira_post(publish_date=naive(2017, 1, 1), followers=9, following=8)

    tables = read_ira(tmp_path, later, ira_post())

    account = tables.accounts.row(0, named=True)
    assert (account["followers"], account["following"], account["handle"]) == (
        9,
        8,
        "A",
    )
    assert (account["group"], account["created_at"]) == ("righttroll", None)
    assert account["as_of"] == datetime(2017, 1, 1, 0, 1, tzinfo=UTC)
    assert rules(tables, "rejected", "accounts") == {"no_evidence": 1}


def test_ira_identical_rows_are_kept_once(tmp_path: Path) -> None:
    tables = read_ira(
        tmp_path,
        ira_post(content="'@x y"),
        ira_post(content="'@x y", followers=3),
        ira_post(content="'@x y", language="Klingon"),
        ira_post(publish_date=naive(2016, 1, 1, 10, 1)),
    )

    assert rules(tables, "rejected", "posts") == {
        "duplicate_conflict": 1,
        "duplicate_identical": 1,
    }
    # Counted among the kept only.
    assert rules(tables, "repaired", "posts") == {"spreadsheet_apostrophe": 1}


def test_parquet_times_without_zone_are_refused_unless_declared(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="declare `zone: UTC`"):
        read_ira(tmp_path, ira_post(), zone=None)


def cresci_user(**overrides: Any) -> dict[str, Any]:
    return {
        "id": "1",
        "name": "NA",
        "screen_name": "n",
        "statuses_count": "5",
        "followers_count": "1",
        "friends_count": "2",
        "favourites_count": "3",
        "listed_count": "0",
        "created_at": API,
        "url": "NULL",
        "lang": "IT",
        "location": "",
        "default_profile_image": "",
        "description": "",
    } | overrides


def read_cresci(tmp_path: Path, posts: list[dict[str, Any]]) -> Tables:
    files = {
        "e13_users": [write_csv(tmp_path / "e.csv", [cresci_user()])],
        "int_users": [
            write_csv(
                tmp_path / "i.csv",
                [
                    cresci_user(id="2", default_profile_image="1"),
                    cresci_user(id="3"),
                ],
            )
        ],
        "posts": [write_csv(tmp_path / "p.csv", posts)],
    }
    source = make_source("cresci2015", files, controls=CONTROLS, as_of=LAST_POST)
    return read(source, tmp_path)


def cresci_post(**overrides: Any) -> dict[str, Any]:
    later = "Sat Apr 07 10:58:22 +0000 2012"
    return {"user_id": "1", "tweet_id": "1", "time": later, "text": "hi"} | overrides


def test_cresci_users(tmp_path: Path) -> None:
    tables = read_cresci(
        tmp_path, [cresci_post(), cresci_post(user_id="2", tweet_id="2")]
    )

    accounts = tables.accounts.sort("account_id")
    assert accounts["label"].to_list() == [0, 1, 1]
    assert accounts["default_image"].to_list() == [False, True, False]
    assert accounts.select("name", "url", "bio", "location").row(0) == (
        "NA",
        None,
        "",
        "",
    )
    assert accounts["declared_language"][0] == "it"
    # Account 3 never posted: the last post of its label.
    assert accounts["as_of"][2] == datetime(2012, 4, 7, 10, 59, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "kind", "mentions", "hashtags", "links"),
    [
        ("RT @A_b: x #Tag", "repost", ["A_b"], ["Tag"], []),
        ("@a and @b", "reply", ["a", "b"], [], []),
        ("see https://t.co/x?y.", "original", [], [], ["https://t.co/x?y."]),
        # Signs within a word or an address name nobody and nothing.
        ("c#sharp by me@mail.example", "original", [], [], []),
        ("https://a.b/@ann/#top", "original", [], [], ["https://a.b/@ann/#top"]),
    ],
)
def test_cresci_posts_are_parsed_from_their_text(
    tmp_path: Path,
    text: str,
    kind: str,
    mentions: list[str],
    hashtags: list[str],
    links: list[str],
) -> None:
    posts = [cresci_post(text=text), cresci_post(user_id="2", tweet_id="2")]

    tables = read_cresci(tmp_path, posts)

    assert tables.posts is not None
    row = tables.posts.row(0, named=True)
    assert (row["kind"], row["mentions"]) == (kind, mentions)
    assert (row["hashtags"], row["links"]) == (hashtags, links)


def test_posts_without_an_account_are_rejected(tmp_path: Path) -> None:
    sound = [cresci_post(), cresci_post(user_id="2", tweet_id="2")]
    lost = [
        cresci_post(user_id=owner, tweet_id=f"9{owner}") for owner in ("", "NA", "7")
    ]

    tables = read_cresci(tmp_path, sound + lost)

    assert rules(tables, "rejected", "posts") == {"no_account": 3}


def test_duplicate_post_ids_do_not_depend_on_file_order(tmp_path: Path) -> None:
    rows = [
        cresci_post(text="b"),
        cresci_post(text="a"),
        cresci_post(text="b"),
        cresci_post(text="a"),
        cresci_post(user_id="2", tweet_id="2"),
    ]

    first, second = (read_cresci(tmp_path, order) for order in (rows, rows[::-1]))

    for tables in (first, second):
        assert tables.posts is not None
        assert sorted(tables.posts["text"]) == ["a", "hi"]
        assert rules(tables, "rejected", "posts") == {
            "duplicate_conflict": 2,
            "duplicate_identical": 1,
        }


@pytest.mark.parametrize(
    ("created", "rejected"),
    [
        (API, {}),
        ("Sat Apr 07 20:00:00 +0000 2012", {}),
        ("Mon Apr 09 10:58:22 +0000 2012", {"time_order": 1}),
        ("Thu Jan 01 00:00:00 +0000 1970", {"time_order": 1}),
        ("1185440851000", {"time_unreadable": 1}),
    ],
)
def test_creation_against_posts_and_platform(
    tmp_path: Path, created: str, rejected: dict[str, int]
) -> None:
    files = {
        "e13_users": [write_csv(tmp_path / "e.csv", [cresci_user(created_at=created)])],
        "int_users": [write_csv(tmp_path / "i.csv", [cresci_user(id="2")])],
        "posts": [
            write_csv(
                tmp_path / "p.csv",
                [cresci_post(), cresci_post(user_id="2", tweet_id="2")],
            )
        ],
    }

    tables = read(
        make_source("cresci2015", files, controls=CONTROLS, as_of=LAST_POST), tmp_path
    )

    assert rules(tables, "rejected", "accounts") == rejected
    lost = sum(rules(tables, "rejected", "posts").values())
    assert lost == sum(rejected.values())


def read_caverlee(tmp_path: Path, posts: list[dict[str, Any]], **source: Any) -> Tables:
    def row(identifier: str) -> dict[str, str]:
        return {
            "UserID": identifier,
            "CreatedAt": "2008-01-01 00:00:00",
            "CollectedAt": "2009-12-30 12:00:00",
            "NumerOfFollowings": "7",
            "NumberOfFollowers": "3",
            "NumberOfTweets": "9",
        }

    files = {
        "polluters": [write_csv(tmp_path / "c.csv", [row("1"), row("2")])],
        "legitimate": [write_csv(tmp_path / "l.csv", [row("2"), row("3")])],
        "posts": [write_csv(tmp_path / "p.csv", posts)],
    }
    values = {
        "controls": CONTROLS,
        "zone": "UTC",
        "as_of": {"rule": "column", "at": None},
    } | source
    return read(make_source("caverlee2011", files, **values), tmp_path)


def test_caverlee_ids_in_both_classes_leave_with_their_posts(tmp_path: Path) -> None:
    posts = [
        {"user_id": owner, "time": "2009-12-28 11:24:44", "text": "x"}
        for owner in ("1", "2", "4")
    ]

    tables = read_caverlee(tmp_path, posts)

    assert tables.accounts["account_id"].to_list() == ["1", "3"]
    assert rules(tables, "rejected", "accounts") == {"label_conflict": 2}
    assert rules(tables, "rejected", "posts") == {
        "account_rejected": 1,
        "no_account": 1,
    }
    assert rules(tables, "nulled", "accounts") == {"leaks_label": 2}
    account = tables.accounts.row(0, named=True)
    assert (account["created_at"], account["following"], account["followers"]) == (
        None,
        7,
        3,
    )
    assert account["as_of"] == datetime(2009, 12, 30, 12, tzinfo=UTC)


def test_posts_after_collection_are_rejected(tmp_path: Path) -> None:
    posts = [{"user_id": "1", "time": "2010-02-28 11:24:44", "text": "x"}]

    tables = read_caverlee(tmp_path, posts)

    assert rules(tables, "rejected", "posts") == {"time_order": 1}


def test_class_that_is_not_declared_is_refused(tmp_path: Path) -> None:
    posts = [{"user_id": "1", "time": "2009-12-28 11:24:44", "text": "x"}]

    with pytest.raises(SourceError, match="no controls are declared"):
        read_caverlee(tmp_path, posts, controls=None)


def nyu_row(**overrides: Any) -> dict[str, Any]:
    return {
        "account": "a",
        "followers_count": "1",
        "friends_count": "2",
        "listed_count": "3",
        "created_at": "Fri Nov 20 18:53:22 +0000 2015",
        "favourites_count": "4",
        "statuses_count": "5",
        "lang": "en",
        "default_profile_image": "FALSE",
        "bot": "1",
    } | overrides


def test_nyu_profiles(tmp_path: Path) -> None:
    rows = [
        nyu_row(
            account='"a"', lang='"en"', created_at='"Fri Nov 20 18:53:22 +0000 2015"'
        ),
        nyu_row(account="b", bot="0", created_at="2/25/2015 20:11"),
        nyu_row(account="c", created_at="2/3/2015 20:11"),
        nyu_row(account="d", bot="0"),
        nyu_row(account="d"),
        nyu_row(account="e", bot="maybe"),
    ]
    files = {"profiles": [write_csv(tmp_path / "n.csv", rows)]}
    source = make_source(
        "nyu2017", files, controls=CONTROLS, zone="UTC", date_order="mixed"
    )

    tables = read(source, tmp_path)

    assert tables.accounts["account_id"].to_list() == ["a", "b", "c"]
    assert tables.accounts["label"].to_list() == [1, 0, 1]
    assert tables.accounts["created_at"].to_list() == [
        datetime(2015, 11, 20, 18, 53, 22, tzinfo=UTC),
        datetime(2015, 2, 25, 20, 11, tzinfo=UTC),
        None,
    ]
    assert rules(tables, "rejected", "accounts") == {
        "label_conflict": 2,
        "label_unknown": 1,
    }
    assert rules(tables, "repaired", "accounts") == {"doubled_quotes": 3}
    assert rules(tables, "nulled", "accounts") == {"date_ambiguous": 1}
    assert tables.posts is None


def test_pan_accounts_come_from_posts_without_times(tmp_path: Path) -> None:
    rows = [
        {"author_id": "a", "label": "bot", "idx": 0, "text": "same"},
        {"author_id": "a", "label": "bot", "idx": 1, "text": "same"},
        {"author_id": "a", "label": "bot", "idx": 1, "text": "same"},
        {"author_id": "b", "label": "human", "idx": 0, "text": "@x hi"},
    ]
    files = {"posts": [write_parquet(tmp_path / "p.parquet", rows)]}

    tables = read(make_source("pan2019", files, controls=CONTROLS), tmp_path)

    assert tables.accounts.select("account_id", "label").rows() == [("a", 1), ("b", 0)]
    assert tables.posts is not None
    assert tables.posts.select("text", "posted_at", "kind").rows() == [
        ("same", None, "original"),
        ("same", None, "original"),
        ("@x hi", None, "reply"),
    ]
    assert rules(tables, "rejected", "posts") == {"duplicate_identical": 1}


def canonical(tmp_path: Path, form: str, **source: Any) -> Source:
    when = datetime(2020, 5, 1, 10, 0, 30, tzinfo=UTC)
    accounts = {"account_id": "1", "followers": 2, "label": 1, "group": "g"}
    posts = {"account_id": "1", "kind": "original", "text": "x", "post_id": "5"}
    if form == "csv":
        posts |= {"posted_at": when.isoformat(), "links": '["http://x"]'}
        files = {
            "accounts": [write_csv(tmp_path / "a.csv", [accounts])],
            "posts": [write_csv(tmp_path / "p.csv", [posts])],
        }
    else:
        rows = [posts | {"posted_at": when, "links": ["http://x"]}]
        files = {
            "accounts": [write_parquet(tmp_path / "a.parquet", [accounts])],
            "posts": [write_parquet(tmp_path / "p.parquet", rows)],
        }
    return make_source("canonical", files, **{"as_of": LAST_POST} | source)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_canonical_tables(tmp_path: Path, form: str) -> None:
    tables = read(canonical(tmp_path, form), tmp_path)

    assert tables.posts is not None
    row = tables.posts.row(0, named=True)
    when = datetime(2020, 5, 1, 10, 0, 30, tzinfo=UTC)
    assert (row["posted_at"], row["links"], row["likes"]) == (when, ["http://x"], None)
    account = tables.accounts.row(0, named=True)
    assert (account["label"], account["group"], account["followers"]) == (1, "g", 2)
    assert account["as_of"] == when + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("column", "cell", "rule"),
    [
        ("posted_at", "2020-05-01T10:00:00", "time_without_zone"),
        ("posted_at", "soon Z", "time_unreadable"),
        ("kind", "shout", "kind_unknown"),
    ],
)
def test_canonical_row_that_cannot_be_read(
    tmp_path: Path, column: str, cell: str, rule: str
) -> None:
    source = canonical(
        tmp_path, "csv", as_of={"rule": "constant", "at": "2022-01-01T00:00:00Z"}
    )
    good = {"account_id": "1", "kind": "reply", "posted_at": "2020-05-01T10:00:00Z"}
    write_csv(tmp_path / "p.csv", [good, good | {column: cell}])

    tables = read(source, tmp_path)

    assert rules(tables, "rejected", "posts") == {rule: 1}


def test_canonical_parquet_without_zone_is_refused(tmp_path: Path) -> None:
    source = canonical(tmp_path, "parquet")
    row = {"account_id": "1", "kind": "reply", "posted_at": naive(2020, 5, 1)}
    write_parquet(tmp_path / "p.parquet", [row])

    with pytest.raises(SourceError, match="posted_at: times state no zone"):
        read(source, tmp_path)


def test_format_that_names_no_campaign_needs_a_declared_one(tmp_path: Path) -> None:
    source = canonical(tmp_path, "csv", positives=POSITIVES | {"campaign": None})
    write_csv(tmp_path / "a.csv", [{"account_id": "1"}])

    with pytest.raises(SourceError, match="campaign"):
        read(source, tmp_path)


@pytest.mark.parametrize("group", ["../up", "red\x1b[31m", "\u202eevil", "a,b", "я"])
def test_a_group_that_is_no_plain_name_names_no_campaign(
    tmp_path: Path, group: str
) -> None:
    source = canonical(tmp_path, "csv", positives=POSITIVES | {"campaign": None})
    row = {"account_id": "1", "label": "1", "group": "Right Troll 2.0"}
    write_csv(tmp_path / "a.csv", [row])
    assert read(source, tmp_path).accounts["group"].to_list() == ["Right Troll 2.0"]
    write_csv(tmp_path / "a.csv", [row, row | {"account_id": "2", "group": group}])

    with pytest.raises(SourceError, match=r"group of 1 account.* campaign") as caught:
        read(source, tmp_path)

    assert group not in str(caught.value)
    declared = canonical(tmp_path, "csv", positives=POSITIVES)
    write_csv(tmp_path / "a.csv", [row | {"group": group}])
    assert read(declared, tmp_path).accounts["group"].to_list() == [group]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "needs key"),
        ({"accounts": ["a.csv"], "users": ["a.csv"]}, "has no key"),
        ({"accounts": []}, "no file is listed"),
        ({"accounts": ["none.csv"]}, r"no file none\.csv"),
        ({"accounts": ["none*.csv"]}, "no file matches"),
        ({"accounts": ["../a.csv"]}, "leaves the raw directory"),
        ({"accounts": ["empty.csv"]}, r"empty\.csv is empty"),
        ({"accounts": ["a.csv", "a.csv"]}, "twice"),
        ({"accounts": ["a.csv", "*.csv.gz"]}, "twice"),
    ],
)
def test_files_that_are_not_what_is_declared(
    tmp_path: Path, files: dict[str, list[str]], message: str
) -> None:
    write_csv(tmp_path / "a.csv", [{"account_id": "1"}])
    (tmp_path / "a.csv.gz").write_bytes(b"x")
    (tmp_path / "empty.csv").touch()

    with pytest.raises(SourceError, match=message):
        read(make_source("canonical", files), tmp_path)


def test_texts_of_a_file_without_header_stay_out_of_the_message(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", [{"some private words": "1", "handle": "2"}])

    with pytest.raises(SourceError, match="account_id is missing") as raised:
        read(make_source("canonical", {"accounts": ["a.csv"]}), tmp_path)

    assert "private" not in str(raised.value)
    assert "found handle;" in str(raised.value)


@pytest.mark.parametrize(
    ("cell", "values", "nulled"),
    [
        ("", None, {}),
        ("[]", [], {}),
        ('["a", "b,c"]', ["a", "b,c"], {}),
        ("[1]", None, {"list_unreadable": 1}),
        ('["\\ud83d"]', None, {"list_unreadable": 1}),
        ("[", None, {"list_unreadable": 1}),
        ('{"a": 1}', None, {"list_unreadable": 1}),
    ],
)
def test_canonical_lists_are_json(
    tmp_path: Path, cell: str, values: list[str] | None, nulled: dict[str, int]
) -> None:
    source = canonical(
        tmp_path, "csv", as_of={"rule": "constant", "at": "2022-01-01T00:00:00Z"}
    )
    write_csv(
        tmp_path / "p.csv", [{"account_id": "1", "kind": "reply", "mentions": cell}]
    )

    tables = read(source, tmp_path)

    assert tables.posts is not None
    assert tables.posts["mentions"].to_list() == [values]
    assert rules(tables, "nulled", "posts") == nulled


def canonical_posts(number: int) -> list[dict[str, str]]:
    """Posts alike in id, or in time and text, that differ elsewhere; in any order."""
    shared = {"account_id": "7", "kind": "original", "posted_at": MOMENT}
    unlike = [{"client": c, "target_account_id": t} for c in "ba" for t in ("", "z")]
    rows = [
        *({"post_id": "1", **shared, "text": "a", **other} for other in unlike),
        *({"post_id": "2", **shared, "posted_at": at} for at in (LATER, MOMENT, "")),
        *({"post_id": "", **shared, "text": "b", **other} for other in unlike),
        *({"post_id": "", **shared, "text": t, "posted_at": ""} for t in ("c", "c")),
        {"post_id": "1", **shared, "account_id": "8", "text": "a"},
    ]
    columns = sorted({name for row in rows for name in row})
    filled = [{name: row.get(name, "") for name in columns} for row in rows]
    return filled[number:] + filled[:number]


@pytest.mark.parametrize("number", [0, 3, 8])
def test_ingest_keeps_the_posts_that_features_would(
    tmp_path: Path, number: int
) -> None:
    rows = canonical_posts(number)
    accounts = [{"account_id": name, "label": "0"} for name in "78"]

    def ingested(name: str, rows: list[dict[str, str]]) -> pl.DataFrame:
        files = {
            "accounts": [write_csv(tmp_path / "a.csv", accounts)],
            "posts": [write_csv(tmp_path / name, rows)],
        }
        tables = read(
            make_source("canonical", files, positives=None, controls=CONTROLS), tmp_path
        )
        assert tables.posts is not None
        return schema.conform(tables.posts.select(list(schema.POSTS)), "posts")

    # One by one ingest has nothing to compare: what it read is what features are given.
    given = pl.concat([ingested(f"{i}.csv", [row]) for i, row in enumerate(rows)])
    kept = ingested("all.csv", rows)

    found = equalise.distinct(given)
    assert found.height == 6 < given.height
    assert_frame_equal(found, kept, check_row_order=False)
