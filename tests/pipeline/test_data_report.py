"""The page tells what is in the tables, escapes all of it, and needs nothing else."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline.data_facts import groups, missing
from pipeline.data_looks import first_looks
from pipeline.data_report import write_report
from pipeline.drawings import spans, volumes
from pipeline.files import read_json, write_json
from pipeline.markup import Marked, number, page, section, table, text
from tests.pipeline.conftest import TinyWorld

EVIL = '<script>alert("x")</script>&\u202e'


class Reader(HTMLParser):
    """Tags, and every attribute that could fetch or run something."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.fetching: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "rect", "line", "circle", "polyline"):
            self.open.append(tag)
        for name, _ in attrs:
            if name in ("src", "href", "srcset", "data", "action") or name[:2] == "on":
                self.fetching.append(f"{tag} {name}")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def written(
    tiny_world: TinyWorld, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, list[str]]:
    out = tmp_path_factory.mktemp("page") / "data.html"
    folder = tiny_world.folder
    paths = (folder / "canonical", folder / "ingest.json", folder / "labelled", out)
    looks = write_report("demo", *paths)
    first = out.read_bytes()
    write_report("demo", *paths)
    assert out.read_bytes() == first
    return first.decode(), looks


def test_the_page_stands_alone_and_is_well_formed(
    written: tuple[str, list[str]],
) -> None:
    reader = read(written[0])

    assert reader.fetching == []
    assert not {"script", "img", "link", "iframe", "object"} & set(reader.tags)
    assert "url(" not in written[0]
    assert "@import" not in written[0]
    assert "Simulated accounts" in " ".join(reader.words)


def test_the_page_shows_the_counts_of_the_world(
    written: tuple[str, list[str]], tiny_world: TinyWorld
) -> None:
    html, looks = written
    shown = " ".join(read(html).words)

    for campaign in tiny_world.json("labelled/campaigns"):
        assert re.search(
            rf"{campaign['name']} takedown .*? {campaign['accounts']:,} ", shown
        ), campaign["name"]
    read_rows = {f["file"]: f["read"] for f in tiny_world.json("ingest")["files"]}
    for file, count in read_rows.items():
        assert re.search(rf"{re.escape(file)} \S+ \S+ {count:,} ", shown), file
    for sentence in looks:
        assert sentence in shown
    for rule in ("time_floored", "window cut", "history_capped"):
        assert rule in shown


def test_hostile_values_are_text(tiny_world: TinyWorld, tmp_path: Path) -> None:
    """A name of a source and of a rejected rule, as an archive could give them."""
    folder = tmp_path / "labelled"
    folder.mkdir()
    for name in ("labels", "masks"):
        frame = tiny_world.table(f"labelled/{name}")
        if name == "labels":
            evil = pl.lit(EVIL)
            frame = frame.with_columns(
                campaign=pl.when(pl.col("label") == 1).then(evil), block=evil
            )
        frame.write_parquet(folder / f"{name}.parquet")
    write_json(tiny_world.json("labelled/report"), folder / "report.json")
    reading = tiny_world.json("ingest")
    reading["files"][0] |= {"file": EVIL, "rejected": {EVIL: 1}}
    write_json(reading, tmp_path / "ingest.json")

    out = tmp_path / "data.html"
    canonical = tiny_world.folder / "canonical"
    write_report("other", canonical, tmp_path / "ingest.json", folder, out)

    html = out.read_text()
    reader = read(html)
    assert "script" not in reader.tags
    assert "&lt;script&gt;" in html
    assert "\u202e" not in html
    assert "Real accounts" in html


def test_what_is_not_escaped_would_be_found() -> None:
    assert "script" in read(f"<p>{EVIL}</p>").tags
    assert read(f"<p>{text(EVIL)}</p>").tags == ["p"]


def test_tables_show_numbers_and_gaps() -> None:
    html = table(["a", "b", "c"], [["x", 1_234, None], ["y", Marked(0.5), 0.25]])

    assert "1,234" in html
    assert "&ndash;" in html
    assert html.count("marked") == 1
    assert table(["a"], []) == "<p>None.</p>"
    assert number(None) == "&ndash;"
    assert read(page("t", "n", section("s", "i", html))).fetching == []


