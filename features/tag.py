"""Tag: how hashtags are used, never which.

Shares are of all posts, so that an account without hashtags has the value zero.
"""

from functools import partial
from typing import Final

import polars as pl

from features.feature import Feature
from features.words import STACK

# Posts with hashtags below which their mix says nothing.
_ENOUGH: Final = 5

_tag = partial(
    Feature,
    group="tag",
    family="content",
    table="totals",
    among=pl.col("kind").is_not_null(),
    unit="share",
    range=(0, 1),
    direction=1,
    missing="Fewer than ten posts are known, or their hashtags are not.",
    reasons=("field_absent", "too_few_posts"),
    min_posts=10,
    cost=0,
)

_POSTS: Final = pl.col("posts")
_SEQUENCE: Final = pl.col("tag_sequence")

TAG: Final = (
    _tag(
        name="tag_post_share",
        expr=pl.col("tagged_posts") / _POSTS,
        evidence=pl.col("hashtag_count") > 0,
        direction=0,
        label="Posts with hashtags",
        description="Share of posts that hold a hashtag.",
        limitation="Fashions differ between platforms and years.",
    ),
    _tag(
        name="tag_stack_share",
        expr=pl.col("stacked_posts") / _POSTS,
        evidence=pl.col("hashtag_count") >= STACK,
        label="Posts with many hashtags",
        description="Share of posts that hold four hashtags or more.",
        limitation="Photographers and small shops use many.",
    ),
    _tag(
        name="tag_sequence_repeat_chance",
        expr=pl.col("tag_rows_pairs") / (_POSTS * (_POSTS - 1)),
        evidence=_SEQUENCE.is_not_null() & _SEQUENCE.is_duplicated(),
        unit="chance",
        label="Returning to the same row of hashtags",
        description="Chance that two posts drawn at random hold the same two or more "
        "hashtags in the same order.",
        limitation="Fans of a programme write its hashtags week by week.",
    ),
    _tag(
        name="tag_mix_chance",
        expr=pl.when(pl.col("hashtags_count") >= _ENOUGH).then(
            1 - pl.col("hashtags_repeat")
        ),
        evidence=pl.col("first_tag").is_not_null(),
        unit="chance",
        direction=0,
        label="Mix of hashtags",
        description="Chance that two posts with hashtags, drawn at random, differ in "
        "the first one.",
        limitation="Any hobby has its own hashtag.",
        missing="Fewer than ten posts, fewer than five with hashtags, or hashtags not "
        "known.",
        reasons=("field_absent", "too_few_posts", "undefined"),
    ),
)
