"""Timing: the rhythm of posting, in whole minutes, whatever the time zone."""

from functools import partial
from math import log
from typing import Final

import polars as pl

from features.clock import FEWEST
from features.corrections import entropy
from features.feature import Feature

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
_DATED: Final = pl.col("dated")


def _spread(count: str, total: str, squares: str) -> pl.Expr:
    """Squared count times variance; products of exact sums pass 64 bits."""
    one, two, three = (pl.col(name).cast(pl.Int128) for name in (count, total, squares))
    return (one * three - two * two).cast(pl.Float64)


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
        name="timing_five_minute_share",
        expr=pl.col("on_fives") / _DATED,
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
        expr=entropy("hours") / log(24),
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
        expr=pl.when(pl.col("fewest_in_days") >= FEWEST).then(
            pl.col("quiet_posts") / _DATED
        ),
        unit="share",
        range=(0, 1),
        direction=0,
        label="Posts in the quiet hours",
        description="Share of posts in the quietest six hours of the day, chosen on "
        "every other day and counted on the days between (by chance: 0.25).",
        limitation="Shift workers and shared accounts have no quiet night.",
        missing="Fewer than fifty dated posts, or hardly any on every other day.",
        reasons=("field_absent", "too_few_posts", "undefined"),
        min_posts=50,
        cost=2,
    ),
    _timing(
        name="timing_active_day_share",
        expr=pl.col("days_active") / pl.col("days_known"),
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
        expr=(_DATED / pl.col("days_active")).log(),
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
