import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from features import schema
from pipeline import ingest as stage
from pipeline.canonical_posts import bucket_name
from pipeline.errors import ParamsError, SourceError
from pipeline.ingest import ingest
from pipeline.source_report import ACCIDENTS
from pipeline.sources.source import Source
from tests.pipeline.conftest import read_posts
from tests.pipeline.sources.archives import (
    CONTROLS,
    POSITIVES,
    make_source,
    write_csv,
)

HASH = "kq3V6dXppwrPrVwjEEtT74Ny7k0VikIGbe6HdWs="


def make_world(raw: Path) -> list[Source]:
    write_csv(
        raw / "b_accounts.csv",
        [
            {"account_id": "2", "handle": "h", "label": "1"},
            {"account_id": HASH, "handle": HASH, "label": "1"},
        ],
    )
    posts = [
        {
            "account_id": "2",
            "post_id": identifier,
            "posted_at": f"2020-05-01T10:00:0{identifier}Z",
            "kind": "reply",
            "target_account_id": "@x",
            "text": "caf\ufffd &amp; co",
        }
        for identifier in ("1", "0", "1")
    ]
    write_csv(raw / "b_posts.csv", posts)
    write_csv(raw / "a_accounts.csv", [{"account_id": "2"}])
    return [
        make_source(
            "canonical",
            {"accounts": ["b_accounts.csv"], "posts": ["b_posts.csv"]},
            name="b",
            history_complete=True,
        ),
        make_source("canonical", {"accounts": ["a_accounts.csv"]}, name="a"),
    ]


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    folder.mkdir()
    return folder


def run(sources: list[Source], raw: Path) -> tuple[Path, dict[str, Any]]:
    out, report = raw.parent / "canonical", raw.parent / "ingest.json"
    ingest(sources, raw, out, report)
    return out, json.loads(report.read_text())


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*.parquet")
    }


def test_tables_are_canonical_and_ids_carry_their_source(raw: Path) -> None:
    out, _ = run(make_world(raw), raw)

    accounts, rejected = (
        schema.check(pl.read_parquet(out / f"{table}.parquet"), table)
        for table in ("accounts", "rejected")
    )
    posts = schema.check(read_posts(out), "posts")
    assert accounts["account_id"].to_list() == ["a/2", "b/2", f"b/{HASH}"]
    assert accounts["history_complete"].to_list() == [False, True, True]
    assert posts["account_id"].to_list() == ["b/2", "b/2"]
    assert posts["target_account_id"].to_list() == ["b/@x", "b/@x"]
    assert posts["post_id"].to_list() == ["0", "1"]
    assert rejected.select("source", "file", "row", "rule").rows() == [
        ("b", "b_posts.csv", 4, "duplicate_identical")
    ]
    assert sorted(path.name for path in out.iterdir()) == [
        "accounts.parquet",
        "actions.parquet",
        "labels.parquet",
        "posts",
        "rejected.parquet",
    ]


def test_labels_say_what_the_reader_said(raw: Path) -> None:
    out, _ = run(make_world(raw), raw)

    labels = pl.read_parquet(out / "labels.parquet")
    assert labels.rows() == [
        ("a/2", "a", 1, None),
        ("b/2", "b", 1, None),
        (f"b/{HASH}", "b", 1, None),
    ]


def test_report_accounts_for_files_sources_and_texts(raw: Path) -> None:
    _, report = run(make_world(raw), raw)

    assert report["totals"] == {
        "read": 6,
        "kept": 5,
        "rejected": {"duplicate_identical": 1},
        "repaired": {},
        "nulled": {},
    }
    assert report["sources"]["b"] == {
        "accounts": 2,
        "accounts_by_label": {"1": 2},
        "posts": 2,
        "first_post": "2020-05-01T10:00:00.000+00:00",
        "last_post": "2020-05-01T10:00:01.000+00:00",
        "hashed_share": 0.5,
        "nonzero_seconds_share": 0.5,
    }
    accidents = report["text_accidents"]["b"]["1"]
    assert (accidents["replacement_character"], accidents["entity_escaped"]) == (2, 2)
    assert accidents["mojibake"] == 0
    assert report["overlaps"] == [
        {"sources": ["a", "b"], "accounts": 1, "label_conflicts": 0}
    ]


