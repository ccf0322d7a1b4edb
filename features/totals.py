"""Totals: what an account's posts come to, computed once for many features.

A feature of table "totals" is cheap row-wise arithmetic on them. Each total is a whole
number (or a median of such): what is divided is divided in the feature.
"""

from collections.abc import Sequence, Set
from typing import Final

import polars as pl

from features import clock, measures, mixes

_GAP: Final = pl.col("gap")
_MINUTE: Final = pl.col("minute")

# Posts that can count towards a feature's minimum.
COUNTS: Final[dict[str, pl.Expr]] = {
    "n_all": pl.len(),
    "n_dated": _MINUTE.count(),
    "n_own": pl.col("length").count(),
    "n_tagged": pl.col("language").count(),
    "n_signed": pl.col("client").count(),
    "n_reposts": (pl.col("kind") == "repost").sum(),
    "n_replies": (pl.col("kind") == "reply").sum(),
}

SUMS: Final[dict[str, pl.Expr]] = {
    "gaps": _GAP.count().cast(pl.Int64),
    "gap_sum": _GAP.sum(),
    "gap_squares": (_GAP * _GAP).sum(),
    "gaps_zero": (_GAP == 0).sum().cast(pl.Int64),
    "gap_p10": _GAP.quantile(0.1, "nearest"),
    "gap_median": _GAP.median(),
    "gap_longest": _GAP.max(),
    "gap_pairs": pl.col("gap_product").count().cast(pl.Int64),
    "gap_products": pl.col("gap_product").sum(),
    "gap_before_sum": pl.col("gap_before").sum(),
    "gap_before_squares": (pl.col("gap_before") * pl.col("gap_before")).sum(),
    "gap_after_sum": pl.col("gap_after").sum(),
    "gap_after_squares": (pl.col("gap_after") * pl.col("gap_after")).sum(),
    "dated": _MINUTE.count().cast(pl.Int64),
    "on_fives": (_MINUTE % 5 == 0).sum().cast(pl.Int64),
    "days_active": pl.col("new_day").sum().cast(pl.Int64),
    "days_known": pl.col("day").max() + 1,
    "first_post": _MINUTE.min(),
    "last_post": _MINUTE.max(),
}


def reduce(
    posts: pl.DataFrame, names: Set[str], others: Sequence[pl.Expr] = ()
) -> pl.DataFrame:
    """A row an account that has posts: account_id, counts, the totals, the others.

    Args:
        posts: measured posts (features.measures).
        names: which totals.
        others: further expressions that reduce an account's posts to a value.
    """
    sums = [expr.alias(name) for name, expr in SUMS.items() if name in names]
    counts = [expr.alias(name) for name, expr in COUNTS.items()]
    found = posts.group_by("account_id", maintain_order=True).agg(
        *counts, *sums, *others
    )
    found = mixes.mix(posts, found, names)
    return clock.clock(posts, found) if names & set(clock.CLOCK) else found


def lineage(columns: Set[str]) -> set[str]:
    """Canonical columns behind columns that expressions read, totals or not."""
    of_mixes = mixes.sources()
    found: set[str] = set()
    for column in columns:
        if column in SUMS:
            found |= set(SUMS[column].meta.root_names())
        elif column in clock.CLOCK:
            found.add("week_hour")
        else:
            found |= of_mixes.get(column, {column})
    return measures.lineage(found)


def plan() -> str:
    """The totals as text, equal if and only if they are the same."""
    sums = "\n".join(f"{name}|{e}" for name, e in (COUNTS | SUMS).items())
    return "\n".join([measures.plan(), sums, mixes.plan(), clock.plan()])
