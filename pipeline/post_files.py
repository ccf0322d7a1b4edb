"""Posts in order: those of one part on disk, and those of all parts merged to one file."""

from pathlib import Path

import polars as pl

from features import schema
from pipeline.files import write_parquet

POST_ORDER = [
    "account_id",
    "posted_at",
    "post_id",
    "text",
    "kind",
    "language",
    "client",
]
# Rows held of each part while parts are merged.
_BATCH_ROWS = 1_000


def write_part(posts: pl.DataFrame, path: Path) -> None:
    """Write posts of one part in order.

    Args:
        posts: canonical posts in any order.
        path: ends with `.parquet` if there are no others to merge them with; else
            Arrow, of which little is held while it is read.
    """
    rows = _in_order(posts)
    if path.suffix == ".parquet":
        _write(_batches(rows).lazy(), path)
    else:
        # Written once more when all are merged: what counts here is speed.
        rows.write_ipc(path, compression="lz4", record_batch_size=_BATCH_ROWS)


def merge(sources: list[list[Path]], target: Path) -> None:
    """One sorted file of sorted files, without holding their rows.

    Args:
        sources: files of each source, as `write_part` wrote them. A source's name is
            the begin of its ids, so that sources follow one another; no id stands in
            two files of one source.
        target: file to write; the others are removed.
    """
    if not any(sources):
        write_parquet(schema.empty("posts"), target, POST_ORDER)
        return
    files = [path for paths in sources for path in paths]
    if files[0].suffix == ".parquet":
        files[0].rename(target)
        return
    ordered = [
        _by_account([pl.scan_ipc(path) for path in paths]) for paths in sources if paths
    ]
    _write(pl.concat(ordered), target)
    for path in files:
        path.unlink()


def _by_account(frames: list[pl.LazyFrame]) -> pl.LazyFrame:
    while len(frames) > 1:
        last = frames[-1:] if len(frames) % 2 else []
        pairs = zip(frames[::2], frames[1::2], strict=False)
        frames = [one.merge_sorted(two, key="account_id") for one, two in pairs] + last
    return frames[0]


def _write(posts: pl.LazyFrame, path: Path) -> None:
    """Write posts that are in order.

    NOTE: pages end where batches do, so that batches of another size are other bytes.
    """
    posts.sink_parquet(
        path,
        compression="zstd",
        compression_level=1,
        row_group_size=100_000,
        maintain_order=True,
    )


def _batches(rows: pl.DataFrame) -> pl.DataFrame:
    """The same rows in memory as they are when they are read from an Arrow file."""
    starts = range(0, max(len(rows), 1), _BATCH_ROWS)
    return pl.concat([rows.slice(at, _BATCH_ROWS) for at in starts], rechunk=False)


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
