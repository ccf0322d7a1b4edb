"""One source read part by part: the tables of all its accounts, in bounded memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import add
from pathlib import Path

import polars as pl

from features import schema
from pipeline.errors import SourceError
from pipeline.forgotten import Forgotten, leave_out
from pipeline.source_report import Measures, measure
from pipeline.sources import READERS
from pipeline.sources.archive import find
from pipeline.sources.part import Findings
from pipeline.sources.source import FileCount, Source, Tables
from pipeline.sources.spool import STREAMED, Budget, Spool
from pipeline.sources.tables import is_json
from pipeline.sources.values import check_destroyed

LABELS = {
    "account_id": pl.String(),
    "source": pl.String(),
    "label": pl.Int8(),
    "group": pl.String(),
}
_BATCH_ROWS = 1_000
NOBODY = Forgotten()
POST_ORDER = [
    "account_id",
    "posted_at",
    "post_id",
    "text",
    "kind",
    "language",
    "client",
]


@dataclass
class Read:
    """What a source came to, or one part of it.

    accounts: canonical columns, ids behind the name of the source.
    labels: account_id as in `accounts`, source, label, group.
    ids: account_id as in the file, and label.
    posts: files of canonical posts in POST_ORDER, no account in two: one Parquet file
        if there are no others to merge it with, else Arrow files.
    rejected, counts: as in Tables.
    """

    accounts: pl.DataFrame
    labels: pl.DataFrame
    ids: pl.DataFrame
    posts: list[Path]
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

    if not _is_streamed(source, raw):
        path = folder / f"{source.name}.{_ending(alone)}"
        return _written(read(source), source, path)
    spool = Spool(source, raw, folder / f"{source.name}.rows", budget, say)
    parts: list[Read] = []
    findings: list[Findings] = []
    unread = list(spool.parts())
    ending = _ending(alone and len(unread) == 1)
    for part in unread:
        path = folder / f"{source.name}.{len(parts)}.{ending}"
        parts.append(_written(read(part), source, path))
        findings.append(part.findings)
    check_destroyed(_ids(findings))
    last_posts = _last_posts(findings)
    for index, part in enumerate(spool.parts(last_posts)):
        if _knew_too_little(findings[index], last_posts):
            path = folder / f"{source.name}.{index}.{ending}"
            parts[index] = _written(read(part), source, path)
    spool.remove()
    together = _together(parts)
    if source.as_of.rule == "column" and together.accounts.is_empty():
        raise SourceError(
            f"source {source.name}, as_of: no account is kept that states its time of "
            "observation; use rule last_post or constant, or correct the rows"
        )
    return together


def _is_streamed(source: Source, raw: Path) -> bool:
    """Whether its rows can be told apart by account before its reader sees them.

    Else it is read in one piece; also with keys that its reader will refuse.
    """
    if set(source.files) - set(STREAMED.get(source.format, ())):
        return False
    found = [path for key in source.files for path in find(source, raw, key)]
    return not any(is_json(path) for path in found)


def _written(tables: Tables, source: Source, path: Path) -> Read:
    posts = []
    if tables.posts is not None:
        rows = _in_order(prefixed(tables.posts, source, "posts"))
        if path.suffix == ".parquet":
            write_posts(_batches(rows).lazy(), path)
        else:
            # Written once more when all are merged: what counts here is speed, and
            # that little of each file is held then.
            rows.write_ipc(path, compression="lz4", record_batch_size=_BATCH_ROWS)
        posts.append(path)
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


def write_posts(posts: pl.LazyFrame, path: Path) -> None:
    """Write posts that are in order as the canonical table.

    NOTE: pages end where batches do, so that batches of another size are other bytes.
    """
    posts.sink_parquet(
        path,
        compression="zstd",
        compression_level=1,
        row_group_size=100_000,
        maintain_order=True,
    )


def _ending(alone: bool) -> str:
    return "parquet" if alone else "arrow"


def _batches(rows: pl.DataFrame) -> pl.DataFrame:
    """The same rows in memory as they are when they are read from an Arrow file."""
    starts = range(0, max(len(rows), 1), _BATCH_ROWS)
    return pl.concat([rows.slice(at, _BATCH_ROWS) for at in starts], rechunk=False)


def _apart(rows: pl.DataFrame) -> pl.DataFrame:
    """The same rows with memory of their own.

    Text of rows taken out of a table keeps all text of that table in memory: profiles
    derived from posts would hold every part until the last one is read.
    """
    apart = pl.from_arrow(rows.to_arrow(compat_level=pl.CompatLevel.oldest()))
    assert isinstance(apart, pl.DataFrame)
    return apart


def _in_order(posts: pl.DataFrame) -> pl.DataFrame:
    """Rows in POST_ORDER, nulls last; sorted by all of it only where that matters."""
    # Rows are taken out of one piece several times as fast as out of many.
    posts = posts.rechunk()
    ids = posts["account_id"]
    # By one number and then by another: sorting by two columns at once takes twice the
    # time, as both are made into bytes first.
    rows = (
        posts.select(
            pl.col("account_id").cast(pl.Enum(ids.unique().sort())).to_physical(),
            "posted_at",
        )
        .with_row_index("_row")
        .sort("posted_at", nulls_last=True, maintain_order=True)
        .sort("account_id", maintain_order=True)
    )
    same = rows.select(
        pl.all_horizontal(
            pl.col(name).eq_missing(pl.col(name).shift())
            for name in ("account_id", "posted_at")
        )
    ).to_series()
    tied = same | same.shift(-1, fill_value=False)
    order = rows["_row"]
    if tied.any():
        again = order.filter(tied)
        keys = posts.select(POST_ORDER)[again].with_columns(again)
        keys = keys.sort(POST_ORDER, nulls_last=True, maintain_order=True)
        order = order.scatter(tied.arg_true(), keys["_row"])
    return posts[order]


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


def _ids(findings: Sequence[Findings]) -> dict[tuple[str, str], tuple[int, int]]:
    summed: dict[tuple[str, str], tuple[int, int]] = {}
    for found in findings:
        for name, (destroyed, ids) in found.ids.items():
            before = summed.get(name, (0, 0))
            summed[name] = (before[0] + destroyed, before[1] + ids)
    return summed


def _last_posts(findings: Sequence[Findings]) -> dict[int, datetime | None]:
    latest: dict[int, datetime | None] = {}
    for found in findings:
        for label, time in found.last_posts.items():
            times = [one for one in (time, latest.get(label)) if one is not None]
            latest[label] = max(times, default=None)
    return latest


def _knew_too_little(found: Findings, last_posts: dict[int, datetime | None]) -> bool:
    """Whether accounts without a dated post were judged at another moment."""
    return any(
        last_posts[label] is None or found.last_posts[label] != last_posts[label]
        for label in found.waiting
    )


def _together(parts: Sequence[Read]) -> Read:
    counts: dict[tuple[str, str], FileCount] = {}
    for count in (count for part in parts for count in part.counts):
        key = (count.table, count.file)
        counts[key] = counts[key] + count if key in counts else count
    return Read(
        pl.concat([part.accounts for part in parts]),
        pl.concat([part.labels for part in parts]),
        pl.concat([part.ids for part in parts]),
        [path for part in parts for path in part.posts],
        pl.concat([part.rejected for part in parts]),
        [counts[key] for key in sorted(counts)],
        reduce(add, (part.measures for part in parts)),
    )
