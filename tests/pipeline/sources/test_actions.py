"""Actions beside any format: every row kept or rejected with its rule."""

from pathlib import Path

import polars as pl
import pytest

from features import schema
from pipeline.errors import SourceError
from pipeline.ingest import ingest
from pipeline.sources.actions import read_actions
from tests.pipeline.sources.archives import make_source, write_csv

ROW = {
    "account_id": "1",
    "kind": "report",
    "target_account_id": "77",
    "at": "2020-05-01 10:00",
}
BROKEN = {
    "kind_unknown": {"kind": "praise"},
    "time_unreadable": {"at": "yesterday"},
    "no_id": {"target_account_id": ""},
    "no_account": {"account_id": "3"},
    "own_target": {"target_account_id": "1"},
    "duplicate_identical": {},
}


def write(raw: Path, rows: list[dict[str, str]]) -> None:
    raw.mkdir(exist_ok=True)
    write_csv(raw / "accounts.csv", [{"account_id": "1"}, {"account_id": "2"}])
    write_csv(raw / "actions.csv", rows)


FILES = {"accounts": ["accounts.csv"], "actions": ["actions.csv"]}


@pytest.mark.parametrize("rule", BROKEN)
def test_a_bad_row_is_rejected_by_name(rule: str, tmp_path: Path) -> None:
    write(tmp_path, [ROW, ROW | BROKEN[rule]])
    source = make_source("canonical", FILES)

    read = read_actions(source, tmp_path, pl.Series(["1", "2"]))

    assert read is not None
    assert read.rejected()["rule"].to_list() == [rule]
    (count,) = read.counts()
    assert (count.read, count.kept, count.table) == (2, 1, "actions")


def test_a_missing_time_rejects_the_row(tmp_path: Path) -> None:
    write(tmp_path, [ROW, ROW | {"at": ""}])

    read = read_actions(
        make_source("canonical", FILES), tmp_path, pl.Series(["1", "2"])
    )

    assert read is not None
    assert read.rejected()["rule"].to_list() == ["time_unreadable"]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    write(tmp_path, [{key: ROW[key] for key in ("account_id", "kind", "at")}])

    with pytest.raises(SourceError, match="target_account_id"):
        read_actions(make_source("canonical", FILES), tmp_path, pl.Series(["1"]))


def test_ingest_writes_them_under_prefixed_ids_and_counts_them(tmp_path: Path) -> None:
    write(tmp_path / "raw", [ROW, ROW | {"kind": "praise"}])
    source = make_source("canonical", FILES, name="a")

    ingest([source], tmp_path / "raw", tmp_path / "out", tmp_path / "report.json")

    actions = pl.read_parquet(tmp_path / "out" / "actions.parquet")
    assert actions.equals(schema.check(actions, "actions"))
    assert actions.select(pl.exclude("at")).row(0) == ("a/1", "report", "a/77")
    rejected = pl.read_parquet(tmp_path / "out" / "rejected.parquet")
    assert rejected["rule"].to_list() == ["kind_unknown"]
    report = (tmp_path / "report.json").read_text()
    assert '"file": "actions.csv"' in report


def test_a_source_without_them_has_none(tmp_path: Path) -> None:
    write(tmp_path, [ROW])
    source = make_source("canonical", {"accounts": ["accounts.csv"]})

    assert read_actions(source, tmp_path, pl.Series(["1"])) is None
