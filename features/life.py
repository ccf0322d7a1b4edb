"""Life cycle: silences, returns, and how activity lies between first and last post.

The silence from the last post to the moment of judging is not measured: it says when
the account was collected, which differs between takedown archives and controls.
"""

from functools import partial
from typing import Final

import polars as pl

from features.change import AT_BREAK
from features.feature import Feature

_life = partial(
    Feature,
    group="life",
    family="life cycle",
    table="totals",
    counted="dated",
    reasons=("field_absent", "too_few_posts"),
)

_MINUTE: Final = pl.col("minute")
_FIRST: Final = pl.col("first_post")
_LAST: Final = pl.col("last_post")
_CREATED: Final = pl.col("created_minute")
_SPAN: Final = _LAST - _FIRST
_MIDDLE: Final = (_MINUTE.max() + _MINUTE.min()) / 2
_LATER: Final = _MINUTE > _MIDDLE
_LATE: Final = _LATER.sum().cast(pl.Float64)
_EARLY: Final = (pl.col("minute") <= _MIDDLE).sum().cast(pl.Float64)

# Posts on each side without which a rate is none.
_FEWEST: Final = 5


def _per_day(posts: str, minutes: pl.Expr) -> pl.Expr:
    # Days below one would make the rate of a single burst explode.
    return pl.col(posts) / (minutes / 1440).clip(1)


_whole = partial(
    _life,
    reasons=("history_incomplete", "field_absent", "too_few_posts", "undefined"),
    full_history=True,
    cost=2,
)
_LONGEST: Final = (pl.col("gap") == pl.col("longest_gap")) | (
    pl.col("next_gap") == pl.col("longest_gap")
)

