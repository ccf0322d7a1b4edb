"""Life cycle: silences, returns, and change between the halves of a history."""

from functools import partial
from typing import Final

import polars as pl

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
_SPAN: Final = pl.col("last_post") - _FIRST
_MIDDLE: Final = (_MINUTE.max() + _MINUTE.min()) / 2
_LATE: Final = (pl.col("minute") > _MIDDLE).sum().cast(pl.Float64)
_EARLY: Final = (pl.col("minute") <= _MIDDLE).sum().cast(pl.Float64)

LIFE: Final = (
    _life(
        name="life_longest_silence_share",
        expr=pl.col("gap_longest") / _SPAN,
        # The posts on both sides of it.
        evidence=(pl.col("gap") == pl.col("gap").max())
        | (pl.col("next_gap") == pl.col("gap").max()),
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
        expr=((_LATE + 1) / (_EARLY + 1)).log(),
        unit="log ratio",
        range=(-10, 10),
        direction=0,
        label="Later against earlier activity",
        description="Posts in the later half of the known time against the earlier "
        "half, logarithm of the ratio.",
        limitation="A cap on the history flattens it; people's habits change.",
        missing="Fewer than twenty dated posts.",
        min_posts=20,
        cost=2,
    ),
    _life(
        name="life_span_log_days",
        expr=(_SPAN / 1440).log1p(),
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
            ((_FIRST - pl.col("created_minute")) / 1440).log1p()
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
)
