"""Action: what an account does with posts - writes, reposts, replies - and what it draws.

Shares are of all posts, not of the kind alone, so that an account that never reposts
has the value zero and not a gap that would itself tell the classes apart.
"""

from functools import partial
from math import log
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
_REPLY: Final = pl.col("kind") == "reply"
_OWN: Final = pl.col("own")


def _again_share(kind: str) -> pl.Expr:
    trials = pl.col(f"{kind}_second")
    return pl.when(trials >= 5).then(pl.col(f"{kind}_again") / trials)


def _told_share(own: str, aimless: str, of_kind: str) -> pl.Expr:
    """Share of all posts; null where of more than a tenth of the kind nobody is known."""
    told = 10 * pl.col(aimless) <= pl.col(of_kind)
    return pl.when(told).then(pl.col(own) / pl.col("posts"))


_again = partial(
    _action,
    table="totals",
    direction=0,
    counted="dated",
    min_posts=10,
    reasons=("field_absent", "too_few_posts", "undefined"),
)

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
        name="action_mix_entropy",
        table="totals",
        expr=pl.col("kinds_entropy") / log(4),
        # All but the usual ones: without these there is no mix.
        evidence=pl.col("kind") != pl.col("kind").mode().min(),
        unit="ratio",
        # The correction is at most 3 / (2 * 10 posts) nats.
        range=(0, 1.11),
        direction=0,
        label="Mix of actions",
        description="How evenly posts spread over originals, reposts, replies and "
        "quotes, 1 for perfectly even, corrected for the number of posts.",
        limitation="Some collectors do not mark quotes.",
        missing="Fewer than ten posts are known.",
        min_posts=10,
        source="Miller 1955 (bias correction)",
    ),
    _action(
        name="action_self_reply_share",
        table="totals",
        expr=_told_share("self_replies", "aimless_replies", "n_replies"),
        evidence=_REPLY & pl.col("of_itself"),
        among=_REPLY,
        direction=0,
        label="Replies to itself",
        description="Share of posts that answer a post of the account's own.",
        limitation="Threads are replies to oneself.",
        missing="Fewer than five posts, or the accounts replied to are not known but "
        "for their handles.",
        reasons=("field_absent", "too_few_posts"),
    ),
    _action(
        name="action_self_repost_share",
        table="totals",
        expr=_told_share("self_reposts", "aimless_reposts", "n_reposts"),
        evidence=_REPOST & pl.col("of_itself"),
        among=_REPOST,
        direction=1,
        label="Reposts of itself",
        description="Share of posts that repeat a post of the account's own.",
        limitation="Newsrooms repeat their own posts.",
        missing="Fewer than five posts, or the reposted accounts are not known but for "
        "their handles.",
        reasons=("field_absent", "too_few_posts"),
    ),
    _again(
        name="action_original_again_share",
        expr=_again_share("originals"),
        evidence=(pl.col("kind") == "original") & ~pl.col("kind_switch"),
        label="Originals in a row",
        description="Share of originals that directly follow an original post.",
        limitation="People who write a lot write in a row.",
        missing="Fewer than ten posts with a time, or fewer than five originals that follow "
        "another post.",
    ),
    _again(
        name="action_repost_again_share",
        expr=_again_share("reposts"),
        evidence=(pl.col("kind") == "repost") & ~pl.col("kind_switch"),
        label="Reposts in a row",
        description="Share of reposts that directly follow a repost.",
        limitation="Fans repost in a row.",
        missing="Fewer than ten posts with a time, or fewer than five reposts that follow "
        "another post.",
    ),
    _again(
        name="action_reply_again_share",
        expr=_again_share("replies"),
        evidence=(pl.col("kind") == "reply") & ~pl.col("kind_switch"),
        label="Replies in a row",
        description="Share of replies that directly follow a reply.",
        limitation="Conversations are replies in a row.",
        missing="Fewer than ten posts with a time, or fewer than five replies that follow "
        "another post.",
    ),
)