def group(**changed: Any) -> dict[str, Any]:
    day = datetime(2020, 1, 2, tzinfo=UTC)
    return {
        "label": 1,
        "name": "one",
        "block": "op",
        "first": day,
        "middle": day.replace(month=6),
        "last": day.replace(year=2021),
        **{f"q{place}": 10**place for place in range(5)},
    } | changed


def test_drawings_hold_what_they_are_given() -> None:
    rows = [group(), group(name="x" * 40, label=0), group(first=None, last=None)]

    drawn = [read(spans(rows)), read(volumes(rows))]

    assert [reader.tags.count("rect") for reader in drawn] == [4, 6]
    assert "2020" in drawn[0].words
    assert "10,000" in drawn[1].words
    assert read(spans([group(first=None)])).tags == ["p"]
    moment = group(first=group()["last"])
    assert read(spans([moment])).tags.count("rect") == 2


def test_groups_and_gaps_are_counted(tiny_world: TinyWorld) -> None:
    labels = tiny_world.table("labelled/labels")
    posts = tiny_world.table("canonical/posts")
    accounts = tiny_world.table("canonical/accounts")
    masks = tiny_world.table("labelled/masks")
    hidden = accounts.with_columns(
        bio=pl.when(pl.col("account_id").str.starts_with("ordinary_")).then("bio")
    )

    found = groups(labels, posts.lazy())
    gaps = missing(hidden, posts.lazy(), labels, masks)

    assert sum(g["accounts"] for g in found) == labels.height
    assert sum(g["posts_sum"] for g in found) == posts.height
    assert [g["label"] for g in found] == sorted(g["label"] for g in found)[::-1]
    bio = next(g for g in gaps if g["column"] == "bio")
    assert bio["takedown"] == 1.0
    assert 0 < bio["controls"] < 1
    assert bio["takedown_after"] >= bio["takedown"]


REPORT: dict[str, Any] = {
    "balance": {"after": [{"block": "op", "age": 0.05, "window": None}]},
    "masks": {"unlike_moments": []},
    "duplicates": {"across_blocks": 0},
    "accounts": {"left_out": 0},
}
READING: dict[str, Any] = {"text_accidents": {}, "files": []}
DIFFERS = {"file": "u.csv", "repaired": {"profile_differs": 4, "count_float": 9}}
GAP = {"column": "bio", "takedown": 0.1, "controls": 0.15}
BOTH = [group(), group(label=0)]


def accident(one: int, other: int) -> dict[str, Any]:
    return READING | {
        "text_accidents": {
            "r": {
                "1": {"posts": 100, "mojibake": one},
                "0": {"posts": 100, "mojibake": other},
            }
        }
    }


@pytest.mark.parametrize(
    ("found", "gaps", "report", "reading", "words"),
    [
        ([group()], [GAP], {}, READING, "One class only in op"),
        (BOTH, [GAP | {"controls": 0.9}], {}, READING, "more often in one class"),
        (
            BOTH,
            [GAP],
            {"balance": {"after": [{"block": "op", "age": -0.2}]}},
            READING,
            r"differ in age \(op\)",
        ),
        (BOTH, [GAP], {"masks": {"unlike_moments": ["op"]}}, READING, "another moment"),
        (BOTH, [GAP], {"duplicates": {"across_blocks": 2}}, READING, "2 groups of"),
        (BOTH, [GAP], {"accounts": {"left_out": 3}}, READING, "3 accounts were left"),
        (BOTH, [GAP], {}, accident(5, 0), "one class alone show `mojibake`"),
        (BOTH, [GAP], {}, READING | {"files": [DIFFERS]}, r"than u\.csv: 4 accounts"),
    ],
)
def test_what_stands_out_is_said_first(
    found: Any, gaps: Any, report: Any, reading: Any, words: str
) -> None:
    (sentence,) = first_looks(found, gaps, REPORT | report, reading)

    assert re.search(words, sentence)


def test_nothing_is_said_where_nothing_stands_out() -> None:
    alike = {"file": "u.csv", "repaired": {"count_float": 9}}
    reading = accident(5, 4) | {"files": [alike]}

    assert first_looks(BOTH, [GAP], REPORT, reading) == []


def test_the_report_of_label_is_read_as_it_is_written(tiny_world: TinyWorld) -> None:
    report = read_json(tiny_world.folder / "labelled" / "report.json")

    assert {"accounts", "balance", "conflicts", "duplicates", "masks"} < set(report)
