"""Canonical posts: a folder of Parquet files, each with all posts of some accounts.

Which bucket an account lies in follows from its id and the number of buckets, on every
machine: the first bits of a checksum of the id. So the posts of an account are found in
one file, and whoever goes bucket by bucket holds no more than one of them.
"""

import re
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl

from features.errors import InputError

# In the directory of canonical tables.
FOLDER: Final = "posts"
# Files beyond which a bucket grows in place of their number; a power of two.
MOST: Final = 1_024
_CHECKSUMS: Final = 2**32
_NAME: Final = re.compile(r"bucket-\d{4}-of-(\d{4})\.parquet")


def count_for(rows: int, rows_per_bucket: int) -> int:
    """Buckets for so many posts: the least power of two of at most so many each.

    At most MOST. Buckets are larger than the target where an account is.
    """
    count = 1
    while count < MOST and rows > count * rows_per_bucket:
        count *= 2
    return count


def bucket_of(account_id: pl.Series, count: int) -> pl.Series:
    """Number of the bucket of each account.

    A bucket of `count` is two neighbours of twice as many.

    Args:
        account_id: canonical ids, without nulls.
        count: number of buckets, a power of two and at most MOST.
    """
    if account_id.is_empty():
        return pl.Series(dtype=pl.UInt16)
    distinct = account_id.unique().to_list()
    numbers = [zlib.crc32(one.encode()) * count // _CHECKSUMS for one in distinct]
    return account_id.replace_strict(distinct, numbers, return_dtype=pl.UInt16)


def bucket_name(number: int, count: int) -> str:
    """Name of the file of a bucket, of so many."""
    return f"bucket-{number:04}-of-{count:04}.parquet"


def buckets(posts: Path) -> list[Path]:
    """Files of a folder of canonical posts, in order of their numbers.

    Args:
        posts: the folder; files whose names begin with a dot are passed over.

    Raises:
        InputError: there is no such folder, a bucket is missing, or there is a file
            that is not one of them.
    """
    remedy = "run the stage ingest, which writes the folder anew"
    if not posts.is_dir():
        raise InputError(f"{posts}: no such folder; {remedy}")
    found = {one.name for one in posts.iterdir() if not one.name.startswith(".")}
    told = Counter(match[1] for name in found if (match := _NAME.fullmatch(name)))
    if not told:
        raise InputError(f"{posts}: holds no bucket of posts; {remedy}")
    count = int(max(told, key=lambda name: (told[name], name)))
    expected = [bucket_name(number, count) for number in range(count)]
    if missing := [name for name in expected if name not in found]:
        raise InputError(
            f"{posts / missing[0]}: missing, and so are posts of some accounts; {remedy}"
        )
    if others := sorted(found - set(expected)):
        raise InputError(
            f"{posts / others[0]}: none of the {count} buckets of this folder; remove "
            f"it, or {remedy}"
        )
    return [posts / name for name in expected]


def posts_at(posts: Path) -> list[Path]:
    """The file itself, or the buckets of a folder.

    Raises:
        InputError: as `buckets`.
    """
    return buckets(posts) if posts.is_dir() else [posts]


def scan_posts(canonical: Path) -> pl.LazyFrame:
    """All posts of a world, in no order that may matter.

    Args:
        canonical: directory of the tables of ingest.

    Raises:
        InputError: as `buckets`.
    """
    return pl.scan_parquet(buckets(canonical / FOLDER))


def with_posts(
    accounts: pl.DataFrame, posts: Path, most_posts: int
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Accounts with all their posts, bucket by bucket, and of a large one part by part.

    Each account once; those of one bucket in order of account_id. What is held follows
    from `most_posts`, and not from how many accounts there are.

    Args:
        accounts: canonical accounts, sorted by account_id.
        posts: folder of canonical posts.
        most_posts: about as many are read at once, if accounts are no larger.

    Raises:
        InputError: as `buckets`.
    """
    files = buckets(posts)
    numbers = bucket_of(accounts["account_id"], len(files))
    for number, file in enumerate(files):
        here, rows = accounts.filter(numbers == number), pl.scan_parquet(file)
        counts = rows.group_by("account_id").agg(pl.len().alias("n_posts")).collect()
        sized = here.select("account_id").join(
            counts, on="account_id", how="left", maintain_order="left"
        )
        for ids in parts(
            sized.with_columns(pl.col("n_posts").fill_null(0)), most_posts
        ):
            inside = pl.col("account_id").is_between(pl.lit(ids[0]), pl.lit(ids[-1]))
            yield here.filter(inside), rows.filter(inside).collect()


def parts(counts: pl.DataFrame, most_posts: int) -> Iterator[list[str]]:
    """Account ids in order, in parts of about `most_posts` posts.

    Args:
        counts: account_id, n_posts; sorted by account_id.
        most_posts: memory is bounded by this and not by the archive.
    """
    part = (pl.col("n_posts").cum_sum() // most_posts).alias("part")
    for _, rows in counts.with_columns(part).group_by(["part"], maintain_order=True):
        yield rows["account_id"].to_list()
