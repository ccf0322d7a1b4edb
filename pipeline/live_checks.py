"""Checks of the finished bundle on real accounts: sums, and alone against in a batch."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from models.bundle import Bundle
from models.explanation import additivity_error
from models.hashing import uniform
from models.scorer import score


@dataclass(frozen=True)
class LiveChecks:
    """What was measured.

    accounts: how many were scored.
    additivity: largest distance between a logit and the sum of its parts.
    differing: accounts whose score or contributions differ, in any bit, when alone.
    """

    accounts: int
    additivity: float
    differing: int


def check_live(bundle: Bundle, canonical: Path, count: int) -> LiveChecks:
    """Score some accounts, drawn by hash, together and one by one."""
    accounts = pl.read_parquet(canonical / "accounts.parquet")
    drawn = pl.Series("drawn", uniform(accounts["account_id"], "live checks"))
    order = accounts.with_columns(drawn).sort("drawn", "account_id").drop("drawn")
    some = order.head(count)
    wanted = pl.Series(some["account_id"]).implode()
    posts = (
        pl.scan_parquet(canonical / "posts.parquet")
        .filter(pl.col("account_id").is_in(wanted))
        .collect()
    )
    together = score(bundle, some, posts)
    differing = 0
    for row in range(some.height):
        one = some[row : row + 1]
        own = posts.filter(pl.col("account_id") == one["account_id"][0])
        alone = score(bundle, one, own)
        same = (
            alone.explanation.logits[0] == together.explanation.logits[row]
            and alone.probabilities[0] == together.probabilities[row]
            and alone.abstained[0] == together.abstained[row]
            and np.array_equal(alone.intervals[0], together.intervals[row])
            and np.array_equal(
                alone.explanation.contributions[0],
                together.explanation.contributions[row],
            )
        )
        differing += not same
    return LiveChecks(some.height, additivity_error(together.explanation), differing)