def test_every_trace_of_a_text_is_counted_by_itself(raw: Path) -> None:
    texts = {
        "mojibake": "caf\u00c3\u00a9",
        "replacement_character": "a \ufffd b",
        "entity_escaped": "a &amp; b",
        "entity_other": "it&#39;s",
        "spreadsheet_apostrophe": "'=a",
        "cut_with_ellipsis": "to be \u2026",
        "cut_link": "see http:/",
        "doubled_quotes": 'a ""b"" c',
        "line_break": "a\nb",
        "emoji": "a \U0001f600",
    }
    write_csv(raw / "a.csv", [{"account_id": name} for name in [*texts, "plain"]])
    posts = [
        {"account_id": name, "kind": "original", "text": text}
        for name, text in [*texts.items(), ("plain", "words, and more: it's #so")]
    ]
    write_csv(raw / "p.csv", posts)
    files = {"accounts": ["a.csv"], "posts": ["p.csv"]}

    _, report = run([make_source("canonical", files)], raw)

    assert set(texts) == set(ACCIDENTS)
    (found,) = report["text_accidents"]["src"].values()
    assert found == {"posts": len(texts) + 1} | dict.fromkeys(texts, 1)


def test_order_of_sources_rows_and_columns_changes_no_byte(raw: Path) -> None:
    sources = make_world(raw)
    first, _ = run(sources, raw)
    before = contents(first)
    header, *lines = (raw / "b_posts.csv").read_text().splitlines(keepends=True)
    (raw / "b_posts.csv").write_text(header + "".join(reversed(lines)))

    second, _ = run(sources[::-1], raw)

    after = contents(second)
    # `rejected` names rows by the line that they stand on.
    for name in ("accounts.parquet", f"posts/{bucket_name(0, 1)}", "labels.parquet"):
        assert after[name] == before[name]


def test_a_faulty_source_leaves_the_last_tables_alone(raw: Path) -> None:
    sources = make_world(raw)
    out, _ = run(sources, raw)
    before = contents(out)
    (raw / "b_posts.csv").unlink()

    with pytest.raises(SourceError, match=r"no file b_posts\.csv"):
        run(sources, raw)

    assert contents(out) == before
    assert not list(raw.parent.glob(".canonical*"))


