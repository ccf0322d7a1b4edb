"""Posts on their way to disk: dealt out part by part, put in order bucket by bucket."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from features import schema
from pipeline.canonical_posts import MOST, bucket_name, bucket_of, count_for
from pipeline.sources.overlap import abreast

POST_ORDER: Final = [
    "account_id",
    "posted_at",
    "post_id",
    "text",
    "kind",
    "language",
    "client",
]
_NUMBERS: Final = pl.Series(range(MOST), dtype=pl.UInt16)
# A bucket is read as a whole; groups of 100,000 take half as long again to write.
_GROUP_ROWS: Final = 250_000
# Of an Arrow file: a bucket reads the stretch that it needs.
_BATCH_ROWS: Final = 2_000


@dataclass(frozen=True)
class SpilledPosts:
    """Canonical posts on disk, in order of the buckets that there could be.

    Attributes:
        path: Arrow file.
        starts: where each of MOST buckets begins, and the end.
    """

    path: Path
    starts: Sequence[int]

    def lazy(self) -> pl.LazyFrame:
        """All of them, in no order that means anything."""
        return pl.scan_ipc(self.path)

    def bucket(self, number: int, count: int) -> pl.DataFrame:
        """Those of one bucket of so many; of an account, in the order they came in."""
        start, end = (self.starts[MOST // count * n] for n in (number, number + 1))
        return self.lazy().slice(start, end - start).collect()


def spill(posts: pl.DataFrame, path: Path) -> SpilledPosts:
    """Put posts on disk, dealt out to as many buckets as there could be.

    Args:
        posts: canonical posts in any order.
        path: Arrow file to write.
    """
    numbers = bucket_of(posts["account_id"], MOST).alias("_bucket")
    dealt = posts.with_columns(numbers).sort("_bucket", maintain_order=True)
    starts = [*dealt["_bucket"].search_sorted(_NUMBERS).to_list(), dealt.height]
    # Read once more: what counts here is speed.
    dealt.drop("_bucket").write_ipc(
        path, compression="lz4", record_batch_size=_BATCH_ROWS
    )
    return SpilledPosts(path, starts)


def write_posts(
    parts: Sequence[pl.DataFrame | SpilledPosts], folder: Path, rows_per_bucket: int
) -> None:
    """Write the buckets of canonical posts, each in POST_ORDER; remove what was spilled.

    The same posts are the same bytes, wherever they come from: a bucket is put in order
    and written as a whole. One without posts is an empty table.

    Args:
        parts: all posts; no account stands in two parts.
        folder: directory to make.
        rows_per_bucket: posts of a bucket that are aimed at.
    """
    folder.mkdir()
    spilled = [part for part in parts if isinstance(part, SpilledPosts)]
    tables = [part for part in parts if isinstance(part, pl.DataFrame)]
    held = pl.concat([schema.empty("posts"), *tables]).rechunk()
    rows = held.height + sum(part.starts[-1] for part in spilled)
    count = count_for(rows, rows_per_bucket)
    numbers = bucket_of(held["account_id"], count)

    def write(number: int) -> None:
        some = (numbers == number).arg_true()
        if spilled:
            others = (part.bucket(number, count) for part in spilled)
            found = pl.concat([held[some], *others]).rechunk()
            ordered = _in_order(found, pl.arange(len(found), eager=True))
        else:
            ordered = _in_order(held, some)
        ordered.write_parquet(
            folder / bucket_name(number, count),
            compression="zstd",
            compression_level=1,
            row_group_size=_GROUP_ROWS,
        )

    for _ in abreast(write, range(count)):
        pass
    for part in spilled:
        part.path.unlink()


def _in_order(posts: pl.DataFrame, some: pl.Series) -> pl.DataFrame:
    """Some rows in POST_ORDER, nulls last; sorted by all of it only where that matters.

    Args:
        posts: in one piece, of which rows are taken several times as fast as of many.
        some: their numbers, in order.
    """
    ids = posts["account_id"][some]
    # By one number and then by another: sorting by two columns at once takes twice the
    # time, as both are made into bytes first.
    rows = (
        pl.select(
            _row=some,
            account_id=ids.cast(pl.Enum(ids.unique().sort())).to_physical(),
            posted_at=posts["posted_at"][some],
        )
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
