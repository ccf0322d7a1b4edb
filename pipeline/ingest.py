"""Read the archives of a world into canonical tables; bad rows are named and kept apart.

Sources are read one by one, large ones part by part, and their posts put on disk at
once: no more than a few parts are held. Then they are written bucket by bucket.
"""

import time
from argparse import ArgumentParser
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any

import polars as pl
from pydantic import Field

from features import schema
from pipeline import source_report
from pipeline.canonical_posts import FOLDER
from pipeline.errors import ParamsError, SourceError
from pipeline.files import atomic_directory, write_json, write_parquet
from pipeline.forgotten import Forgotten, blanked, list_path
from pipeline.inspection import inspect
from pipeline.post_files import write_posts
from pipeline.section import Section, load_section
from pipeline.sources.actions import read_actions
from pipeline.sources.source import Source
from pipeline.sources.spool import Budget
from pipeline.stage import run_stage, say, stage_parser, world_lock
from pipeline.streaming import NOBODY, Read, prefixed, read_source

_BUDGET = Budget()
_ROWS_PER_BUCKET = 250_000
_ORDERS = {
    "accounts": ["account_id"],
    "labels": ["account_id"],
    "rejected": ["source", "file", "row", "rule", "detail", "raw"],
}


class IngestParams(Section):
    """Section `ingest` of params.yaml."""

    # Most of a source that is read together; no byte of a table depends on it.
    rows_per_part: Annotated[int, Field(ge=1_000)]
    mebibytes_per_part: Annotated[int, Field(ge=1)]
    # Posts of a file that are aimed at; no byte of what is made of them depends on it.
    rows_per_bucket: Annotated[int, Field(ge=1_000)]


def ingest(
    sources: Sequence[Source],
    raw: Path,
    out: Path,
    report: Path,
    budget: Budget = _BUDGET,
    forgotten: Forgotten = NOBODY,
    rows_per_bucket: int = _ROWS_PER_BUCKET,
) -> None:
    """Write accounts, posts, labels and rejected rows of all sources, and the report.

    Args:
        sources: archives of one world.
        raw: directory that their file names are relative to.
        out: directory of the canonical tables; replaced as a whole.
        report: JSON file: what became of every file.
        budget: what of a source is read together; changes no byte.
        forgotten: accounts to leave out.
        rows_per_bucket: posts of a file (canonical_posts.py) that are aimed at.

    Raises:
        SourceError: an archive cannot be read, or none of its accounts is kept;
            nothing is written then.
    """
    names = [source.name for source in sources]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ParamsError(f"sources: {', '.join(twice)} stand there twice; rename one")
    files: list[dict[str, Any]] = []
    described: dict[str, Any] = {}
    accidents: dict[str, Any] = {}
    read: dict[str, Read] = {}
    actions = [schema.empty("actions")]
    rejected_actions = []
    with atomic_directory(out) as working:
        # `/` sorts before every character of a name: sources in order of name are
        # together in order of account_id.
        for source in sorted(sources, key=lambda one: one.name):
            started = time.monotonic()
            found = read_source(
                source,
                raw,
                working,
                budget,
                say,
                forgotten,
                alone=len(sources) == 1,
            )
            _check_any(source, found)
            _check_both(source, found)
            files += source_report.as_rows(found.counts)
            described[source.name] = source_report.describe(found.measures)
            accidents[source.name] = source_report.text_accidents(found.measures)
            read[source.name] = found
            _say(source, found, time.monotonic() - started)
            ids_kept = found.ids["account_id"]
            done = read_actions(source, raw, ids_kept, forgotten.among)
            if done is not None:
                files += source_report.as_rows(done.counts())
                actions.append(prefixed(done.kept(), source, "actions"))
                rejected_actions.append(blanked(done.rejected(), forgotten))
        for table, order in _ORDERS.items():
            parts = [getattr(found, table) for found in read.values()]
            if table == "rejected":
                parts += rejected_actions
            write_parquet(pl.concat(parts), working / f"{table}.parquet", order)
        write_parquet(
            pl.concat(actions), working / "actions.parquet", list(schema.ACTIONS)
        )
        posts = [part for found in read.values() for part in found.posts]
        write_posts(posts, working / FOLDER, rows_per_bucket)
    ids = {name: found.ids for name, found in read.items()}
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


def _check_any(source: Source, found: Read) -> None:
    """Refuse a source of which nothing is left: its campaign would be gone unnoticed."""
    if not found.accounts.is_empty():
        return
    rules = found.rejected["rule"].mode().sort().to_list()
    most = f", most as {rules[0]}" if rules else ""
    raise SourceError(
        f"source {source.name}: none of its accounts is kept; "
        f"{found.rejected.height:,} rows are rejected{most}; correct the files, or take "
        "the source out"
    )


def _check_both(source: Source, read: Read) -> None:
    """Refuse a source of which one class is gone: the other would pass for all of it.

    Verdicts, which come later, may make either class of what is left to reviewers.
    """
    if not source.needs_labels or source.left_to_reviewers:
        return
    declared = {1: source.positives, 0: source.controls}
    for label, name in ((1, "positives"), (0, "controls")):
        if declared[label] is None or label in read.measures.labels:
            continue
        raise SourceError(
            f"source {source.name}: {name} are declared, but no account of them is "
            f"kept; {_rejections(read)}; correct the files, or take {name} out of the "
            "source if they have none"
        )


def _rejections(read: Read) -> str:
    rules = read.rejected["rule"].mode().sort().to_list()
    most = f", most as {rules[0]}" if rules else ""
    return f"{read.rejected.height:,} rows are rejected{most}"


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


def _say(source: Source, read: Read, seconds: float) -> None:
    say(
        f"{source.name:<20} {read.accounts.height:>9,} accounts "
        f"{read.measures.posts:>11,} posts {read.rejected.height:>9,} rejected "
        f"{seconds:>6.1f} s"
    )


def main() -> None:
    """Run the stage, or tell what an archive is."""
    looking = ArgumentParser(add_help=False)
    looking.add_argument(
        "--inspect", type=Path, help="tell what a file or folder is, write nothing"
    )
    asked, _ = looking.parse_known_args()
    if asked.inspect is not None:
        found = inspect(asked.inspect)
        print(found.text)
        if not found.archives:
            raise SourceError(
                f"{asked.inspect}: no archive of a known format is there; docs/"
                "archives.md says what files of each hold"
            )
        return
    parser = stage_parser(__doc__, parents=[looking])
    parser.add_argument("--raw", type=Path, required=True, help="raw archives")
    parser.add_argument("--out", type=Path, required=True, help="canonical tables")
    parser.add_argument("--report", type=Path, required=True, help="report, JSON")
    given = parser.parse_args()
    sources: list[Source] = load_section(
        given.params, f"sources.{given.world}", list[Source]
    )
    params = load_section(given.params, "ingest", IngestParams)
    with world_lock(given.world):
        ingest(
            sources,
            given.raw,
            given.out,
            given.report,
            Budget(params.rows_per_part, params.mebibytes_per_part * 2**20),
            Forgotten.load(list_path(given.world)),
            params.rows_per_bucket,
        )


if __name__ == "__main__":
    run_stage(main)
