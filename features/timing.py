"""Timing: the rhythm of posting, in whole minutes, whatever the time zone."""

from functools import partial
from math import log
from typing import Final

import polars as pl

from features.feature import Feature

_timing = partial(
    Feature,
    group="timing",
    family="timing",
    table="posts",
    counted="dated",
    missing="Too few posts with a time, or no times at all.",
    reasons=("field_absent", "too_few_posts"),
)

_GAP: Final = pl.col("gap")
_GAPS: Final = _GAP.count().cast(pl.Float64)


def _product(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    # Sums of integers, exact whatever the order; their products pass 64 bits.
    return left.cast(pl.Int128) * right.cast(pl.Int128)


_GAP_COUNT: Final = _GAP.count()
_SUM: Final = _GAP.sum()
# Standard deviation over mean.
_RATIO: Final = (_product(_GAP_COUNT, (_GAP * _GAP).sum()) - _product(_SUM, _SUM)).cast(
    pl.Float64
).sqrt() / _SUM.cast(pl.Float64)

_PAIRED: Final = pl.col("next_gap").is_not_null() & _GAP.is_not_null()
_X: Final = _GAP.filter(_PAIRED)
_Y: Final = pl.col("next_gap").filter(_PAIRED)
_PAIRS: Final = _PAIRED.sum()
_COVARIANCE: Final = _product(_PAIRS, (_X * _Y).sum()) - _product(_X.sum(), _Y.sum())
_VARIANCE_X: Final = _product(_PAIRS, (_X * _X).sum()) - _product(_X.sum(), _X.sum())
_VARIANCE_Y: Final = _product(_PAIRS, (_Y * _Y).sum()) - _product(_Y.sum(), _Y.sum())

_DATED: Final = pl.col("minute").count().cast(pl.Int64)
_HOURS: Final = [(pl.col("hour") == hour).sum().cast(pl.Int64) for hour in range(24)]


# Whole thousand-millionths: integer sums are the same whichever hour comes first.
_UNIT: Final = 1_000_000_000


def _count_log(count: pl.Expr) -> pl.Expr:
    return (count * count.clip(1).log() * _UNIT).round().cast(pl.Int64)


# H = (n ln n - sum of c ln c) / n over the counts c of the hours.
_HOUR_ENTROPY: Final = (
    (_count_log(_DATED) - pl.sum_horizontal(_count_log(count) for count in _HOURS))
    / (_DATED * _UNIT)
    # Miller-Madow: (occupied bins - 1) / (2 n).
    + (pl.sum_horizontal((count > 0).cast(pl.Int64) for count in _HOURS) - 1)
    / (2 * _DATED)
) / log(24)

_QUIETEST: Final = pl.min_horizontal(
    pl.sum_horizontal(_HOURS[(start + step) % 24] for step in range(6))
    for start in range(24)
)

TIMING: Final = (
    _timing(
        name="timing_gap_median_log",
        expr=_GAP.median().log1p(),
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
        expr=_GAP.quantile(0.1, "nearest").log1p(),
        evidence=_GAP.le(_GAP.quantile(0.1, "nearest")),
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
        expr=(
            ((_GAPS + 1).sqrt() * _RATIO - (_GAPS - 1).sqrt())
            / (((_GAPS + 1).sqrt() - 2) * _RATIO + (_GAPS - 1).sqrt())
        ),
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
        expr=pl.when((_VARIANCE_X > 0) & (_VARIANCE_Y > 0)).then(
            _COVARIANCE.cast(pl.Float64)
            / (
                _VARIANCE_X.cast(pl.Float64).sqrt()
                * _VARIANCE_Y.cast(pl.Float64).sqrt()
            )
        ),
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
        expr=(_GAP == 0).sum() / _GAPS,
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
        name="timing_five_minute_share",
        expr=(pl.col("minute") % 5 == 0).sum() / _DATED,
        evidence=pl.col("minute") % 5 == 0,
        unit="share",
        range=(0, 1),
        direction=1,
        label="Posts on round minutes",
        description="Share of posts at a minute divisible by five (by chance: 0.2).",
        limitation="Honest firms schedule their posts.",
        min_posts=20,
        cost=0,
    ),
    _timing(
        name="timing_hour_entropy",
        expr=_HOUR_ENTROPY,
        unit="ratio",
        range=(0, 1.2),
        direction=0,
        label="Spread over the day",
        description="How evenly posts spread over the 24 hours, 1 for perfectly even, "
        "corrected for the number of posts.",
        limitation="Shared accounts of newsrooms never sleep either.",
        min_posts=50,
        cost=1,
        source="Miller 1955 (bias correction)",
    ),
    _timing(
        name="timing_quiet_share",
        expr=_QUIETEST / _DATED,
        unit="share",
        range=(0, 0.25),
        direction=0,
        label="Posts in the quietest six hours",
        description="Share of posts in the six-hour stretch of the day with fewest.",
        limitation="Shift workers and shared accounts have no quiet night.",
        min_posts=50,
        cost=2,
    ),
    _timing(
        name="timing_active_day_share",
        expr=pl.col("new_day").sum() / (pl.col("day").max() + 1),
        unit="share",
        range=(0, 1),
        direction=0,
        label="Days with posts",
        description="Share of 24-hour blocks with a post, from the first post to the "
        "last.",
        limitation="Falls with the length of the known history.",
        min_posts=10,
        cost=1,
    ),
    _timing(
        name="timing_posts_per_active_day",
        expr=(_DATED / pl.col("new_day").sum()).log(),
        unit="ln(posts)",
        range=(0, 10),
        direction=0,
        label="Posts on a day with posts",
        description="Mean number of posts in a 24-hour block that has any, "
        "logarithmic.",
        limitation="News days and fandom make busy days.",
        min_posts=5,
        cost=1,
    ),
)
