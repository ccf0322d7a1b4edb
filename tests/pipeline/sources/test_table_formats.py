"""The traps of the formats that are tables and texts, each with what becomes of it."""

import csv
import zipfile
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import SourceError
from pipeline.sources import headerless
from pipeline.sources.source import Tables
from tests.pipeline.sources import as_tables
from tests.pipeline.sources.archives import (
    CONTROLS,
    make_source,
    read,
    rules,
    write_csv,
)
from tests.pipeline.sources.as_tables import api_user, cresci_post, write
from tests.pipeline.sources.people import POSTED, Person, Post, golden
from tests.pipeline.sources.published import COLUMN

ANN, BO = Person("11", "ann", label=0), Person("22", "bo", label=1)

# cresci-2017, and cresci-2015 in folders


def read_cresci(
    tmp_path: Path, users: list[dict[str, Any]], posts: list[dict[str, Any]]
) -> Tables:
    write(tmp_path / "genuine_accounts.csv" / "users.csv", [api_user(ANN)])
    write(tmp_path / "social_spambots_1.csv" / "users.csv", users)
    write(tmp_path / "social_spambots_1.csv" / "tweets.csv", posts)
    files = {"users": ["*/users.csv"], "posts": ["*/tweets.csv"]}
    return read(make_source("cresci2017", files, controls=CONTROLS), tmp_path)


def spam(**overrides: Any) -> dict[str, Any]:
    return cresci_post(Post("5", BO), "social_spambots_1") | overrides


def test_cresci2017_label_and_group_are_those_of_the_folder(tmp_path: Path) -> None:
    tables = read_cresci(tmp_path, [api_user(BO)], [spam()])

    rows = tables.accounts.select("account_id", "label", "group").sort("account_id")
    assert rows.rows() == [
        ("11", 0, "genuine_accounts"),
        ("22", 1, "social_spambots_1"),
    ]


@pytest.mark.parametrize(
    ("created", "when", "happened"),
    [
        ("1520139967000", POSTED, {"epoch_milliseconds": 1}),
        ("1520139967000L", POSTED, {"epoch_milliseconds": 1}),
        ("Sun Mar 04 05:06:07 +0000 2018", POSTED, {}),
        ("1520139967", None, {"time_unreadable": 1}),
        ("2018-03-04 05:06:07", None, {"time_unreadable": 1}),
        ("NULL", None, {}),
    ],
)
def test_cresci2017_times(
    created: str, when: datetime | None, happened: dict[str, int], tmp_path: Path
) -> None:
    tables = read_cresci(tmp_path, [api_user(BO)], [spam(created_at=created)])

    assert tables.posts is not None
    counted: dict[str, int] = {}
    for verb in ("rejected", "repaired", "nulled"):
        counted |= rules(tables, verb, "posts")
    # Of the client, and of pointers to nothing.
    counted.pop("client_anchor", None)
    counted.pop("word_for_nothing", None)
    assert [time for time in tables.posts["posted_at"] if time] == [when] * bool(when)
    assert counted == happened


def test_cresci2017_zero_and_null_are_nothing(tmp_path: Path) -> None:
    user = api_user(BO) | {"lang": "NULL", "name": "NULL", "url": "NA"}
    lost = [spam(id="6", user_id=owner) for owner in ("", "NA")]

    tables = read_cresci(tmp_path, [user], [spam(id="0"), *lost])

    assert tables.posts is not None
    (post,) = tables.posts.to_dicts()
    assert (post["post_id"], post["kind"]) == (None, "original")
    account = tables.accounts.filter(account_id="22").to_dicts()[0]
    assert (account["name"], account["url"]) == ("NULL", None)
    assert account["declared_language"] is None
    assert rules(tables, "rejected", "posts") == {"no_account": 2}


def test_cresci2017_second_time_of_a_post_is_only_compared(tmp_path: Path) -> None:
    stamps = [spam(), spam(id="6", timestamp="2018-03-04 06:06:07")]

    tables = read_cresci(tmp_path, [api_user(BO)], stamps)

    assert tables.posts is not None
    assert set(tables.posts["posted_at"]) == {POSTED}
    assert rules(tables, "repaired", "posts")["timestamp_differs"] == 1


