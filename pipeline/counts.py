"""Print what became of every row of a world's archives; exit 1 if one is unaccounted."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.canonical_posts import FOLDER, posts_at
from pipeline.errors import SourceError
from pipeline.files import read_json
from pipeline.stage import run_stage, stage_parser

_COLUMNS = ("source", "table", "file", "read", "kept", "rejected", "repaired", "nulled")
_TABLES = ("accounts", "posts")


def faults(report: dict[str, Any], canonical: Path) -> list[str]:
    """Sentences, one for each file or table whose rows do not add up.

    Args:
        report: the report of ingest.
        canonical: directory of the tables that ingest wrote.
    """
    files = report["files"]
    found = [
        f"{file['file']} ({file['table']}): {file['read']} rows read, but "
        f"{file['kept']} kept + {_sum(file['rejected'])} rejected"
        for file in files
        if file["read"] != file["kept"] + _sum(file["rejected"])
    ]
    for table in _TABLES:
        where = FOLDER if table == "posts" else f"{table}.parquet"
        heights = _heights(canonical / where)
        kept = _by_source(files, table, "kept")
        for source in sorted({*heights, *kept}):
            if heights.get(source, 0) != kept.get(source, 0):
                found.append(
                    f"{_names(files, table, source)}: {kept.get(source, 0)} rows kept, "
                    f"but {where} has {heights.get(source, 0)} of {source}"
                )
    return found + _rejected_faults(files, canonical / "rejected.parquet")


def table(files: Iterable[dict[str, Any]]) -> str:
    """Aligned table of the files, rules below each file."""
    lines: list[tuple[str, ...]] = [_COLUMNS]
    for file in files:
        sums = [f"{_sum(file[verb]):,}" for verb in ("rejected", "repaired", "nulled")]
        lines.append(
            (
                file["source"],
                file["table"],
                file["file"],
                f"{file['read']:,}",
                f"{file['kept']:,}",
                *sums,
            )
        )
    widths = [max(len(line[column]) for line in lines) for column in range(8)]
    rules = ["", *(_rules(file) for file in files)]
    return "\n".join(
        _aligned(line, widths) + below for line, below in zip(lines, rules, strict=True)
    )


def _aligned(line: tuple[str, ...], widths: list[int]) -> str:
    cells = [
        text.ljust(width) if column < 3 else text.rjust(width)
        for column, (text, width) in enumerate(zip(line, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def _rules(file: dict[str, Any]) -> str:
    lines = ""
    for verb in ("rejected", "repaired", "nulled"):
        if file[verb]:
            named = ", ".join(f"{rule} {count:,}" for rule, count in file[verb].items())
            lines += f"\n    {verb}: {named}"
    return lines


def _sum(rules: dict[str, int]) -> int:
    return sum(rules.values())


def _names(files: list[dict[str, Any]], table: str, source: str) -> str:
    names = [
        file["file"]
        for file in files
        if file["table"] == table and file["source"] == source
    ]
    return ", ".join(names) or source


def _by_source(files: list[dict[str, Any]], table: str, what: str) -> dict[str, int]:
    sums: dict[str, int] = {}
    for file in files:
        if file["table"] == table:
            sums[file["source"]] = sums.get(file["source"], 0) + file[what]
    return sums


def _heights(path: Path) -> dict[str, int]:
    if not path.exists():
        raise SourceError(f"{path}: no such file; run the ingest stage")
    source = pl.col("account_id").str.extract(r"^([^/]*)/").alias("source")
    rows = pl.scan_parquet(posts_at(path)).select(source)
    counted = rows.group_by("source").len().collect()
    return dict(counted.iter_rows())


def _rejected_faults(files: list[dict[str, Any]], path: Path) -> list[str]:
    counted = (
        pl.scan_parquet(path).group_by("source", "file").len().collect().iter_rows()
    )
    written = {(source, file): count for source, file, count in counted}
    expected: dict[tuple[str, str], int] = {}
    for file in files:
        key = (file["source"], file["file"])
        expected[key] = expected.get(key, 0) + _sum(file["rejected"])
    return [
        f"{file}: {expected.get((source, file), 0)} rows rejected, but "
        f"rejected.parquet has {written.get((source, file), 0)}"
        for source, file in sorted({*written, *expected})
        if expected.get((source, file), 0) != written.get((source, file), 0)
    ]


def main() -> None:
    """Run the command."""
    parser = stage_parser(__doc__)
    parser.add_argument("--report", type=Path, help="report of ingest")
    parser.add_argument("--canonical", type=Path, help="canonical tables")
    given = parser.parse_args()
    base = Path("data") / given.world
    report = read_json(given.report or base / "ingest.json")
    print(table(report["files"]))
    wrong = faults(report, given.canonical or base / "canonical")
    for sentence in wrong:
        print(f"error: {sentence}", file=sys.stderr)
    if wrong:
        sys.exit(1)


if __name__ == "__main__":
    run_stage(main)
