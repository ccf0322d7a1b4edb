"""Action: what an account does with posts - writes, reposts, replies - and what it draws.

Shares are of all posts, not of the kind alone, so that an account that never reposts
has the value zero and not a gap that would itself tell the classes apart.
"""

from functools import partial
from typing import Final

import polars as pl

from features.feature import Feature

_action = partial(
    Feature,
    group="action",
    family="amplification",
    table="posts",
    unit="share",
    range=(0, 1),
    missing="Fewer than five posts are known.",
    reasons=("too_few_posts",),
    min_posts=5,
    cost=1,
)

_POSTS: Final = pl.len().cast(pl.Float64)
_REPOST: Final = pl.col("kind") == "repost"
_TARGET: Final = pl.col("target_account_id").filter(_REPOST)
_SOURCES: Final = _TARGET.drop_nulls().unique_counts().cast(pl.Int64)
_ENGAGED: Final = pl.col("own") & (pl.col("engagement") > 0)
_INSTANT: Final = _REPOST & pl.col("latency").is_between(0, 1)


def _if_known(column: str, among: pl.Expr, value: pl.Expr) -> pl.Expr:
    """The value, or null if `among` has posts and the column is null in all of them."""
    known = (among & pl.col(column).is_not_null()).any()
    return pl.when(known | ~among.any()).then(value)


ACTION: Final = (
    _action(
        name="action_repost_share",
        expr=_REPOST.sum() / _POSTS,
        evidence=_REPOST,
        direction=1,
        label="Reposts",
        description="Share of posts that repeat somebody else's post.",
        limitation="Fans and campaigners repost a lot.",
    ),
    _action(
        name="action_reply_share",
        expr=(pl.col("kind") == "reply").sum() / _POSTS,
        evidence=pl.col("kind") == "reply",
        direction=0,
        label="Replies",
        description="Share of posts that answer somebody.",
        limitation="Customer service only replies.",
    ),
    _action(
        name="action_quote_share",
        expr=(pl.col("kind") == "quote").sum() / _POSTS,
        evidence=pl.col("kind") == "quote",
        direction=0,
        label="Quotes",
        description="Share of posts that quote another post.",
        limitation="Some collectors do not mark quotes.",
    ),
    _action(
        name="action_kind_change_share",
        expr=(
            (pl.col("kind") != pl.col("kind").shift(1)).sum()
            / pl.when(_POSTS > 1).then(_POSTS - 1)
        ),
        direction=0,
        label="Changes between kinds of action",
        description="Share of consecutive posts whose kinds differ.",
        limitation="Follows from the mix of kinds where posts carry no times.",
        reasons=("too_few_posts", "undefined"),
    ),
    _action(
        name="action_mentions_per_post",
        expr=_if_known(
            "mention_count", pl.lit(True), pl.col("mention_count").sum() / _POSTS
        ),
        evidence=pl.col("mention_count") > 0,
        unit="mentions",
        range=(0, 500),
        direction=0,
        label="Mentions a post",
        description="Mean number of accounts mentioned in a post.",
        limitation="High in lively conversations.",
        missing="Fewer than five posts are known, or their texts are not.",
        reasons=("field_absent", "too_few_posts"),
    ),
    _action(
        name="action_top_source_share",
        expr=_if_known(
            "target_account_id", _REPOST, _SOURCES.max().fill_null(0) / _POSTS
        ),
        direction=1,
        label="Reposts of one account",
        description="Share of posts that repost the one account reposted most.",
        limitation="Fans of one idol look the same here.",
        missing="Fewer than ten posts, or the reposted accounts are not known.",
        reasons=("field_absent", "too_few_posts"),
        min_posts=10,
    ),
    _action(
        name="action_source_repeat_share",
        expr=_if_known(
            "target_account_id",
            _REPOST,
            (_SOURCES * (_SOURCES - 1)).sum() / (_POSTS * (_POSTS - 1)),
        ),
        direction=1,
        label="Returning to the same sources",
        description="Chance that two posts drawn at random repost the same account.",
        limitation="Fans of one idol look the same here.",
        missing="Fewer than ten posts, or the reposted accounts are not known.",
        reasons=("field_absent", "too_few_posts"),
        min_posts=10,
    ),
    _action(
        name="action_instant_repost_share",
        expr=_if_known("latency", _REPOST, _INSTANT.sum() / _POSTS),
        evidence=_INSTANT,
        direction=1,
        label="Reposts within a minute",
        description="Share of posts that repost something at most a minute old.",
        limitation="Notifications let honest fans be that quick now and then.",
        missing="Fewer than ten posts, or the originals' times are not known.",
        reasons=("field_absent", "too_few_posts"),
        min_posts=10,
    ),
    _action(
        name="action_engaged_share",
        expr=_if_known("engagement", pl.col("own"), _ENGAGED.sum() / _POSTS),
        evidence=_ENGAGED,
        direction=-1,
        label="Posts that drew a reaction",
        description="Share of posts that are the account's own and were liked or "
        "reposted at least once.",
        limitation="Depends on how long after posting the counts were read.",
        missing="Fewer than ten posts, or likes and reposts are not known.",
        reasons=("field_absent", "too_few_posts"),
        min_posts=10,
    ),
    _action(
        name="action_engagement_log",
        expr=_if_known(
            "engagement",
            pl.col("own"),
            (pl.col("engagement").filter(pl.col("own")).sum() / _POSTS).log1p(),
        ),
        unit="ln(1 + reactions)",
        range=(0, 20),
        direction=-1,
        label="Reactions drawn",
        description="Likes and reposts of the account's own posts, per post, "
        "logarithmic.",
        limitation="Reactions can be bought or traded inside a network.",
        missing="Fewer than ten posts, or likes and reposts are not known.",
        reasons=("field_absent", "too_few_posts"),
        min_posts=10,
    ),
)
