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
_OWN: Final = pl.col("own")
_TARGET: Final = pl.when(_REPOST).then("target_account_id")
_SOURCES: Final = _TARGET.drop_nulls().unique_counts().cast(pl.Int64)
_ENGAGED: Final = _OWN & (pl.col("engagement") > 0)
_INSTANT: Final = _REPOST & pl.col("latency").is_between(0, 1)

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
        expr=pl.col("kind_switch").sum() / pl.col("kind_switch").count(),
        evidence=pl.col("kind_switch"),
        direction=0,
        label="Changes between kinds of action",
        description="Share of consecutive posts whose kinds differ.",
        limitation="Within one minute the order of posts is not known.",
        missing="Fewer than five posts with a time, or no times at all.",
        reasons=("field_absent", "too_few_posts"),
        counted="dated",
    ),
    _action(
        name="action_mentions_per_post",
        expr=pl.col("mention_count").sum() / _POSTS,
        evidence=pl.col("mention_count") > 0,
        among=_OWN,
        unit="mentions",
        range=(0, None),
        direction=0,
        label="Mentions a post",
        description="Mentions of other accounts in the account's own posts, over all "
        "its posts.",
        limitation="High in lively conversations.",
        missing="Fewer than five posts are known, or their texts are not.",
        reasons=("field_absent", "too_few_posts"),
    ),
    _action(
        name="action_top_source_share",
        expr=_SOURCES.max().fill_null(0) / _POSTS,
        # The first by id if several are reposted as often.
        evidence=_TARGET.eq(_TARGET.drop_nulls().mode().min()),
        among=_REPOST,
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
        expr=(_SOURCES * (_SOURCES - 1)).sum() / (_POSTS * (_POSTS - 1)),
        evidence=_TARGET.is_not_null() & _TARGET.is_duplicated(),
        among=_REPOST,
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
        expr=_INSTANT.sum() / _POSTS,
        evidence=_INSTANT,
        among=_REPOST,
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
        expr=_ENGAGED.sum() / _POSTS,
        evidence=_ENGAGED,
        among=_OWN,
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
        expr=(pl.col("engagement").filter(_OWN).sum() / _POSTS).log1p(),
        evidence=_ENGAGED,
        among=_OWN,
        unit="ln(1 + reactions)",
        range=(0, 29),
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
