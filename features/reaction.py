"""Reaction: what an account's own posts draw from others."""

from functools import partial
from typing import Final

import polars as pl

from features.feature import Feature

_OWN: Final = pl.col("own")
_ENGAGED: Final = _OWN & (pl.col("engagement") > 0)
_POSTS: Final = pl.col("posts")
_TOLD: Final = pl.col("own_told")
_ANSWERS_TOLD: Final = pl.col("own_answers_told")

_reaction = partial(
    Feature,
    group="reaction",
    family="amplification",
    table="totals",
    among=_OWN,
    unit="share",
    range=(0, 1),
    missing="Fewer than ten posts, or likes and reposts are not known.",
    reasons=("field_absent", "too_few_posts"),
    min_posts=10,
    cost=1,
)

REACTION: Final = (
    _reaction(
        name="reaction_engaged_share",
        expr=pl.col("own_noticed") / _POSTS,
        evidence=_ENGAGED,
        direction=-1,
        label="Posts that drew a reaction",
        description="Share of posts that are the account's own and were liked or "
        "reposted at least once.",
        limitation="Depends on how long after posting the counts were read.",
    ),
    _reaction(
        name="reaction_per_post_log",
        expr=(pl.col("own_engagement") / _POSTS).log1p(),
        evidence=_ENGAGED,
        unit="ln(1 + reactions)",
        range=(0, 29),
        direction=-1,
        label="Reactions drawn",
        description="Likes and reposts of the account's own posts, per post, "
        "logarithmic.",
        limitation="Reactions can be bought or traded inside a network.",
    ),
    _reaction(
        name="reaction_none_share",
        expr=pl.when(_TOLD >= 5).then(pl.col("own_unnoticed") / _TOLD),
        evidence=_OWN & (pl.col("engagement") == 0),
        direction=1,
        label="Own posts that drew no reaction",
        description="Share of the account's own posts that were neither liked nor "
        "reposted.",
        limitation="Newcomers speak to nobody at first; depends on how long after "
        "posting the counts were read.",
        missing="Fewer than ten posts or five own ones, or likes and reposts are not "
        "known.",
        reasons=("field_absent", "too_few_posts", "undefined"),
    ),
    _reaction(
        name="reaction_per_own_log",
        expr=pl.when(_TOLD >= 5).then((pl.col("own_engagement") / _TOLD).log1p()),
        evidence=_ENGAGED,
        unit="ln(1 + reactions)",
        range=(0, 29),
        direction=-1,
        label="Reactions an own post",
        description="Likes and reposts of the account's own posts, per own post, "
        "logarithmic.",
        limitation="Reactions can be bought or traded inside a network.",
        missing="Fewer than ten posts or five own ones, or likes and reposts are not "
        "known.",
        reasons=("field_absent", "too_few_posts", "undefined"),
    ),
    _reaction(
        name="reaction_repost_share",
        expr=pl.col("own_reposted") / pl.col("own_engagement"),
        # Counted where the likes are known too.
        evidence=_ENGAGED & (pl.col("reposted") > 0),
        direction=1,
        label="Reposts among the reactions",
        description="Share of the reactions to the account's own posts that are reposts, "
        "the rest being likes.",
        limitation="News is reposted more than it is liked.",
        missing="Fewer than ten posts, no reaction, or likes and reposts are not known.",
        reasons=("field_absent", "too_few_posts", "undefined"),
    ),
    _reaction(
        name="reaction_answers_log",
        expr=pl.when(_ANSWERS_TOLD >= 5).then(
            (pl.col("own_answers") / _ANSWERS_TOLD).log1p()
        ),
        evidence=_OWN & (pl.col("answers") > 0),
        unit="ln(1 + replies)",
        range=(0, 28),
        direction=-1,
        label="Answers an own post",
        description="Replies to the account's own posts, per own post, logarithmic.",
        limitation="Angry answers count like friendly ones.",
        missing="Fewer than ten posts or five own ones, or the replies are not known.",
        reasons=("field_absent", "too_few_posts", "undefined"),
    ),
)
