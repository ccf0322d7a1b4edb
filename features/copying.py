"""Copying: other people's words passed on as one's own."""

from functools import partial
from typing import Final

import polars as pl

from features.feature import Feature

_copying = partial(
    Feature,
    group="copying",
    family="content",
    table="totals",
    among=pl.col("own"),
    unit="share",
    range=(0, 1),
    direction=1,
    missing="Fewer than five posts are known, or their texts are not.",
    reasons=("field_absent", "too_few_posts"),
    min_posts=5,
    cost=1,
)

_POSTS: Final = pl.col("posts")

COPYING: Final = (
    _copying(
        name="copying_by_hand_share",
        expr=pl.col("passed_on_total") / _POSTS,
        evidence=pl.col("passed_on"),
        label="Posts passed on by hand",
        description="Share of posts that carry signs of passing on somebody's post "
        "(RT or via before a name, a quotation that begins with a name) and are not "
        "marked as a repost or quote.",
        limitation="The custom before platforms had a button for it.",
        cost=0,
    ),
    _copying(
        name="copying_prominent_share",
        table="posts",
        expr=pl.col("copied").mean(),
        evidence=pl.col("copied"),
        label="Prominent posts word for word",
        description="Share of posts that repeat, word for word and without naming it, "
        "an earlier post of thirty characters or more by one of the most widely read "
        "training accounts.",
        limitation="The index is old and small: few copies are found, and quotations "
        "and proverbs are taken for copies, but nothing of the minute of the original. "
        "Archives whose clocks differ by hours hide what was copied within them; an "
        "account of the index under another id copies itself if it repeats itself.",
        missing="No index was fitted, fewer than five posts are known, or their texts "
        "or times are not.",
        reasons=("artefact_absent", "field_absent", "too_few_posts", "undefined"),
        tier="F",
    ),
)
