"""Days: posts by days, weeks and bouts, counted from the account's own first post."""

from functools import partial
from typing import Final

import polars as pl

from features.feature import Feature
from features.totals import quantile

_days = partial(
    Feature,
    group="days",
    family="timing",
    table="totals",
    counted="dated",
    missing="Too few posts with a time, or no times at all.",
    reasons=("field_absent", "too_few_posts"),
    cost=1,
)

_DATED: Final = pl.col("dated")
_ACTIVE: Final = pl.col("days_active")
_BOUTS: Final = pl.col("bouts")
_DAY: Final = pl.col("day")
_DAY_POSTS: Final = pl.col("day_posts")
# Posts that follow another of their bout.
_INSIDE: Final = pl.col("gap").is_not_null() & ~pl.col("new_bout")

# Days without which a share of days is chance.
_FEWEST: Final = 5


def _both_ends(follows: pl.Expr) -> pl.Expr:
    """Posts that follow another, and those that they follow."""
    return follows | follows.shift(-1, fill_value=False)


DAYS: Final = (
    _days(
        name="days_active_share",
        expr=pl.when(pl.col("days_known") - 2 >= _FEWEST).then(
            (_ACTIVE - 2) / (pl.col("days_known") - 2)
        ),
        # The first post of each.
        evidence=pl.col("new_day") & _DAY.is_between(0, _DAY.max(), closed="none"),
        unit="share",
        range=(0, 1),
        direction=0,
        label="Days with posts",
        description="Share of 24-hour blocks with a post, between those of the first "
        "post and the last.",
        limitation="Occasional users post on few days.",
        missing="Fewer than ten dated posts, or known for less than a week.",
        reasons=("field_absent", "too_few_posts", "undefined"),
        min_posts=10,
    ),
    _days(
        name="days_posts_log",
        expr=(_DATED / pl.col("days_active")).log(),
        # What carries a mean: days of as many posts, and more.
        evidence=_DAY_POSTS.forward_fill() >= _DAY_POSTS.mean(),
        unit="ln(posts)",
        range=(0, 10),
        direction=0,
        label="Posts on a day with posts",
        description="Mean number of posts in a 24-hour block that has any, "
        "logarithmic.",
        limitation="News days and fandom make busy days.",
        min_posts=5,
    ),
    _days(
        name="days_streak_share",
        expr=pl.when(_ACTIVE > _FEWEST).then(
            (_ACTIVE - pl.col("streaks")) / (_ACTIVE - 1)
        ),
        # The first post of each that follows another.
        evidence=pl.col("new_day") & ~pl.col("new_streak"),
        unit="share",
        range=(0, 1),
        direction=0,
        label="Days in a row",
        description="Share of days with posts that another such day follows.",
        limitation="Devoted people post every day.",
        missing="Fewer than ten dated posts, or posts on six days or fewer.",
        reasons=("field_absent", "too_few_posts", "undefined"),
        min_posts=10,
    ),
    _days(
        name="days_busy_log",
        expr=pl.when(_ACTIVE >= 10).then(
            (pl.col("day_p90") / pl.col("day_median")).log()
        ),
        evidence=pl.col("day_posts").forward_fill()
        >= quantile(pl.col("day_posts"), 0.9),
        unit="log ratio",
        range=(0, 10),
        direction=0,
        label="Busy days",
        description="Posts on the busiest tenth of days with posts against the median "
        "such day, logarithm of the ratio.",
        limitation="News and live events make busy days.",
        missing="Fewer than twenty dated posts, or posts on fewer than ten days.",
        reasons=("field_absent", "too_few_posts", "undefined"),
        min_posts=20,
    ),
    _days(
        name="days_week_spike_log",
        expr=pl.when((pl.col("weeks_active") >= 24) & (pl.col("week_deviation") > 0))
        .then(
            (pl.col("week_most") - pl.col("week_median"))
            / (1.4826 * pl.col("week_deviation"))
        )
        .log1p(),
        # The first of them, if there are several.
        evidence=pl.col("week") == pl.col("week").drop_nulls().mode().min(),
        unit="ln(1 + z)",
        range=(0, 10),
        direction=1,
        label="Busiest week",
        description="How far the busiest week stands above the median week with posts, "
        "in robust standard deviations, logarithmic.",
        limitation="Everybody posts more in a crisis.",
        missing="Fewer than 24 weeks with posts, or at least half of them alike.",
        reasons=("field_absent", "too_few_posts", "undefined"),
        min_posts=24,
    ),
    _days(
        name="days_clumping_log",
        expr=(
            pl.col("days_known") * pl.col("days_pairs") / (_DATED * (_DATED - 1))
        ).log(),
        evidence=_DAY.is_duplicated() & _DAY.is_not_null(),
        unit="log ratio",
        range=(-8, 16),
        direction=0,
        label="Posts that share a day",
        description="Chance that two posts fall on one day against what it would be if "
        "posts spread evenly from first to last, logarithm of the ratio.",
        limitation="Rises with pauses such as holidays.",
        missing="Fewer than twenty dated posts, or no two on one day.",
        reasons=("field_absent", "too_few_posts", "undefined"),
        min_posts=20,
    ),
    _days(
        name="days_bouts_log",
        expr=(_BOUTS / _ACTIVE).log(),
        evidence=pl.col("new_bout"),
        unit="ln(bouts)",
        range=(-5, 4),
        direction=0,
        label="Bouts a day",
        description="Bouts of posting (ended by a pause of half an hour) over days with "
        "posts, logarithmic.",
        limitation="People with a phone at hand post in many short bouts.",
        min_posts=20,
    ),
    _days(
        name="days_bout_posts_log",
        expr=(_DATED / _BOUTS).log(),
        evidence=_both_ends(_INSIDE),
        unit="ln(posts)",
        range=(0, 9),
        direction=0,
        label="Posts a bout",
        description="Mean number of posts in a bout of posting, logarithmic.",
        limitation="Conversations and threads make long bouts.",
        min_posts=20,
    ),
    _days(
        name="days_bout_minutes_log",
        expr=(pl.col("bout_minutes") / _BOUTS).log1p(),
        evidence=_both_ends(_INSIDE & (pl.col("gap") > 0)),
        unit="ln(1 + minutes)",
        range=(0, 12),
        direction=0,
        label="Length of a bout",
        description="Mean minutes from the first to the last post of a bout, "
        "logarithmic.",
        limitation="Conversations and live events make long bouts.",
        min_posts=20,
    ),
)
