"""Claim: what the profile declares against what the posts show."""

from functools import partial
from typing import Final

import polars as pl

from features.feature import Feature
from features.language import TAGGED

_claim = partial(Feature, group="claim", family="profile", cost=1)

_SPAN: Final = (pl.col("last_post") - pl.col("first_post")).cast(pl.Float64)
_LIFE: Final = (pl.col("last_post") - pl.col("created_minute")).cast(pl.Float64)
_DECLARED: Final = pl.col("posts_total").cast(pl.Float64)
_OTHER: Final = pl.col("language") != pl.col("declared_language")

CLAIM: Final = (
    _claim(
        name="claim_language_gap_share",
        table="posts",
        expr=_OTHER.sum() / _OTHER.count(),
        evidence=_OTHER,
        unit="share",
        range=(0, 1),
        direction=1,
        label="Posts not in the declared language",
        description="Share of posts whose language, as the platform tagged it, is not "
        "the one that the profile declares.",
        limitation="Migrants and bilinguals, and anybody who left the setting alone.",
        missing="Fewer than ten posts with a language, or none declared, or more than a "
        "tenth of its own posts of twenty characters or more without.",
        among=TAGGED,
        reasons=("field_absent", "too_few_posts"),
        counted="tagged",
        min_posts=10,
        source="Twitter's own announcements name the mismatch",
    ),
    _claim(
        name="claim_pace_log",
        table="totals",
        expr=pl.when((_SPAN > 0) & (_LIFE > 0) & (_DECLARED > 0)).then(
            (((pl.col("dated") - 1) / _SPAN) / (_DECLARED / _LIFE)).log()
        ),
        unit="log ratio",
        range=(-90, 90),
        direction=0,
        label="Pace now against the whole life",
        description="Posts a day over the known history against posts a day from "
        "creation to the last known post, logarithm of the ratio.",
        limitation="Means nothing where the posts are a sample of the history.",
        missing="Fewer than twenty dated posts, or counts or dates that are not known or do "
        "not fit.",
        reasons=("field_absent", "too_few_posts", "undefined"),
        counted="dated",
        min_posts=20,
        cost=2,
    ),
)