def test_a_source_of_which_nothing_is_left_is_refused(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", [{"account_id": ""}, {"account_id": ""}])
    write_csv(tmp_path / "b.csv", [{"account_id": "1"}])
    sources = [
        make_source("canonical", {"accounts": [f"{name}.csv"]}, name=name)
        for name in ("a", "b")
    ]
    out, report = tmp_path / "out", tmp_path / "report.json"
    ingest(sources[1:], tmp_path, out, report)
    before = (out / "accounts.parquet").read_bytes()

    message = r"source a: none of its accounts is kept; 2 rows .* most as no_id"
    with pytest.raises(SourceError, match=message):
        ingest(sources, tmp_path, out, report)

    assert (out / "accounts.parquet").read_bytes() == before


def classed(tmp_path: Path, *labels: str, **overrides: Any) -> Source:
    """A source of both classes, of which the accounts have these labels."""
    rows = [{"account_id": str(n), "label": word} for n, word in enumerate(labels)]
    files = {"accounts": [write_csv(tmp_path / "a.csv", rows)]}
    return make_source("canonical", files, **{"controls": CONTROLS} | overrides)


@pytest.mark.parametrize(
    ("labels", "gone"), [(("1", "1", "O"), "controls"), (("O", "O", "0"), "positives")]
)
def test_a_source_of_which_one_class_is_gone_is_refused(
    labels: tuple[str, ...], gone: str, tmp_path: Path
) -> None:
    source = classed(tmp_path, *labels)
    out, report = tmp_path / "out", tmp_path / "report.json"

    message = (
        f"source src: {gone} are declared, but .* most as label_unknown; .* {gone}"
    )
    with pytest.raises(SourceError, match=message):
        ingest([source], tmp_path, out, report)

    assert not out.exists()
    assert not report.exists()


@pytest.mark.parametrize(
    "overrides",
    [
        # Verdicts make the other class of them.
        {
            "positives": POSITIVES | {"kind": "reviewer"},
            "controls": CONTROLS | {"kind": "reviewer"},
        },
        {"controls": None},
    ],
)
def test_one_class_is_enough_where_only_one_can_be_there(
    overrides: dict[str, Any], tmp_path: Path
) -> None:
    source = classed(tmp_path, "1", "1", **overrides)

    ingest([source], tmp_path, tmp_path / "out", tmp_path / "report.json")

    assert pl.read_parquet(tmp_path / "out" / "labels.parquet").height == 2


def test_names_of_sources_are_unique(raw: Path) -> None:
    sources = make_world(raw)

    with pytest.raises(ParamsError, match="b stand there twice"):
        run([*sources, sources[0]], raw)


def test_unknown_format_names_the_known_ones(raw: Path) -> None:
    with pytest.raises(SourceError, match=r"no format scrolls; use bluesky, .*"):
        run([make_source("scrolls", {})], raw)


def test_rejected_rows_hold_at_most_300_characters(raw: Path) -> None:
    write_csv(raw / "a_accounts.csv", [{"account_id": "", "bio": "x" * 999}])
    write_csv(raw / "more.csv", [{"account_id": "1", "bio": "x"}])
    files = {"accounts": ["a_accounts.csv", "more.csv"]}

    out, _ = run([make_source("canonical", files)], raw)

    rejected = pl.read_parquet(out / "rejected.parquet")
    assert rejected["rule"].to_list() == ["no_id"]
    assert rejected["raw"].str.len_chars().to_list() == [300]


def test_command_reads_its_section_and_says_what_it_read(
    tmp_path: Path,
    raw: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sources = make_world(raw)
    declared = [source.model_dump(mode="json") for source in sources]
    section = {"rows_per_part": 1000, "mebibytes_per_part": 1, "rows_per_bucket": 1000}
    (tmp_path / "params.yaml").write_text(
        json.dumps({"ingest": section, "sources": {"w": declared}})
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "sys.argv",
        [
            "ingest",
            "--world",
            "w",
            "--raw",
            "raw",
            "--out",
            "canonical",
            "--report",
            "r.json",
        ],
    )

    stage.main()

    assert read_posts(tmp_path / "canonical").height == 2
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in said] == [["a", "1"], ["b", "2"]]


@pytest.mark.public_data
@pytest.mark.slow
def test_figures_of_the_public_archives(public_data: Path, tmp_path: Path) -> None:
    source = make_source(
        "caverlee2011",
        {
            "polluters": ["caverlee2011/content_polluters.csv"],
            "legitimate": ["caverlee2011/legitimate_users.csv"],
            "posts": ["caverlee2011/posts.parquet"],
        },
        controls={
            "name": "people",
            "kind": "honeypot",
            "strength": 1.0,
            "blocks": {"op": 1.0},
            "slice": None,
        },
        zone="UTC",
        as_of={"rule": "column", "at": None},
    )

    ingest([source], public_data, tmp_path / "canonical", tmp_path / "ingest.json")

    report = json.loads((tmp_path / "ingest.json").read_text())
    assert report["totals"]["rejected"]["label_conflict"] == 2 * 44
    assert report["sources"]["src"]["accounts"] == 22_223 + 19_276 - 2 * 44
