"""History: which posts of an account count, and in which order."""

from collections.abc import Sequence
from typing import Final, TypeVar

import polars as pl

from features import schema
from features.changed import changed

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)

# Most posts of an account that are looked at, latest first: what platforms' own
# interfaces return, so that no class has a longer memory than another.
HISTORY_CAP: Final = 3_200

_FIRST: Final = ("posted_at", "kind", "language", "text")
# Account and minute as one number, by which nearly all posts are told apart: several
# columns take twice the time. Undated ones come first, by lot: in another order
# HISTORY_CAP would choose among them by kind, language or the alphabet. No id has a part
# in the lot: only among posts that say the same do ids decide which are kept. Nor have
# lists, which not every collector gives.
_MINUTES: Final = 2**30
_IDS: Final = ("account_id", "post_id", "target_account_id", "target_post_id")
_LOT: Final = changed(
    pl.col("posted_at").is_null(),
    pl.struct(
        column
        for column, dtype in schema.POSTS.items()
        if column not in _IDS and dtype != schema.STRINGS
    ),
    lambda said: said.hash(6) % 2**32,
)
_PLACE: Final = pl.col("_account") * 2**33 + (
    (pl.col("posted_at").dt.epoch("ms") // 60_000).clip(-_MINUTES, _MINUTES)
    + _MINUTES
    + 2**32
).fill_null(_LOT.cast(pl.Int64))
# Lists by their hash: any order breaks a tie, and theirs takes twice the time.
_ORDER: Final = [
    _PLACE,
    *(
        pl.col(c).hash() if schema.POSTS[c] == schema.STRINGS else pl.col(c)
        for c in (*_FIRST, *(c for c in schema.POSTS if c not in _FIRST))
        if c != "account_id"
    ),
]


def before_as_of(posts: Frame, accounts: Frame, beside: Sequence[str] = ()) -> Frame:
    """Posts before their account's as_of (undated ones stay), at most HISTORY_CAP.

    Sorted by account, time and then every column, so that the order of the input
    cannot matter: posts that tie are equal. The words come after what measures of
    order read (kind, language), so that what is said cannot matter either.
    Posts of accounts that are not in `accounts` are left out. Columns of accounts named
    in `beside` stand beside their posts.
    """
    return latest(early(posts, accounts, beside))


def early(posts: Frame, accounts: Frame, beside: Sequence[str] = ()) -> Frame:
    """Those of `before_as_of` without order and cap, for `latest`."""
    known = accounts.select(
        *("account_id", "as_of", *beside),
        pl.col("account_id").rank("dense").cast(pl.Int64).alias("_account"),
    )
    before = pl.col("posted_at").is_null() | (pl.col("posted_at") < pl.col("as_of"))
    return (
        posts.join(known, on="account_id", how="left", maintain_order="left")
        .filter(pl.col("as_of").is_not_null() & before)
        .drop("as_of")
    )


def latest(posts: Frame, most: int | None = None) -> Frame:
    """Posts as `early` gives them, in order, of each account HISTORY_CAP at most.

    Args:
        posts: of `early`.
        most: how many they are at most, null if nobody knows: few need no cap.
    """
    ordered = posts.sort(_ORDER, nulls_last=False)
    if most is None or most > HISTORY_CAP:
        from_latest = pl.int_range(pl.len()).reverse().over("_account")
        ordered = ordered.filter(from_latest < HISTORY_CAP)
    return ordered.drop("_account")
