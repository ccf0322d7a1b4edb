"""Read the archives of a world into canonical tables; bad rows are named and kept apart.

Sources are read one by one and their posts put on disk at once, so that no more than
one source is held together with what it was read from.
"""

import time
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import polars as pl

from features import schema
from pipeline import source_report
from pipeline.errors import ParamsError, SourceError
from pipeline.files import atomic_directory, write_json, write_parquet
from pipeline.section import load_section
from pipeline.sources import READERS
from pipeline.sources.source import Source, Tables
from pipeline.stage import run_stage, say, stage_parser, world_lock

LABELS = {
    "account_id": pl.String(),
    "source": pl.String(),
    "label": pl.Int8(),
    "group": pl.String(),
}
POST_ORDER = [
    "account_id",
    "posted_at",
    "post_id",
    "text",
    "kind",
    "language",
    "client",
]


def ingest(sources: Sequence[Source], raw: Path, out: Path, report: Path) -> None:
    """Write accounts, posts, labels and rejected rows of all sources, and the report.

    Args:
        sources: archives of one world.
        raw: directory that their file names are relative to.
        out: directory of the canonical tables; replaced as a whole.
        report: JSON file: what became of every file.

    Raises:
        SourceError: an archive cannot be read; nothing is written then.
    """
    names = [source.name for source in sources]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ParamsError(f"sources: {', '.join(twice)} stand there twice; rename one")
    files: list[dict[str, Any]] = []
    described: dict[str, Any] = {}
    accidents: dict[str, Any] = {}
    ids: dict[str, pl.DataFrame] = {}
    accounts, labels, rejected = [], [], []
    with atomic_directory(out) as working:
        parts = []
        # `/` sorts before every character of a name: parts in order of name are
        # together in order of account_id.
        for source in sorted(sources, key=lambda one: one.name):
            started = time.monotonic()
            tables = _read(source, raw)
            files += source_report.as_rows(tables.counts)
            described[source.name] = source_report.describe(tables)
            accidents[source.name] = source_report.text_accidents(tables)
            ids[source.name] = tables.accounts.select("account_id", "label")
            accounts.append(prefixed(tables.accounts, source, "accounts"))
            labels.append(_labels(tables.accounts, source))
            rejected.append(tables.rejected)
            if tables.posts is not None:
                parts.append(working / f"posts.{source.name}.parquet")
                posts = prefixed(tables.posts, source, "posts")
                write_parquet(posts, parts[-1], POST_ORDER)
                del posts
            _say(source, tables, time.monotonic() - started)
            del tables
        write_parquet(pl.concat(accounts), working / "accounts.parquet", ["account_id"])
        write_parquet(pl.concat(labels), working / "labels.parquet", ["account_id"])
        write_parquet(
            pl.concat(rejected),
            working / "rejected.parquet",
            ["source", "file", "row", "rule", "detail", "raw"],
        )
        _merge(parts, working / "posts.parquet")
    write_json(
        {
            "files": files,
            "totals": source_report.totals(files),
            "sources": described,
            "text_accidents": accidents,
            "overlaps": _overlaps(ids),
        },
        report,
    )


def _read(source: Source, raw: Path) -> Tables:
    if source.format not in READERS:
        raise SourceError(
            f"source {source.name}: no format {source.format}; "
            f"use {', '.join(sorted(READERS))}"
        )
    return READERS[source.format](source, raw)


def prefixed(frame: pl.DataFrame, source: Source, table: str) -> pl.DataFrame:
    """Canonical table, the source's name before the ids of its accounts."""
    columns = [name for name in schema.TABLES[table] if name in frame.columns]
    keys = [name for name in columns if name in ("account_id", "target_account_id")]
    prefix = pl.lit(f"{source.name}/")
    return schema.conform(
        frame.select(columns).with_columns(
            (prefix + pl.col(key)).alias(key) for key in keys
        ),
        table,
    )


def _labels(accounts: pl.DataFrame, source: Source) -> pl.DataFrame:
    return accounts.select(
        (pl.lit(f"{source.name}/") + pl.col("account_id")).alias("account_id"),
        pl.lit(source.name).alias("source"),
        "label",
        "group",
    ).cast(pl.Schema(LABELS))


def _merge(parts: list[Path], target: Path) -> None:
    """One sorted file of parts that are sorted already, without holding their rows."""
    if not parts:
        write_parquet(schema.empty("posts"), target, POST_ORDER)
        return
    pl.concat([pl.scan_parquet(part) for part in parts]).sink_parquet(
        target,
        compression="zstd",
        compression_level=1,
        row_group_size=100_000,
        maintain_order=True,
    )
    for part in parts:
        part.unlink()


def _overlaps(ids: dict[str, pl.DataFrame]) -> list[dict[str, Any]]:
    """Ids that two sources share: the same person twice, if both mean the platform's."""
    found = []
    for first, second in combinations(sorted(ids), 2):
        both = ids[first].join(ids[second], on="account_id", suffix="_second")
        if both.height:
            conflicts = both.filter(pl.col("label") != pl.col("label_second")).height
            found.append(
                {
                    "sources": [first, second],
                    "accounts": both.height,
                    "label_conflicts": conflicts,
                }
            )
    return found


def _say(source: Source, tables: Tables, seconds: float) -> None:
    posts = 0 if tables.posts is None else tables.posts.height
    say(
        f"{source.name:<20} {tables.accounts.height:>9,} accounts {posts:>11,} posts "
        f"{tables.rejected.height:>9,} rejected {seconds:>6.1f} s"
    )


def main() -> None:
    """Run the stage."""
    parser = stage_parser(__doc__)
    parser.add_argument("--raw", type=Path, required=True, help="raw archives")
    parser.add_argument("--out", type=Path, required=True, help="canonical tables")
    parser.add_argument("--report", type=Path, required=True, help="report, JSON")
    given = parser.parse_args()
    sources: list[Source] = load_section(
        given.params, f"sources.{given.world}", list[Source]
    )
    with world_lock(given.world):
        ingest(sources, given.raw, given.out, given.report)


if __name__ == "__main__":
    run_stage(main)
