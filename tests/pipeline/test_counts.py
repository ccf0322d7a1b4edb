import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from features.errors import InputError
from pipeline import counts
from pipeline.canonical_posts import bucket_name
from pipeline.ingest import ingest
from tests.pipeline.sources.archives import make_source, write_csv


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["counts", "--world", "w"])
    folder = tmp_path / "data" / "w"
    row = {"account_id": "1", "followers": "0.0"}
    write_csv(folder / "raw" / "a.csv", [row, row, row | {"account_id": ""}])
    write_csv(
        folder / "raw" / "p.csv",
        [{"account_id": "1", "kind": "reply"}, {"account_id": "9", "kind": "reply"}],
    )
    source = make_source("canonical", {"accounts": ["a.csv"], "posts": ["p.csv"]})
    ingest([source], folder / "raw", folder / "canonical", folder / "ingest.json")
    return folder


def change_report(base: Path, file: str, **values: Any) -> None:
    report = json.loads((base / "ingest.json").read_text())
    for entry in report["files"]:
        if entry["file"] == file:
            entry |= values
    (base / "ingest.json").write_text(json.dumps(report))


def test_table_lists_files_with_their_rules(
    base: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    counts.main()

    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines] == [
        ["source", "table", "file", "read", "kept", "rejected", "repaired", "nulled"],
        ["src", "accounts", "a.csv", "3", "1", "2", "1", "0"],
        ["rejected:", "duplicate_identical", "1,", "no_id", "1"],
        ["repaired:", "count_float", "1"],
        ["src", "posts", "p.csv", "2", "1", "1", "0", "0"],
        ["rejected:", "no_account", "1"],
    ]


@pytest.mark.parametrize("file", ["a.csv", "p.csv"])
def test_a_row_that_is_neither_kept_nor_rejected_fails(
    base: Path, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    change_report(base, file, read=99)

    with pytest.raises(SystemExit) as ended:
        counts.main()

    assert ended.value.code == 1
    assert f"error: {file}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("table", "file"),
    [("accounts", "a.csv"), ("posts", "p.csv"), ("rejected", "p.csv")],
)
def test_rows_lost_from_a_written_table_fail(
    base: Path, table: str, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    posts = f"posts/{bucket_name(0, 1)}"
    name = posts if table == "posts" else f"{table}.parquet"
    path = base / "canonical" / name
    frame = pl.read_parquet(path)
    frame.clear().write_parquet(path)

    with pytest.raises(SystemExit) as ended:
        counts.main()

    assert ended.value.code == 1
    assert file in capsys.readouterr().err


def test_missing_report_names_the_remedy(base: Path) -> None:
    (base / "ingest.json").unlink()

    with pytest.raises(InputError, match="run the stage"):
        counts.main()
