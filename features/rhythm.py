"""Rhythm: the hours and minutes at which an account posts, whatever the time zone.

Days and weeks are counted from the account's own first post, never from the calendar.
"""

from functools import partial
from math import log
from typing import Final

import polars as pl

from features.clock import FEWEST
from features.day_curve import COLUMN, LEAST
from features.feature import Feature
from features.measures import WAVE

_rhythm = partial(
    Feature,
    group="rhythm",
    family="timing",
    table="totals",
    unit="share",
    range=(0, 1),
    counted="dated",
    missing="Too few posts with a time, or no times at all.",
    reasons=("field_absent", "too_few_posts"),
)
_may_be_undefined = partial(
    _rhythm, reasons=("field_absent", "too_few_posts", "undefined")
)

_DATED: Final = pl.col("dated")
_FRESH: Final = pl.col("round_minutes_count")
_MINUTE_OF_HOUR: Final = pl.when(pl.col("fresh")).then(pl.col("minute") % 60)
_SLOT: Final = (pl.col("minute") // 15) % 96


def _on_both(unit: str, share: pl.Expr) -> pl.Expr:
    """The share, where both halves of the days or weeks have posts enough."""
    return pl.when(pl.col(f"fewest_in_{unit}") >= FEWEST).then(share)


def _strength(period: int) -> pl.Expr:
    """How closely posts keep to one time of the period: 0 not at all, 1 exactly.

    Squared length of the mean of the posts as points on a circle, without what chance
    adds to it; below 0 where posts avoid each other.

    Source: Mardia and Jupp, Directional Statistics (2000), 2.3; unbiased for any number.
    """
    cosines, sines = (
        pl.col(f"wave_{period}_{name}") / WAVE for name in ("cosines", "sines")
    )
    return (cosines * cosines + sines * sines - _FRESH) / (_FRESH * (_FRESH - 1))


def _nearest(*periods: int) -> pl.Expr:
    """The half of the posts that lie nearest to the mean one: these add most to it."""
    added = pl.sum_horizontal(
        pl.col(name) * (pl.col(name).sum() / WAVE)
        for period in periods
        for name in (f"cosine_{period}", f"sine_{period}")
    )
    fresh = pl.col("fresh")
    return fresh & (added >= added.filter(fresh).median())


RHYTHM: Final = (
    _rhythm(
        name="rhythm_five_minute_share",
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
    _rhythm(
        name="rhythm_hour_entropy",
        expr=pl.col("hours_entropy") / log(24),
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
    _rhythm(
        name="rhythm_quiet_share",
        expr=_on_both("days", pl.col("quiet_posts") / _DATED),
        evidence=pl.col("in_quiet"),
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
    _may_be_undefined(
        name="rhythm_office_share",
        expr=_on_both("weeks", pl.col("office_posts") / _DATED),
        evidence=pl.col("in_office"),
        direction=1,
        label="Posts in office hours",
        description="Share of posts in the busiest nine hours of five days in a row, "
        "chosen on every other week and counted on the weeks between (by chance: 0.27).",
        limitation="Press offices and people who post at work keep office hours.",
        missing="Fewer than fifty dated posts, or hardly any in every other week.",
        min_posts=50,
        cost=2,
    ),
    _may_be_undefined(
        name="rhythm_rest_share",
        expr=_on_both("weeks", pl.col("silent_posts") / _DATED),
        evidence=pl.col("in_rest"),
        direction=-1,
        label="Posts on the two days of rest",
        description="Share of posts in the quietest 48 hours of the week, chosen on "
        "every other week and counted on the weeks between (by chance: 0.29).",
        limitation="Many people keep a weekend or a day of rest.",
        missing="Fewer than fifty dated posts, or hardly any in every other week.",
        min_posts=50,
        cost=2,
    ),
    _may_be_undefined(
        name="rhythm_noon_share",
        expr=_on_both(
            "days",
            pl.when(pl.col("block_posts") >= 2 * FEWEST).then(
                pl.col("noon_posts") / pl.col("block_posts")
            ),
        ),
        evidence=pl.col("at_noon"),
        direction=-1,
        label="Posts in the middle of the busy hours",
        description="Share of the posts of the busiest nine hours of the day that fall "
        "in the middle one (by chance: 0.11; less where a break is kept).",
        limitation="Many people post most in their own lunch break.",
        missing="Fewer than fifty dated posts, or hardly any in the busiest hours of "
        "every other day.",
        min_posts=50,
        cost=2,
    ),
    _may_be_undefined(
        name="rhythm_minute_repeat_share",
        expr=pl.when(pl.col("round_minutes_count") >= 10).then(
            pl.col("round_minutes_repeat")
        ),
        # Those of its usual minute, the first of the hour if there are several.
        evidence=_MINUTE_OF_HOUR.eq(_MINUTE_OF_HOUR.drop_nulls().mode().min()),
        direction=1,
        label="Posts at the same minute of the hour",
        description="Chance that two posts, of those that are alone or first in their "
        "minute, stand at the same minute of the hour (by chance: 0.017).",
        limitation="Honest feeds and firms post by the clock too.",
        missing="Fewer than twenty dated posts, or fewer than ten different minutes.",
        min_posts=20,
        cost=0,
        source="Simpson, Nature 163 (1949)",
    ),
    _rhythm(
        name="rhythm_slot_distinct_share",
        expr=pl.col("slots_distinct"),
        evidence=_SLOT.is_first_distinct() & _SLOT.is_not_null(),
        direction=0,
        label="Different quarter hours of the day",
        description="How many different quarter hours of the day ten posts of the "
        "account fall in on average, over ten.",
        limitation="People with fixed habits use few.",
        min_posts=10,
        cost=1,
        source="Hurlbert, Ecology 52 (1971), equation 14",
    ),
    _may_be_undefined(
        name="rhythm_day_strength",
        expr=pl.when(_FRESH >= 10).then(_strength(1_440)),
        evidence=_nearest(1_440),
        unit="strength",
        range=(-0.2, 1),
        direction=0,
        label="Keeping to one time of day",
        description="How closely posts gather around one time of the day: 0 not at all, "
        "1 exactly, corrected for the number of posts.",
        limitation="Shared accounts and travellers have no time of day.",
        missing="Fewer than twenty dated posts, or fewer than ten different minutes.",
        min_posts=20,
        cost=2,
        source="Mardia and Jupp, Directional Statistics (2000), 2.3",
    ),
    _may_be_undefined(
        name="rhythm_week_strength",
        expr=pl.when(_FRESH >= 10).then(_strength(10_080)),
        evidence=_nearest(10_080),
        unit="strength",
        range=(-0.2, 1),
        direction=0,
        label="Keeping to one part of the week",
        description="How closely posts gather around one moment of the week: 0 not at "
        "all, 1 exactly, corrected for the number of posts.",
        limitation="High for any history shorter than a week.",
        missing="Fewer than twenty dated posts, or fewer than ten different minutes.",
        min_posts=20,
        cost=2,
        source="Mardia and Jupp, Directional Statistics (2000), 2.3",
    ),
    _may_be_undefined(
        name="rhythm_clock_strength",
        expr=pl.when(_FRESH >= 10).then(
            (_strength(15) + _strength(30) + _strength(60)) / 3
        ),
        evidence=_nearest(15, 30, 60),
        unit="strength",
        range=(-0.2, 1),
        direction=1,
        label="Keeping to the clock",
        description="How closely posts keep to one minute of the quarter, half and whole "
        "hour: 0 not at all, 1 exactly, corrected for the number of posts.",
        limitation="Honest feeds and firms post by the clock too.",
        missing="Fewer than twenty dated posts, or fewer than ten different minutes.",
        min_posts=20,
        cost=0,
        source="Mardia and Jupp, Directional Statistics (2000), 2.3",
    ),
    _rhythm(
        name="rhythm_circadian_distance",
        expr=pl.col(COLUMN),
        unit="1 minus overlap",
        range=(-5, 1),
        direction=1,
        label="Distance from the usual day",
        description="How little the hours of the day at which the account posts overlap "
        "with those of training accounts on average, turned until they agree best: 0 the "
        "same, 1 nothing in common; turned on every other day and counted on the days "
        "between.",
        limitation="Shift workers, newsrooms and travellers keep other days; the usual "
        "day is that of the archives trained on.",
        missing="No table was fitted, fewer than fifty dated posts, or hardly any on "
        "every other day.",
        reasons=("artefact_absent", "field_absent", "too_few_posts", "undefined"),
        min_posts=LEAST,
        cost=2,
        tier="F",
        source="Morisita 1959 (overlap)",
    ),
)
