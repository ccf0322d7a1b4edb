"""Checks of the finished bundle on real accounts: sums, and alone against in a batch."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from models.bundle import Bundle
from models.explanation import additivity_error
from models.hashing import uniform
from models.scorer import Scores, score
from pipeline.canonical_posts import scan_posts

_IDS: Final = ("account_id", "post_id", "target_account_id", "target_post_id")


@dataclass(frozen=True)
class LiveChecks:
    """What was measured.

    accounts: how many were scored.
    additivity: largest distance between a logit and the sum of its parts.
    differing: accounts whose score or contributions differ, in any bit, when alone.
    renamed: the same under other ids, the rows in another order.
    """

    accounts: int
    additivity: float
    differing: int
    renamed: int


def check_live(bundle: Bundle, canonical: Path, count: int) -> LiveChecks:
    """Score some accounts, drawn by hash, together and one by one."""
    accounts = pl.read_parquet(canonical / "accounts.parquet")
    drawn = pl.Series("drawn", uniform(accounts["account_id"], "live checks"))
    order = accounts.with_columns(drawn).sort("drawn", "account_id").drop("drawn")
    some = order.head(count)
    wanted = pl.Series(some["account_id"]).implode()
    posts = scan_posts(canonical).filter(pl.col("account_id").is_in(wanted)).collect()
    together = score(bundle, some, posts)
    differing = 0
    for row in range(some.height):
        one = some[row : row + 1]
        own = posts.filter(pl.col("account_id") == one["account_id"][0])
        differing += not same_score(score(bundle, one, own), 0, together, row)
    other = score(
        bundle, under_other_ids(some).reverse(), under_other_ids(posts).reverse()
    )
    last = some.height - 1
    renamed = sum(
        not same_score(other, last - row, together, row) for row in range(some.height)
    )
    return LiveChecks(
        some.height, additivity_error(together.explanation), differing, renamed
    )


def same_score(first: Scores, row: int, second: Scores, other: int) -> bool:
    """Whether two scores of an account agree, part by part, to the bit."""
    return bool(
        first.explanation.logits[row] == second.explanation.logits[other]
        and first.probabilities[row] == second.probabilities[other]
        and first.abstained[row] == second.abstained[other]
        and np.array_equal(first.intervals[row], second.intervals[other])
        and np.array_equal(
            first.explanation.contributions[row],
            second.explanation.contributions[other],
        )
    )


def under_other_ids(table: pl.DataFrame) -> pl.DataFrame:
    """The table under other ids; ids that were equal still are, handles are handles."""
    ids = [c for c in _IDS if c in table.columns]
    return table.with_columns(
        pl.col(c).map_elements(
            lambda name: _sign(name) + hashlib.sha256(name.encode()).hexdigest(),
            pl.String,
        )
        for c in ids
    )


def _sign(name: str) -> str:
    return "@" if name.rpartition("/")[2].startswith("@") else ""
