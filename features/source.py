"""Source: whom an account reposts, answers and mentions, and how soon.

Gini coefficient and the number of sources are left out: both count the posts. The
chance that two draws agree and the distinct ones among ten draws do not.
"""

from functools import partial
from typing import Final

import polars as pl

from features.feature import Feature

_source = partial(
    Feature,
    group="source",
    family="amplification",
    table="totals",
    unit="share",
    range=(0, 1),
    missing="Fewer than ten posts, or the reposted accounts are not known.",
    reasons=("field_absent", "too_few_posts"),
    min_posts=10,
    cost=1,
)

_REPOST: Final = pl.col("kind") == "repost"
_REPLY: Final = pl.col("kind") == "reply"
_REPOSTED: Final = pl.when(_REPOST).then("target_account_id")
_ANSWERED: Final = pl.when(_REPLY).then("target_account_id")
_MENTIONED: Final = pl.col("first_mention")
_POSTS: Final = pl.col("posts")
_INSTANT: Final = _REPOST & pl.col("latency").is_between(0, 1)
_AT_ONCE: Final = _REPOST & (pl.col("latency") == 0)


def _twice(key: pl.Expr) -> pl.Expr:
    return key.is_not_null() & key.is_duplicated()


def _first(key: pl.Expr) -> pl.Expr:
    """The first of each."""
    return key.is_not_null() & key.is_first_distinct()


def _quickest(kind: pl.Expr) -> pl.Expr:
    """The half of them that waited least."""
    waited = kind & (pl.col("latency") >= 0)
    return waited & (pl.col("latency") <= pl.col("latency").filter(waited).median())


SOURCE: Final = (
    _source(
        name="source_top_share",
        expr=pl.col("sources_most") / _POSTS,
        # The first by id if several are reposted as often.
        evidence=_REPOSTED.eq(_REPOSTED.drop_nulls().mode().min()),
        among=_REPOST,
        direction=1,
        label="Reposts of one account",
        description="Share of posts that repost the one account reposted most.",
        limitation="Fans of one idol look the same here.",
        missing="Fewer than fifty posts, or the reposted accounts are not known.",
        # The greatest of many shares is high by chance in short histories.
        min_posts=50,
    ),
    _source(
        name="source_repeat_share",
        expr=pl.col("sources_pairs") / (_POSTS * (_POSTS - 1)),
        evidence=_twice(_REPOSTED),
        among=_REPOST,
        direction=1,
        label="Returning to the same sources",
        description="Chance that two posts drawn at random repost the same account.",
        limitation="Fans of one idol look the same here.",
    ),
    _source(
        name="source_instant_share",
        expr=pl.col("reposts_instant") / _POSTS,
        evidence=_INSTANT,
        among=_REPOST,
        direction=1,
        label="Reposts within a minute",
        description="Share of posts that repost something at most a minute old.",
        limitation="Notifications let honest fans be that quick now and then.",
        missing="Fewer than ten posts, or the originals' times are not known.",
    ),
    _source(
        name="source_at_once_share",
        expr=pl.col("reposts_at_once") / _POSTS,
        evidence=_AT_ONCE,
        among=_REPOST,
        direction=1,
        label="Reposts in the same minute",
        description="Share of posts that repost something of the same minute.",
        limitation="Notifications let honest fans be that quick now and then.",
        missing="Fewer than ten posts, or the originals' times are not known.",
    ),
    _source(
        name="source_reposts_repeat_share",
        expr=pl.col("sources_repeat"),
        evidence=_twice(_REPOSTED),
        among=_REPOST,
        direction=1,
        label="Reposts of the same accounts",
        description="Chance that two reposts drawn at random are of the same account.",
        limitation="Fans of one idol look the same here.",
        missing="Fewer than ten reposts, or the reposted accounts are not known.",
        counted="reposts",
        source="Simpson, Nature 163 (1949)",
    ),
    _source(
        name="source_reposts_distinct_share",
        expr=pl.col("sources_distinct"),
        evidence=_first(_REPOSTED),
        among=_REPOST,
        direction=-1,
        label="Different accounts reposted",
        description="How many different accounts ten reposts are of on average, over "
        "ten.",
        limitation="Fans of one idol look the same here.",
        missing="Fewer than twelve reposts, or the reposted accounts are not known.",
        counted="reposts",
        # Of twelve at least ten are known, which the measure needs.
        min_posts=12,
        source="Hurlbert, Ecology 52 (1971), equation 14",
    ),
    _source(
        name="source_repost_wait_log",
        expr=pl.col("repost_wait").log1p(),
        evidence=_quickest(_REPOST),
        among=_REPOST,
        unit="ln(1 + minutes)",
        range=(0, 23),
        direction=-1,
        label="Usual age of what is reposted",
        description="Median minutes from the original to the repost, logarithmic.",
        limitation="Depends on when people look at their feed.",
        missing="Fewer than five reposts, or the originals' times are not known or lie "
        "after them.",
        reasons=("field_absent", "too_few_posts", "undefined"),
        counted="reposts",
        min_posts=5,
    ),
    _source(
        name="source_reply_wait_log",
        expr=pl.col("reply_wait").log1p(),
        evidence=_quickest(_REPLY),
        among=_REPLY,
        unit="ln(1 + minutes)",
        range=(0, 23),
        direction=-1,
        label="Usual age of what is answered",
        description="Median minutes from a post to the reply, logarithmic.",
        limitation="Conversations are quick, customer service keeps hours.",
        missing="Fewer than five replies, or the times of what they answer are not "
        "known or lie after them.",
        reasons=("field_absent", "too_few_posts", "undefined"),
        counted="replies",
        min_posts=5,
    ),
    _source(
        name="source_replies_repeat_share",
        expr=pl.col("repliees_repeat"),
        evidence=_twice(_ANSWERED),
        among=_REPLY,
        direction=0,
        label="Replies to the same accounts",
        description="Chance that two replies drawn at random answer the same account.",
        limitation="Friends answer each other.",
        missing="Fewer than ten replies, or the accounts replied to are not known.",
        counted="replies",
        source="Simpson, Nature 163 (1949)",
    ),
    _source(
        name="source_replies_distinct_share",
        expr=pl.col("repliees_distinct"),
        evidence=_first(_ANSWERED),
        among=_REPLY,
        direction=0,
        label="Different accounts answered",
        description="How many different accounts ten replies answer on average, over "
        "ten.",
        limitation="Customer service answers somebody else each time.",
        missing="Fewer than twelve replies, or the accounts replied to are not known.",
        counted="replies",
        min_posts=12,
        source="Hurlbert, Ecology 52 (1971), equation 14",
    ),
    _source(
        name="source_mention_repeat_share",
        expr=pl.col("mentions_pairs") / (_POSTS * (_POSTS - 1)),
        evidence=_twice(_MENTIONED),
        among=pl.col("own"),
        direction=0,
        label="Mentions of the same account",
        description="Chance that two posts drawn at random are the account's own and "
        "mention the same account first.",
        limitation="Friends mention each other.",
        missing="Fewer than ten posts are known, or their mentions are not.",
    ),
)
