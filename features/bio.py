"""Bio: what the self-description is made of, never what it is about."""

from functools import partial
from typing import Final

import polars as pl

from features.characters import EMOJI, PROGRAM
from features.equalise import FROM_TEXT
from features.feature import Feature

_bio = partial(
    Feature,
    group="bio",
    family="profile",
    table="accounts",
    missing="The bio was not given.",
    reasons=("field_absent",),
    cost=0,
)

_BIO: Final = pl.col("bio")

BIO: Final = (
    _bio(
        name="bio_emoji_count",
        expr=_BIO.str.count_matches(EMOJI),
        unit="emoji",
        range=(0, None),
        direction=0,
        label="Emoji in the bio",
        description="Number of emoji in the self-description.",
        limitation="A matter of age and fashion; one made of several counts as several, "
        "a flag as none.",
    ),
    _bio(
        name="bio_mention_count",
        expr=_BIO.str.count_matches(FROM_TEXT["mentions"]),
        unit="mentions",
        range=(0, None),
        direction=0,
        label="Accounts named in the bio",
        description="Number of other accounts named in the self-description.",
        limitation="Ordinary for people who name their employer.",
    ),
    _bio(
        name="bio_says_program",
        expr=_BIO.str.contains(PROGRAM),
        dtype=pl.Boolean(),
        unit="yes or no",
        range=(0, 1),
        direction=0,
        label="Bio speaks of a program",
        description="The self-description itself says that a program writes here.",
        limitation="Openly declared programs are honest, and people joke or protest "
        "about them too.",
    ),
)
