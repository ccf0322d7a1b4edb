"""One source read part by part: the tables of all its accounts, in bounded memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path

import polars as pl

from features import schema
from pipeline.errors import SourceError
from pipeline.forgotten import Forgotten, leave_out
from pipeline.post_files import SpilledPosts, spill
from pipeline.source_report import Measures, measure
from pipeline.sources import READERS
from pipeline.sources.overlap import abreast
from pipeline.sources.part import (
    Findings,
    Part,
    Whole,
    check_required,
    ids,
    last_posts,
)
from pipeline.sources.progress import progress
from pipeline.sources.source import FileCount, Source, Tables
from pipeline.sources.spool import HELD_PARTS, Budget, Spool
from pipeline.sources.streamed import is_streamed
from pipeline.sources.values import check_destroyed

LABELS = {
    "account_id": pl.String(),
    "source": pl.String(),
    "label": pl.Int8(),
    "group": pl.String(),
}
NOBODY = Forgotten()


@dataclass
class Read:
    """What a source came to, or one part of it.

    accounts: canonical columns, ids behind the name of the source.
    labels: account_id as in `accounts`, source, label, group.
    ids: account_id as in the file, and label.
    posts: canonical posts, no account in two of them.
    rejected, counts: as in Tables.
    """

    accounts: pl.DataFrame
    labels: pl.DataFrame
    ids: pl.DataFrame
    posts: list[pl.DataFrame | SpilledPosts]
    rejected: pl.DataFrame
    counts: list[FileCount]
    measures: Measures


def read_source(
    source: Source,
    raw: Path,
    folder: Path,
    budget: Budget,
    say: Callable[[str], None],
    forgotten: Forgotten = NOBODY,
    *,
    alone: bool = False,
) -> Read:
    """Read a source; its posts are written below `folder`.

    What a row becomes does not depend on `budget`: rules that look at more than one
    account are judged on all parts together.

    Args:
        source: declaration.
        raw: directory that its file names are relative to.
        folder: directory that is there.
        budget: what is read together.
        say: told how far reading is.
        forgotten: accounts to leave out.
        alone: there is no other source.

    Raises:
        SourceError: an archive cannot be read.
    """
    if source.format not in READERS:
        raise SourceError(
            f"source {source.name}: no format {source.format}; "
            f"use {', '.join(sorted(READERS))}"
        )

    def read(part: Source) -> Tables:
        return leave_out(READERS[source.format](part, raw), source, forgotten)

    if not is_streamed(source):
        path = None if alone else folder / f"{source.name}.arrow"
        return _written(read(source), source, path)
    spool = Spool(source, raw, folder / f"{source.name}.rows", budget, say)
    unread = list(spool.parts())
    # Those of as many parts as had their rows in memory; posts take less.
    held = alone and len(unread) <= HELD_PARTS

    def written(numbered: tuple[int, Part]) -> tuple[int, Read, Findings]:
        index, part = numbered
        path = None if held else folder / f"{source.name}.{index}.arrow"
        return index, _written(read(part), source, path), part.findings

    parts: dict[int, Read] = {}
    findings: dict[int, Findings] = {}
    with progress(f"{source.name}, tables", say) as tell:
        for index, found, learnt in abreast(written, enumerate(unread)):
            parts[index], findings[index] = found, learnt
            rows = sum(count.read for count in found.counts)
            tell(rows, (index + 1) / len(unread))

    def again(whole: Whole) -> None:
        unsure = [
            (index, part)
            for index, part in enumerate(spool.parts(whole))
            if findings[index].knew_too_little(whole)
        ]
        for index, _ in unsure:
            parts[index].posts.clear()
        for index, found, learnt in abreast(written, unsure):
            parts[index], findings[index] = found, learnt

    check_destroyed(ids(findings.values()))
    check_required(findings.values())
    # The second answer depends on what the first one changes.
    prefixed = any(found.prefixed for found in findings.values())
    again(Whole(prefixed=prefixed))
    again(Whole(prefixed=prefixed, last_posts=last_posts(findings.values())))
    spool.remove()
    together = _together(list(parts.values()))
    if source.as_of.rule == "column" and together.accounts.is_empty():
        raise SourceError(
            f"source {source.name}, as_of: no account is kept that states its time of "
            "observation; use rule last_post or constant, or correct the rows"
        )
    return together


def _written(tables: Tables, source: Source, path: Path | None) -> Read:
    posts: list[pl.DataFrame | SpilledPosts] = []
    if tables.posts is not None:
        rows = prefixed(tables.posts, source, "posts")
        posts.append(rows if path is None else spill(rows, path))
    accounts = _apart(tables.accounts)
    return Read(
        prefixed(accounts, source, "accounts"),
        _labels(accounts, source),
        accounts.select("account_id", "label"),
        posts,
        _apart(tables.rejected),
        tables.counts,
        measure(tables),
    )


def _apart(rows: pl.DataFrame) -> pl.DataFrame:
    """The same rows with memory of their own.

    Text of rows taken out of a table keeps all text of that table in memory: profiles
    derived from posts would hold every part until the last one is read.
    """
    apart = pl.from_arrow(rows.to_arrow(compat_level=pl.CompatLevel.oldest()))
    assert isinstance(apart, pl.DataFrame)
    return apart


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


def _together(parts: Sequence[Read]) -> Read:
    counts: dict[tuple[str, str], FileCount] = {}
    for count in (count for part in parts for count in part.counts):
        key = (count.table, count.file)
        counts[key] = counts[key] + count if key in counts else count
    return Read(
        pl.concat([part.accounts for part in parts]),
        pl.concat([part.labels for part in parts]),
        pl.concat([part.ids for part in parts]),
        [posts for part in parts for posts in part.posts],
        pl.concat([part.rejected for part in parts]),
        [counts[key] for key in sorted(counts)],
        reduce(add, (part.measures for part in parts)),
    )
