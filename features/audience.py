"""Audience: followers against followed, and growth per day of age."""

from functools import partial
from typing import Final

import polars as pl

from features.feature import Feature
from features.profile import LARGEST_LOG

_audience = partial(
    Feature,
    group="audience",
    family="profile",
    table="accounts",
    unit="ln(1 + per day)",
    range=(0, LARGEST_LOG),
    missing="The count or the creation date was not given, or the latter lies after the "
    "moment of judging.",
    reasons=("field_absent", "undefined"),
)

_AGE: Final = pl.col("age_days")
_FOLLOWERS: Final = pl.col("followers").cast(pl.Float64)
_FOLLOWING: Final = pl.col("following").cast(pl.Float64)
_LIKES: Final = pl.col("likes_total").cast(pl.Float64)
_WRITTEN: Final = pl.col("posts_total").cast(pl.Float64)


def _log_ratio(one: str, other: str) -> pl.Expr:
    return (
        (pl.col(one).cast(pl.Float64) + 1) / (pl.col(other).cast(pl.Float64) + 1)
    ).log()


def _per_day(column: str) -> pl.Expr:
    # Days below one would make rates of hours-old accounts explode.
    rate = pl.col(column) / pl.max_horizontal(_AGE, pl.lit(1))
    return pl.when(_AGE.is_not_null()).then(rate.log1p())


AUDIENCE: Final = (
    _audience(
        name="audience_ratio_log",
        expr=_log_ratio("followers", "following"),
        unit="log ratio",
        range=(-LARGEST_LOG, LARGEST_LOG),
        direction=-1,
        label="Followers to followed",
        description="Logarithm of followers against accounts followed.",
        limitation="Unfair to newcomers, who follow before they are followed.",
        missing="One of the two counts was not given.",
        reasons=("field_absent",),
        cost=1,
    ),
    _audience(
        name="audience_ratio_share",
        expr=pl.when(_FOLLOWERS + _FOLLOWING > 0).then(
            _FOLLOWERS / (_FOLLOWERS + _FOLLOWING)
        ),
        unit="share",
        range=(0, 1),
        direction=-1,
        label="Share of followers",
        description="Followers as a share of followers plus accounts followed.",
        limitation="Unfair to newcomers; both numbers can be bought.",
        missing="A count was not given, or both are zero.",
        cost=1,
    ),
    _audience(
        name="audience_followers_per_day",
        expr=_per_day("followers"),
        direction=-1,
        label="Followers gained a day",
        description="Followers over days of age (at least one day), logarithmic.",
        limitation="One viral post makes it jump.",
        cost=2,
    ),
    _audience(
        name="audience_following_per_day",
        expr=_per_day("following"),
        direction=1,
        label="Follows made a day",
        description="Accounts followed over days of age, logarithmic.",
        limitation="High for any eager newcomer.",
        cost=1,
    ),
    _audience(
        name="audience_posts_per_day",
        expr=_per_day("posts_total"),
        direction=0,
        label="Posts a day of age",
        description="Posts that the platform counts over days of age, logarithmic.",
        limitation="Newsrooms and fans post very often.",
        cost=1,
    ),
    _audience(
        name="audience_listed_per_day",
        expr=_per_day("listed"),
        direction=-1,
        label="Lists gained a day",
        description="Lists that hold the account over days of age, logarithmic.",
        limitation="Zero for most honest accounts.",
        cost=2,
    ),
    _audience(
        name="audience_likes_per_day",
        expr=_per_day("likes_total"),
        direction=-1,
        label="Likes given a day",
        description="Posts that the account liked over days of age, logarithmic.",
        limitation="Many people never use likes; they are cheap to automate.",
        cost=1,
    ),
    _audience(
        name="audience_listed_ratio_log",
        expr=_log_ratio("listed", "followers"),
        unit="log ratio",
        range=(-LARGEST_LOG, LARGEST_LOG),
        direction=-1,
        label="Lists to followers",
        description="Logarithm of the lists that hold the account against its "
        "followers.",
        limitation="Lists went out of fashion; most accounts stand in none.",
        missing="One of the two counts was not given.",
        reasons=("field_absent",),
        cost=2,
    ),
    _audience(
        name="audience_posts_ratio_log",
        expr=_log_ratio("posts_total", "followers"),
        unit="log ratio",
        range=(-LARGEST_LOG, LARGEST_LOG),
        direction=0,
        label="Posts to followers",
        description="Logarithm of posts written against followers.",
        limitation="High for anybody who talks to few friends a lot.",
        missing="One of the two counts was not given.",
        reasons=("field_absent",),
        cost=1,
    ),
    _audience(
        name="audience_likes_share",
        expr=pl.when(_LIKES + _WRITTEN > 0).then(_LIKES / (_LIKES + _WRITTEN)),
        unit="share",
        range=(0, 1),
        direction=-1,
        label="Likes against posts",
        description="Likes given as a share of likes given plus posts written.",
        limitation="Readers like and seldom write; some people never like.",
        missing="A count was not given, or both are zero.",
        cost=1,
    ),
)
