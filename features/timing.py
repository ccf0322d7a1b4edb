"""Timing: the pauses between posts, in whole minutes.

The share of posts in one minute with others counts pauses of nought, not the posts of
the fullest minute: the greatest of many counts, over their number, falls as a history
grows although nobody changed. For the same reason there is no shortest pause and no
largest burst: quantiles at a fixed probability and the share in bursts stand for them.
The variation of pauses is the burstiness, which is it with the number of posts taken out.
"""

from functools import partial
from math import log
from typing import Final

import polars as pl

from features.feature import Feature
from features.totals import quantile

_timing = partial(
    Feature,
    group="timing",
    family="timing",
    table="totals",
    counted="dated",
    missing="Too few posts with a time, or no times at all.",
    reasons=("field_absent", "too_few_posts"),
)

_GAP: Final = pl.col("gap")


def _spread(count: str, total: str, squares: str) -> pl.Expr:
    """Squared count times variance; products of exact sums pass 64 bits."""
    one, two, three = (pl.col(name).cast(pl.Int128) for name in (count, total, squares))
    return (one * three - two * two).cast(pl.Float64)


def _around(probability: float) -> pl.Expr:
    """Posts on both sides of the pauses that are as long as this quantile."""
    pause = quantile(_GAP, probability)
    return _GAP.eq(pause) | pl.col("next_gap").eq(pause)


# Standard deviation over mean.
_RATIO: Final = _spread("gaps", "gap_sum", "gap_squares").sqrt() / pl.col("gap_sum")
_MORE: Final = (pl.col("gaps") + 1).sqrt()
_LESS: Final = (pl.col("gaps") - 1).sqrt()

_COVARIANCE: Final = (
    pl.col("gap_pairs").cast(pl.Int128) * pl.col("gap_products")
    - pl.col("gap_before_sum").cast(pl.Int128) * pl.col("gap_after_sum")
).cast(pl.Float64)
_BEFORE: Final = _spread("gap_pairs", "gap_before_sum", "gap_before_squares")
_AFTER: Final = _spread("gap_pairs", "gap_after_sum", "gap_after_squares")