def test_a_file_in_no_known_group_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "strangers" / "users.csv", [api_user(BO)])
    source = make_source("cresci2017", {"users": ["*/users.csv"]}, controls=CONTROLS)

    with pytest.raises(
        SourceError, match=r"strangers/users\.csv lies in the folder of no"
    ):
        read(source, tmp_path)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("../users.csv", b"id\n1\n", "leaves the target folder"),
        ("E13/readme.md", b"x", "holds no .csv file"),
        ("a.zip", b"not a zip", "damaged archive"),
    ],
)
def test_a_zip_of_something_else_is_refused(
    name: str, data: bytes, message: str, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "r.zip", "w") as packed:
        packed.writestr(name, data)
    source = make_source("cresci2017", {"archive": ["r.zip"]}, controls=CONTROLS)

    with pytest.raises(SourceError, match=message):
        read(source, tmp_path)


def test_zips_in_zips_have_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = b"id\n" + b"1" * 5000
    for depth in range(4):
        packed = BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("users.csv" if depth == 0 else "inner.zip", data)
        data = packed.getvalue()
        (tmp_path / f"{depth}.zip").write_bytes(data)
    deep, bomb = (
        make_source("cresci2017", {"archive": [name]}, controls=CONTROLS)
        for name in ("3.zip", "1.zip")
    )

    with pytest.raises(SourceError, match="zips within zips"):
        read(deep, tmp_path)
    monkeypatch.setattr("pipeline.sources.archive.MAX_EXPANDED_BYTES", 1000)
    with pytest.raises(SourceError, match="expands beyond"):
        read(bomb, tmp_path)


def test_cresci2015_folders_are_groups_as_well(tmp_path: Path) -> None:
    write(tmp_path / "TFP.csv" / "users.csv", [api_user(ANN) | {"dataset": "TFP"}])
    write(tmp_path / "FSF.csv" / "users.csv", [api_user(BO) | {"dataset": "FSF"}])
    own = {"created_at": "Sun Mar 04 05:06:07 +0000 2018", "id": "5", "text": "hi"}
    write(tmp_path / "FSF.csv" / "tweets.csv", [own | {"user_id": "22"}])
    files = {"users": ["*/users.csv"], "posts": ["*/tweets.csv"]}

    tables = read(make_source("cresci2015", files, controls=CONTROLS), tmp_path)

    rows = tables.accounts.select("account_id", "label", "group").sort("account_id")
    assert rows.rows() == [("11", 0, "tfp"), ("22", 1, "fsf")]
    assert tables.posts is not None
    assert tables.posts["posted_at"].to_list() == [POSTED]


# FiveThirtyEight


def read_ira(tmp_path: Path, *rows: dict[str, Any], **source: Any) -> Tables:
    as_tables.fivethirtyeight(tmp_path, [ANN], [Post("5", ANN)])
    first = tmp_path / "IRAhandle_tweets_1.csv"
    (header, line) = first.read_text().splitlines()
    sound = dict(zip(header.split(","), line.split(","), strict=True))
    plain = {key.strip('"'): value.strip('"') for key, value in sound.items()}
    write(first, [plain | row for row in rows] or [plain])
    declared = {"zone": "UTC", "date_order": "month_first"} | source
    files = {"posts": ["IRAhandle_tweets_*.csv"]}
    return read(make_source("fivethirtyeight", files, **declared), tmp_path)


def test_fivethirtyeight_ids_are_the_exact_ones_or_the_handle(tmp_path: Path) -> None:
    tables = read_ira(
        tmp_path,
        {"author": "A", "alt_external_id": "906000000000000001", "tweet_id": "1"},
        {"author": "A", "alt_external_id": "", "tweet_id": "2"},
        {"author": "B", "alt_external_id": "9.06E+17", "tweet_id": "3"},
    )

    assert tables.posts is not None
    owners = tables.posts.sort("post_id")["account_id"].to_list()
    assert owners == ["906000000000000001"] * 2 + ["B"]
    assert tables.accounts.height == 2
    assert tables.accounts["group"].unique().to_list() == ["righttroll"]