LIFE: Final = (
    _life(
        name="life_longest_silence_share",
        expr=pl.col("gap_longest") / _SPAN,
        # The posts on both sides of it.
        evidence=_LONGEST,
        unit="share",
        range=(0, 1),
        direction=0,
        label="Longest silence",
        description="Longest pause as a share of the time from first to last post.",
        limitation="Holidays, illness, and honest sleepers who return.",
        missing="Fewer than twenty dated posts, or all in one minute.",
        reasons=("field_absent", "too_few_posts", "undefined"),
        min_posts=20,
        cost=2,
    ),
    _life(
        name="life_late_activity_log",
        table="posts",
        expr=pl.when(_MINUTE.max() > _MINUTE.min()).then(
            ((_LATE + 1) / (_EARLY + 1)).log()
        ),
        evidence=_LATER,
        unit="log ratio",
        range=(-10, 10),
        direction=0,
        label="Later against earlier activity",
        description="Posts in the later half of the known time against the earlier "
        "half, logarithm of the ratio.",
        limitation="A cap on the history flattens it; people's habits change.",
        missing="Fewer than fifty dated posts, or all in one minute.",
        reasons=("field_absent", "too_few_posts", "undefined"),
        min_posts=50,
        cost=2,
    ),
    _life(
        name="life_span_log_days",
        expr=(_SPAN / 1440).log1p(),
        evidence=_MINUTE.eq(_MINUTE.min()) | _MINUTE.eq(_MINUTE.max()),
        unit="ln(1 + days)",
        range=(0, 16),
        direction=0,
        label="Time covered by the posts",
        description="Days from the first known post to the last, logarithmic.",
        limitation="Depends on how much of the history is known.",
        missing="Fewer than five dated posts.",
        min_posts=5,
        cost=2,
    ),
    _life(
        name="life_birth_dormancy_log_days",
        expr=pl.when(pl.col("created_minute") <= _FIRST).then(
            ((_FIRST - _CREATED) / 1440).log1p()
        ),
        evidence=_MINUTE.eq(_MINUTE.min()),
        unit="ln(1 + days)",
        range=(0, 16),
        direction=1,
        label="Silence after creation",
        description="Days from creation to the first post, logarithmic.",
        limitation="Many honest people read for years before they post.",
        missing="The whole history or the creation date is not known, or the first post "
        "lies before it.",
        reasons=("history_incomplete", "field_absent", "too_few_posts", "undefined"),
        full_history=True,
        min_posts=1,
        cost=2,
    ),
    _whole(
        name="life_silence_log_days",
        expr=(pl.col("gap_longest") / 1440).log1p(),
        evidence=_LONGEST,
        unit="ln(1 + days)",
        range=(0, 11),
        direction=1,
        label="Length of the longest silence",
        description="Days of the longest pause between two posts, logarithmic.",
        limitation="Holidays, illness, and honest sleepers who return.",
        missing="The whole history is not known, or fewer than twenty dated posts.",
        reasons=("history_incomplete", "field_absent", "too_few_posts"),
        min_posts=20,
    ),
    _whole(
        name="life_silence_age_share",
        expr=pl.when((_FIRST >= _CREATED) & (_LAST > _CREATED)).then(
            pl.col("gap_longest") / (_LAST - _CREATED)
        ),
        evidence=_LONGEST,
        unit="share",
        range=(0, 1),
        direction=1,
        label="Longest silence in a life",
        description="Longest pause between two posts as a share of the time from "
        "creation to the last post.",
        limitation="Holidays, illness, and honest sleepers who return.",
        missing="The whole history or the creation date is not known, fewer than twenty "
        "dated posts, or one before the creation.",
        min_posts=20,
    ),
    _whole(
        name="life_months_silent_share",
        expr=pl.col("gap_months") / _SPAN,
        evidence=(pl.col("gap") >= 43_200) | (pl.col("next_gap") >= 43_200),
        unit="share",
        range=(0, 1),
        direction=1,
        label="Time spent in long silences",
        description="Share of the time from first to last post that lies in pauses of "
        "thirty days or more.",
        limitation="Occasional users are silent most of the time.",
        missing="The whole history is not known, fewer than twenty dated posts, or all "
        "in one minute.",
        min_posts=20,
    ),
    _whole(
        name="life_reactivation_log",
        expr=pl.when(pl.min_horizontal("before_posts", "after_posts") >= _FEWEST).then(
            (
                _per_day("after_posts", _LAST - pl.col("after_begin"))
                / _per_day("before_posts", pl.col("before_end") - _FIRST)
            ).log()
        ),
        evidence=AT_BREAK,
        unit="log ratio",
        range=(-24, 24),
        direction=1,
        label="Activity after the longest silence",
        description="Posts a day after the longest pause against posts a day before it, "
        "logarithm of the ratio.",
        limitation="Honest sleepers return with new energy too.",
        missing="The whole history is not known, fewer than twenty dated posts, or "
        "fewer than five on a side of the longest pause.",
        min_posts=20,
    ),
    _whole(
        name="life_centre_share",
        expr=pl.col("since_sum") / (pl.col("dated") * _SPAN),
        # Those that draw it towards the end.
        evidence=_LATER,
        unit="share",
        range=(0, 1),
        direction=0,
        label="Centre of activity",
        description="Where the mean post lies between the first (0) and the last (1).",
        limitation="People's habits change over the years.",
        missing="The whole history is not known, fewer than twenty dated posts, or all "
        "in one minute.",
        min_posts=20,
    ),
    _whole(
        name="life_first_month_share",
        expr=pl.col("first_month") / pl.col("dated"),
        evidence=_MINUTE - _MINUTE.min() < 43_200,
        unit="share",
        range=(0, 1),
        direction=0,
        label="Posts of the first month",
        description="Share of posts within thirty days of the first one.",
        limitation="1 for every account that is younger than that.",
        missing="The whole history is not known, or fewer than twenty dated posts.",
        reasons=("history_incomplete", "field_absent", "too_few_posts"),
        min_posts=20,
    ),
    _whole(
        name="life_first_repost_log_days",
        expr=((pl.col("first_repost") - _FIRST) / 1440).log1p(),
        evidence=(pl.col("kind") == "repost")
        & (
            pl.col("minute")
            == pl.col("minute").filter(pl.col("kind") == "repost").min()
        ),
        unit="ln(1 + days)",
        range=(0, 16),
        direction=-1,
        label="Time to the first repost",
        description="Days from the first post to the first repost, logarithmic.",
        limitation="People who found the account through a friend repost at once.",
        missing="The whole history is not known, fewer than five dated posts, or no "
        "dated repost.",
        min_posts=5,
    ),
    _whole(
        name="life_deleted_share",
        expr=pl.when(pl.col("posts_total") >= pl.col("posts")).then(
            1 - pl.col("posts") / pl.col("posts_total")
        ),
        unit="share",
        range=(0, 1),
        direction=1,
        label="Posts that are gone",
        description="Share of the posts that the platform counts which the whole "
        "history does not hold.",
        limitation="Many people clear old posts; the count may be of another moment.",
        missing="The whole history or the platform's count is not known, fewer than five "
        "posts, or a count that is smaller than the history.",
        counted="all",
        min_posts=5,
    ),
)