TIMING: Final = (
    _timing(
        name="timing_gap_median_log",
        expr=pl.col("gap_median").log1p(),
        evidence=_around(0.5),
        unit="ln(1 + minutes)",
        range=(0, 18),
        direction=0,
        label="Usual pause between posts",
        description="Median pause between consecutive posts, logarithmic.",
        limitation="Depends on how much of the history is known.",
        min_posts=5,
        cost=1,
    ),
    _timing(
        name="timing_gap_low_log",
        expr=pl.col("gap_p10").log1p(),
        evidence=_GAP.le(quantile(_GAP, 0.1)),
        unit="ln(1 + minutes)",
        range=(0, 18),
        direction=-1,
        label="Short pauses",
        description="Pause that about one in ten pauses does not exceed, logarithmic.",
        limitation="Conversations and live events make short pauses too.",
        min_posts=10,
        cost=1,
    ),
    _timing(
        name="timing_burstiness",
        expr=(_MORE * _RATIO - _LESS) / ((_MORE - 2) * _RATIO + _LESS),
        unit="-1 to 1",
        range=(-1, 1),
        direction=0,
        label="Burstiness",
        description="Whether pauses are even (-1), random (0) or in bursts (1), "
        "corrected for the number of posts.",
        limitation="News days make bursts; schedulers make even pauses.",
        missing="Fewer than eleven dated posts, or all in one minute.",
        reasons=("field_absent", "too_few_posts", "undefined"),
        min_posts=11,
        cost=1,
        source="Kim and Jo, Physical Review E 94 (2016), equation 22",
    ),
    _timing(
        name="timing_memory",
        expr=_COVARIANCE / (_BEFORE.sqrt() * _AFTER.sqrt()),
        unit="-1 to 1",
        range=(-1, 1),
        direction=0,
        label="Memory of pauses",
        description="Correlation of each pause with the next one.",
        limitation="Noisy for short histories.",
        missing="Fewer than twenty dated posts, or pauses that never vary.",
        reasons=("field_absent", "too_few_posts", "undefined"),
        min_posts=20,
        cost=1,
        source="Goh and Barabasi, EPL 81 (2008), equation 3",
    ),
    _timing(
        name="timing_same_minute_share",
        expr=pl.col("gaps_zero") / pl.col("gaps"),
        evidence=(_GAP == 0) | (pl.col("next_gap") == 0),
        unit="share",
        range=(0, 1),
        direction=1,
        label="Posts in the same minute",
        description="Share of pauses that begin and end within one minute of the clock.",
        limitation="Threads and quick replies make them too.",
        min_posts=10,
        cost=0,
    ),
    _timing(
        name="timing_gap_mean_log",
        expr=(pl.col("gap_sum") / pl.col("gaps")).log1p(),
        # What carries a mean: pauses as long as it, and longer.
        evidence=_GAP.ge(_GAP.mean()),
        unit="ln(1 + minutes)",
        range=(0, 18),
        direction=0,
        label="Mean pause between posts",
        description="Mean pause between consecutive posts, logarithmic.",
        limitation="One long silence moves it.",
        min_posts=5,
        cost=1,
    ),
    _timing(
        name="timing_gap_high_log",
        expr=pl.col("gap_p90").log1p(),
        evidence=_GAP.ge(quantile(_GAP, 0.9)),
        unit="ln(1 + minutes)",
        range=(0, 18),
        direction=0,
        label="Long pauses",
        description="Pause that about nine in ten pauses do not exceed, logarithmic.",
        limitation="Holidays and rest days make long pauses.",
        min_posts=10,
        cost=2,
    ),
    _timing(
        name="timing_gap_spread_log",
        expr=pl.col("gap_p75").log1p() - pl.col("gap_p25").log1p(),
        evidence=_around(0.25) | _around(0.75),
        unit="log ratio",
        range=(0, 18),
        direction=-1,
        label="Spread of pauses",
        description="How far apart the pauses are that a quarter and three quarters of "
        "pauses do not exceed, logarithmic.",
        limitation="Schedulers of honest firms keep even pauses.",
        min_posts=10,
        cost=1,
    ),
    _timing(
        name="timing_gap_entropy",
        expr=pl.col("pause_sizes_entropy") / log(21),
        unit="ratio",
        # The correction is at most 20 / (2 * 19 pauses) nats.
        range=(0, 1.2),
        direction=0,
        label="Variety of pauses",
        description="How evenly pauses spread over 21 sizes, each twice the one before, "
        "1 for perfectly even, corrected for the number of posts.",
        limitation="Shared accounts mix the habits of several people.",
        min_posts=20,
        cost=1,
        source="Miller 1955 (bias correction)",
    ),
    _timing(
        name="timing_gap_repeat_share",
        expr=pl.when(pl.col("pauses_count") >= 10).then(pl.col("pauses_repeat")),
        # The posts after them.
        evidence=(pl.col("gap") >= 5) & pl.col("gap").is_duplicated(),
        unit="share",
        range=(0, 1),
        direction=1,
        label="Pauses of equal length",
        description="Chance that two pauses of five minutes or longer are equally long "
        "to the minute.",
        limitation="Honest feeds and firms post by the clock too.",
        missing="Fewer than twenty dated posts, or fewer than ten such pauses.",
        reasons=("field_absent", "too_few_posts", "undefined"),
        min_posts=20,
        cost=0,
        source="Simpson, Nature 163 (1949)",
    ),
    _timing(
        name="timing_burst_share",
        # No pause is shorter than none.
        expr=pl.when(pl.col("gap_sum") > 0).then(
            pl.col("burst_posts") / pl.col("dated")
        ),
        evidence=pl.col("in_burst"),
        unit="share",
        range=(0, 1),
        direction=0,
        label="Posts in bursts",
        description="Share of posts in runs of three or more whose pauses are shorter "
        "than an hour and than a quarter of the account's mean pause.",
        limitation="Threads, conversations and live events come in bursts.",
        missing="Fewer than twenty dated posts, or all in one minute.",
        reasons=("field_absent", "too_few_posts", "undefined"),
        min_posts=20,
        cost=1,
    ),
)
