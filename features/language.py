"""Language: how many languages an account writes in, never which.

Languages are the platform's own tags or not known.
"""

from functools import partial
from typing import Final

import polars as pl

from features.feature import Feature

# Own posts that a platform tags: it gives no language to hardly a word, whatever the
# script. Where the text is not known, any.
TAGGED: Final = (pl.col("length") >= 20).fill_null(pl.col("own"))

_language = partial(
    Feature,
    group="language",
    family="content",
    table="totals",
    direction=0,
    missing="Fewer than ten posts with a language, or more than a tenth of its own "
    "posts of twenty characters or more without.",
    among=TAGGED,
    reasons=("field_absent", "too_few_posts"),
    counted="tagged",
    min_posts=10,
    cost=1,
)

LANGUAGE: Final = (
    _language(
        name="language_mix_chance",
        expr=1 - pl.col("languages_repeat"),
        # All but those in the usual one: without these there is no mix.
        evidence=pl.col("language") != pl.col("language").drop_nulls().mode().min(),
        unit="chance",
        range=(0, 1),
        label="Mix of languages",
        description="Chance that two posts drawn at random are in different languages, "
        "as the platform tagged them.",
        limitation="Tags of short posts are often wrong; many people live in two "
        "languages.",
    ),
)
