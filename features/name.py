"""Handle and name: their shape, never their meaning; null when the archive hashed them."""

from functools import partial
from typing import Final

import polars as pl

from features.characters import EMOJI, LOOK_ALIKES, PROGRAM
from features.feature import Feature

_name = partial(
    Feature,
    group="name",
    family="profile",
    table="accounts",
    missing="The field was not given, or the archive replaced it by a hash.",
    reasons=("field_hashed", "field_absent"),
    cost=0,
)

_HANDLE: Final = pl.col("handle_letters")
_NAME: Final = pl.col("name_letters")
_HANDLE_LENGTH: Final = pl.col("handle_length")
_NAME_LENGTH: Final = pl.col("name_length")
_LATIN: Final = r"\p{Latin}"
_LIKE_LATIN: Final = f"[{''.join(LOOK_ALIKES)}]"

NAME: Final = (
    _name(
        name="name_handle_length",
        expr=_HANDLE_LENGTH,
        unit="characters",
        range=(0, None),
        direction=0,
        label="Length of the handle",
        description="Number of characters of the handle.",
        limitation="Platforms differ in what they allow.",
    ),
    _name(
        name="name_handle_digit_share",
        expr=pl.when(_HANDLE_LENGTH > 0).then(
            _HANDLE.str.count_matches(r"\p{Nd}") / _HANDLE_LENGTH
        ),
        unit="share",
        range=(0, 1),
        direction=1,
        label="Digits in the handle",
        description="Share of the handle's characters that are digits.",
        limitation="The platform itself appends digits; birth years are common.",
        missing="The handle was not given, is empty, or was hashed.",
        reasons=("field_hashed", "field_absent", "undefined"),
    ),
    _name(
        name="name_handle_digit_tail",
        expr=_HANDLE.str.extract(r"(\p{Nd}*)$").str.len_chars(),
        unit="digits",
        range=(0, None),
        direction=1,
        label="Digits at the end of the handle",
        description="Number of digits with which the handle ends.",
        limitation="The platform offers such handles to everybody.",
    ),
    _name(
        name="name_handle_upper_share",
        expr=pl.when(_HANDLE_LENGTH > 0).then(
            _HANDLE.str.count_matches(r"\p{Lu}") / _HANDLE_LENGTH
        ),
        unit="share",
        range=(0, 1),
        direction=0,
        label="Capitals in the handle",
        description="Share of the handle's characters that are capital letters.",
        limitation="Many scripts have no capitals.",
        missing="The handle was not given, is empty, or was hashed.",
        reasons=("field_hashed", "field_absent", "undefined"),
    ),
    _name(
        name="name_handle_bigram_loglik",
        expr=pl.col("handle_bigram_loglik"),
        unit="nats a pair",
        range=(-20, 0),
        direction=-1,
        label="How usual the handle's letters are",
        description="Mean log probability of the handle's letter pairs, by a table "
        "counted on the handles of training accounts.",
        limitation="Low for any language that training rarely saw.",
        missing="No table was fitted, or the handle was not given, was hashed, or has "
        "under two characters.",
        reasons=("artefact_absent", "field_hashed", "field_absent", "undefined"),
        tier="F",
        source="Yang et al., AAAI 2020 (SGBot), screen_name_likelihood",
    ),
    _name(
        name="name_display_length",
        expr=_NAME_LENGTH,
        unit="characters",
        range=(0, None),
        direction=0,
        label="Length of the name",
        description="Number of characters of the displayed name.",
        limitation="Scripts differ in how much a character says.",
    ),
    _name(
        name="name_display_digit_count",
        expr=_NAME.str.count_matches(r"\p{Nd}"),
        unit="digits",
        range=(0, None),
        direction=0,
        label="Digits in the name",
        description="Number of digits in the displayed name.",
        limitation="Honest people put years and numbers there too.",
    ),
    _name(
        name="name_says_program",
        expr=_HANDLE.str.replace_all("_", " ", literal=True).str.contains(PROGRAM)
        | _NAME.str.contains(PROGRAM),
        dtype=pl.Boolean(),
        unit="yes or no",
        range=(0, 1),
        direction=0,
        label="Name speaks of a program",
        description="Handle or name itself says that a program writes here.",
        limitation="Openly declared programs are honest; some people joke.",
        missing="A field was not given, or was hashed.",
    ),
    _name(
        name="name_display_mixes_look_alikes",
        expr=_NAME.str.contains(f"{_LATIN}{_LIKE_LATIN}|{_LIKE_LATIN}{_LATIN}"),
        dtype=pl.Boolean(),
        unit="yes or no",
        range=(0, 1),
        direction=1,
        label="Look-alike letters in the name",
        description="A letter of another script that is drawn like a Latin one stands "
        "beside a Latin letter.",
        limitation="Some people do it for fun.",
    ),
    _name(
        name="name_display_emoji_count",
        expr=_NAME.str.count_matches(EMOJI),
        unit="emoji",
        range=(0, None),
        direction=0,
        label="Emoji in the name",
        description="Number of emoji in the displayed name.",
        limitation="A matter of age and fashion; one made of several counts as several, "
        "a flag as none.",
    ),
    _name(
        name="name_display_upper_share",
        expr=pl.when(_NAME_LENGTH > 0).then(
            _NAME.str.count_matches(r"\p{Lu}") / _NAME_LENGTH
        ),
        unit="share",
        range=(0, 1),
        direction=0,
        label="Capitals in the name",
        description="Share of the name's characters that are capital letters.",
        limitation="Many scripts have no capitals; firms write themselves in them.",
        missing="The name was not given, is empty, or was hashed.",
        reasons=("field_hashed", "field_absent", "undefined"),
    ),
)
