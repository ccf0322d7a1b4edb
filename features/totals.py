"""Totals: what an account's posts come to, computed once for many features.

A feature of table "totals" is cheap row-wise arithmetic on them. Each total is a whole
number (or a median of such): what is divided is divided in the feature.
"""

from collections.abc import Mapping, Set
from typing import Final

import polars as pl

from features import clock, day_curve, measures, mixes, words
from features.queries import as_written

_GAP: Final = pl.col("gap")
_MINUTE: Final = pl.col("minute")

_SINCE: Final = _MINUTE - pl.col("first_minute")
_REPOST: Final = pl.col("kind") == "repost"
_REPLY: Final = pl.col("kind") == "reply"


def _sum(condition: pl.Expr) -> pl.Expr:
    return condition.sum().cast(pl.Int64)


def quantile(key: pl.Expr, probability: float) -> pl.Expr:
    """The known value that so large a share of values lies below on average.

    The usual definitions lie too near the median when there are few values.

    Source: Weibull 1939; Hyndman and Fan, The American Statistician 50 (1996), type 6,
    without interpolation.
    """
    count = key.count().cast(pl.Int64)
    place = ((count + 1) * probability).round().cast(pl.Int64).clip(1, count)
    return key.sort(nulls_last=True).get(place - 1, null_on_oob=True)


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
    "gaps_zero": _sum(_GAP == 0),
    "gap_p10": quantile(_GAP, 0.1),
    "gap_p25": quantile(_GAP, 0.25),
    "gap_median": _GAP.median(),
    "gap_p75": quantile(_GAP, 0.75),
    "gap_p90": quantile(_GAP, 0.9),
    "gap_longest": _GAP.max(),
    "gap_months": _GAP.filter(_GAP >= 43_200).sum(),
    "gap_pairs": pl.col("gap_product").count().cast(pl.Int64),
    "gap_products": pl.col("gap_product").sum(),
    "gap_before_sum": pl.col("gap_before").sum(),
    "gap_before_squares": (pl.col("gap_before") * pl.col("gap_before")).sum(),
    "gap_after_sum": pl.col("gap_after").sum(),
    "gap_after_squares": (pl.col("gap_after") * pl.col("gap_after")).sum(),
    "burst_posts": _sum(pl.col("in_burst")),
    "bouts": _sum(pl.col("new_bout")),
    "bout_minutes": _GAP.filter(~pl.col("new_bout")).sum(),
    "dated": _MINUTE.count().cast(pl.Int64),
    "on_fives": _sum(_MINUTE % 5 == 0),
    "days_active": _sum(pl.col("new_day")),
    "days_known": pl.col("day").max() + 1,
    "day_median": pl.col("day_posts").median(),
    "day_p90": quantile(pl.col("day_posts"), 0.9),
    "streaks": _sum(pl.col("new_streak")),
    "weeks_active": _sum(pl.col("new_week")),
    "week_most": pl.col("week_posts").max(),
    "week_median": pl.col("week_posts").median(),
    "week_deviation": (pl.col("week_posts") - pl.col("week_posts").median())
    .abs()
    .median(),
    "first_post": _MINUTE.min(),
    "last_post": _MINUTE.max(),
    **words.SUMS,
    "since_sum": _SINCE.sum(),
    "first_month": _sum(_SINCE < 43_200),
    "before_posts": _sum(~pl.col("returned")),
    "after_posts": _sum(pl.col("returned")),
    "before_end": _MINUTE.filter(~pl.col("returned")).max(),
    "after_begin": _MINUTE.filter(pl.col("returned")).min(),
    "first_repost": _MINUTE.filter(_REPOST).min(),
    "posts": pl.len().cast(pl.Int64),
    "self_replies": _sum(_REPLY & pl.col("of_itself")),
    "self_reposts": _sum(_REPOST & pl.col("of_itself")),
    "aimless_replies": _sum(_REPLY & pl.col("of_itself").is_null()),
    "aimless_reposts": _sum(_REPOST & pl.col("of_itself").is_null()),
    **{
        f"{name}_{end}": _sum((pl.col("kind") == kind) & met)
        for name, kind in (
            ("originals", "original"),
            ("reposts", "repost"),
            ("replies", "reply"),
        )
        for end, met in (
            ("second", pl.col("kind_switch").is_not_null()),
            ("again", ~pl.col("kind_switch")),
        )
    },
    "repost_wait": pl.col("latency")
    .filter(_REPOST & (pl.col("latency") >= 0))
    .median(),
    "reply_wait": pl.col("latency").filter(_REPLY & (pl.col("latency") >= 0)).median(),
    "reposts_instant": _sum(_REPOST & pl.col("latency").is_between(0, 1)),
    "reposts_at_once": _sum(_REPOST & (pl.col("latency") == 0)),
    "own_told": pl.col("engagement").filter(pl.col("own")).count().cast(pl.Int64),
    "own_noticed": _sum(pl.col("own") & (pl.col("engagement") > 0)),
    "own_unnoticed": _sum(pl.col("own") & (pl.col("engagement") == 0)),
    "own_engagement": pl.col("engagement").filter(pl.col("own")).sum(),
    # Of those posts alone whose likes are known too, or it could pass the engagement.
    "own_reposted": pl.col("reposted")
    .filter(pl.col("own") & pl.col("engagement").is_not_null())
    .sum(),
    "own_answers_told": pl.col("answers").filter(pl.col("own")).count().cast(pl.Int64),
    "own_answers": pl.col("answers").filter(pl.col("own")).sum(),
    **{
        f"wave_{period}_{name}s": pl.col(f"{name}_{period}").sum()
        for period in measures.PERIODS
        for name in ("cosine", "sine")
    },
}


def reduce(
    posts: pl.DataFrame, names: Set[str], others: Mapping[str, pl.Expr]
) -> pl.DataFrame:
    """A row an account that has posts: account_id, counts, the totals, the others.

    Args:
        posts: measured posts (features.measures).
        names: which totals.
        others: further expressions that reduce an account's posts to a value.
    """
    sums = {name: expr for name, expr in SUMS.items() if name in names}
    found = as_written(
        posts.lazy()
        # By the place, which is in order: by the id they take a fifth longer.
        .group_by("account", maintain_order=True)
        .agg(pl.col("account_id").first(), **COUNTS, **sums, **others)
        .drop("account")
    )
    found = mixes.mix(posts, found, names)
    return clock.clock(posts, found) if names & set(clock.CLOCK) else found


def reads(names: Set[str]) -> set[str]:
    """Columns of measured posts that `reduce` reads for these totals."""
    of_mixes = mixes.sources()
    found = {"account_id", "account"}
    for expr in (*COUNTS.values(), *(SUMS[name] for name in names if name in SUMS)):
        found |= set(expr.meta.root_names())
    for name in names:
        found |= of_mixes.get(name, set())
    return found | set(clock.READ) if names & set(clock.CLOCK) else found


def lineage(columns: Set[str]) -> set[str]:
    """Canonical columns behind columns that expressions read, totals or not."""
    of_mixes, made = mixes.sources(), COUNTS | SUMS
    found: set[str] = set()
    for column in columns:
        if column in made:
            found |= set(made[column].meta.root_names())
        elif column in clock.CLOCK:
            found.add("week_hour")
        else:
            found |= of_mixes.get(column, {column})
    return measures.lineage(found)


def plan() -> str:
    """The totals as text, equal if and only if they are the same."""
    sums = "\n".join(f"{name}|{e}" for name, e in (COUNTS | SUMS).items())
    parts = [measures.plan(), sums, mixes.plan(), clock.plan(), day_curve.plan()]
    return "\n".join(parts)