@pytest.mark.parametrize(
    ("source", "message"),
    [({"zone": None}, "declare `zone: UTC`"), ({"date_order": None}, "date_order")],
)
def test_fivethirtyeight_needs_order_and_zone(
    source: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(SourceError, match=message):
        read_ira(tmp_path, **source)


def test_fivethirtyeight_parts_are_counted_each(tmp_path: Path) -> None:
    tables = read_ira(
        tmp_path, {"tweet_id": "1"}, {"tweet_id": "2", "publish_date": "x"}
    )

    counts = {one.file: one for one in tables.counts if one.table == "posts"}
    assert counts["IRAhandle_tweets_1.csv"].read == 2
    assert counts["IRAhandle_tweets_1.csv"].rejected == {"time_unreadable": 1}
    assert counts["IRAhandle_tweets_2.csv"].read == 0


def test_fivethirtyeight_part_of_which_every_row_is_rejected(tmp_path: Path) -> None:
    as_tables.fivethirtyeight(tmp_path, *golden())
    first = tmp_path / "IRAhandle_tweets_1.csv"
    with first.open(encoding="utf-8", newline="") as handle:
        rows = [row | {"author": ""} for row in csv.DictReader(handle)]
    write_csv(first, rows)
    files = {"posts": ["IRAhandle_tweets_*.csv"]}
    declared = {"zone": "UTC", "date_order": "month_first"}

    tables = read(make_source("fivethirtyeight", files, **declared), tmp_path)

    assert tables.posts is not None
    assert tables.posts["file"].unique().to_list() == ["IRAhandle_tweets_2.csv"]
    assert rules(tables, "rejected", "posts") == {"no_id": len(rows)}


# PAN 2019 as published


def read_pan(tmp_path: Path, truth: str, **files: str) -> Tables:
    for name, text in files.items():
        (tmp_path / f"{name}.xml").write_bytes(text.encode("utf-8", "surrogateescape"))
    (tmp_path / "truth.txt").write_text(truth)
    named = {"authors": ["*.xml"], "truth": ["truth.txt"]}
    return read(make_source("pan2019", named, controls=CONTROLS), tmp_path)


def author(*texts: str) -> str:
    inner = "".join(f"<document><![CDATA[{text}]]></document>" for text in texts)
    return f'<author lang="en"><documents>{inner}</documents></author>'


TRUTH = "a:::bot:::bot\nb:::human:::male\n"


def test_pan_authors_and_their_classes(tmp_path: Path) -> None:
    tables = read_pan(tmp_path, TRUTH, a=author("x", "x"), b=author("@y <&> z"))

    assert tables.accounts.select("account_id", "label", "group").rows() == [
        ("a", 1, "bot"),
        ("b", 0, "human"),
    ]
    assert tables.posts is not None
    assert tables.posts["text"].to_list() == ["x", "x", "@y <&> z"]


def test_pan_author_and_class_without_each_other_are_rejected(tmp_path: Path) -> None:
    truth = "a:::bot:::bot\nc:::human:::male\na bot\n"

    tables = read_pan(tmp_path, truth, a=author("x"), b=author("y"))

    assert rules(tables, "rejected", "accounts") == {"unlabelled": 1}
    assert rules(tables, "rejected", "posts") == {"no_account": 1}
    assert rules(tables, "rejected", "labels") == {"field_count": 1, "no_profile": 1}


@pytest.mark.parametrize(
    "text",
    [
        "<author><documents><document>open",
        '<!DOCTYPE a [<!ENTITY b "c">]><author><document>&b;</document></author>',
        "<author>&unknown;</author>",
        "",
    ],
)
def test_pan_file_that_is_no_author_is_one_rejected_row(
    text: str, tmp_path: Path
) -> None:
    if not text:
        text = " "

    tables = read_pan(tmp_path, TRUTH, a=author("x"), b=text)

    assert rules(tables, "rejected", "posts") == {"broken_xml": 1}
    assert rules(tables, "rejected", "labels") == {"no_profile": 1}


def test_pan_texts_are_repaired_and_pages_refused(tmp_path: Path) -> None:
    tables = read_pan(tmp_path, TRUTH, a=author("x\udcff", "y\0"), b=author("z"))

    assert tables.posts is not None
    assert tables.posts["text"].to_list() == ["x\ufffd", "y", "z"]
    counted = rules(tables, "repaired", "posts")
    assert counted == {"invalid_utf8": 2, "nul_removed": 2}
    with pytest.raises(SourceError, match="web page"):
        read_pan(tmp_path, TRUTH, a="<!DOCTYPE html><html></html>")


@pytest.mark.parametrize("file", ["a.xml", "truth.txt"])
def test_pan_in_utf_16_is_refused_and_not_repaired_letter_by_letter(
    file: str, tmp_path: Path
) -> None:
    read_pan(tmp_path, TRUTH, a=author("x"), b=author("y"))
    path = tmp_path / file
    path.write_bytes(path.read_text().encode("utf-16-le"))
    named = {"authors": ["*.xml"], "truth": ["truth.txt"]}
    source = make_source("pan2019", named, controls=CONTROLS)

    with pytest.raises(SourceError, match=f"{file}: text in UTF-16"):
        read(source, tmp_path)


# caverlee-2011 as published


def test_long_texts_are_read_in_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.sources.headerless._CHUNK_ROWS", 2)
    monkeypatch.setattr("pipeline.sources.headerless._CHUNK", 5)
    (tmp_path / "l.txt").write_text("".join(f"{n}\tw{n}\n" for n in range(5)))
    source = make_source("canonical", {"labels": ["l.txt"]})

    frame = headerless.load(
        source, tmp_path, "labels", "labels", ["id", "w"], "\t"
    ).frame

    assert frame["id"].to_list() == list("01234")
    assert frame["row"].to_list() == [1, 2, 3, 4, 5]


def test_a_line_beyond_the_limit_is_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.sources.headerless._MAX_LINE", 50)
    monkeypatch.setattr("pipeline.sources.headerless._CHUNK", 20)
    (tmp_path / "l.txt").write_text(f"1\tw\n2\t{'w' * 999}\n3\tw\n")
    source = make_source("canonical", {"labels": ["l.txt"]})

    reading = headerless.load(source, tmp_path, "labels", "labels", ["id", "w"], "\t")

    (count,) = reading.counts()
    assert reading.frame["id"].to_list() == ["1", "3"]
    assert (count.read, count.rejected) == (3, {"field_count": 1})


def test_caverlee_text_without_header_goes_by_the_fixed_order(tmp_path: Path) -> None:
    user = "2008-01-01 00:00:00\t2009-12-30 12:00:00\t7\t3\t9\t4\t0"
    (tmp_path / "content_polluters.txt").write_text(f"1\t{user}\n2\tshort\n")
    (tmp_path / "legitimate_users.txt").write_text(f"3\t{user}\r\n")
    posts = (
        "1\t501\thi there\t2009-12-28 11:24:44\n1\t502\ta\ttab\t2009-12-28 11:25:44\n"
    )
    (tmp_path / "content_polluters_tweets.txt").write_text(posts)
    files = {
        "polluters": ["content_polluters.txt"],
        "legitimate": ["legitimate_users.txt"],
        "posts": ["*_tweets.txt"],
    }
    source = make_source(
        "caverlee2011", files, controls=CONTROLS, zone="UTC", as_of=COLUMN
    )

    tables = read(source, tmp_path)

    wanted = ["account_id", "following", "followers", "posts_total", "label"]
    assert tables.accounts.select(wanted).rows() == [
        ("1", 7, 3, 9, 1),
        ("3", 7, 3, 9, 0),
    ]
    assert rules(tables, "rejected", "accounts") == {"field_count": 1}
    assert rules(tables, "rejected", "posts") == {"field_count": 1}
    assert tables.posts is not None
    assert tables.posts.select("post_id", "text", "posted_at").rows() == [
        ("501", "hi there", datetime(2009, 12, 28, 11, 24, 44, tzinfo=UTC))
    ]
    with pytest.raises(SourceError, match="declare `zone: UTC`"):
        read(source.model_copy(update={"zone": None}), tmp_path)
