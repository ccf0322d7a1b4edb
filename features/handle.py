"""Handle: how it is built, alone and beside the name; null when the archive hashed it."""

from functools import partial
from typing import Final

import polars as pl

from features.feature import Feature

_handle = partial(
    Feature,
    group="handle",
    family="profile",
    table="accounts",
    missing="The handle was not given, or the archive replaced it by a hash.",
    reasons=("field_hashed", "field_absent"),
    cost=0,
)

_HANDLE: Final = pl.col("handle_letters")
_DIGITS: Final = r"\p{Nd}+"
_HANDLE_LENGTH: Final = pl.col("handle_length")

_SHARED_PAIRS: Final = pl.col("shared_pairs")
_ALL_PAIRS: Final = (
    pl.col("handle_pairs").list.len() + pl.col("name_pairs").list.len() - _SHARED_PAIRS
)

# How often each character of the handle stands in it.
_CHARACTERS: Final = _HANDLE.str.split("").list.eval(
    pl.element().unique_counts().cast(pl.Int64)
)

HANDLE: Final = (
    _handle(
        name="handle_digit_run",
        expr=_HANDLE.str.extract_all(_DIGITS)
        .list.eval(pl.element().str.len_chars())
        .list.max()
        .fill_null(pl.when(_HANDLE.is_not_null()).then(0)),
        unit="digits",
        range=(0, None),
        direction=1,
        label="Longest row of digits in the handle",
        description="Number of digits of the longest row of digits in the handle.",
        limitation="The platform offers such handles to everybody.",
    ),
    _handle(
        name="handle_is_offered",
        expr=_HANDLE.str.contains(r"^\p{L}[\p{L}_]*\p{Nd}{8}$"),
        dtype=pl.Boolean(),
        unit="yes or no",
        range=(0, 1),
        direction=1,
        label="Handle as the platform offers it",
        description="The handle is letters (or underscores after the first) and then "
        "exactly eight digits, the form that the platform offers at registration.",
        limitation="Offered to everybody; many honest people keep it.",
    ),
    _handle(
        name="handle_digit_row_count",
        expr=_HANDLE.str.count_matches(_DIGITS),
        unit="rows of digits",
        range=(0, None),
        direction=1,
        label="Rows of digits in the handle",
        description="Number of separate rows of digits in the handle.",
        limitation="Some people write letters as digits for fun.",
    ),
    _handle(
        name="handle_underscore_share",
        expr=pl.when(_HANDLE_LENGTH > 0).then(
            _HANDLE.str.count_matches("_", literal=True) / _HANDLE_LENGTH
        ),
        unit="share",
        range=(0, 1),
        direction=0,
        label="Underscores in the handle",
        description="Share of the handle's characters that are underscores.",
        limitation="A way round a handle that is taken.",
        missing="The handle was not given, is empty, or was hashed.",
        reasons=("field_hashed", "field_absent", "undefined"),
    ),
    _handle(
        name="handle_variety",
        expr=pl.when(_HANDLE_LENGTH > 1).then(
            1
            - _CHARACTERS.list.eval(pl.element() * (pl.element() - 1)).list.sum()
            / (_HANDLE_LENGTH.cast(pl.Int64) * (_HANDLE_LENGTH.cast(pl.Int64) - 1))
        ),
        unit="share",
        range=(0, 1),
        direction=1,
        label="Variety of the handle's characters",
        description="Chance that two characters drawn from the handle differ; unlike "
        "entropy it does not grow with length.",
        limitation="High for any rare name too.",
        missing="The handle was not given, was hashed, or has under two characters.",
        reasons=("field_hashed", "field_absent", "undefined"),
    ),
    _handle(
        name="handle_similarity_share",
        expr=pl.when(_ALL_PAIRS > 0).then(_SHARED_PAIRS / _ALL_PAIRS),
        unit="share",
        range=(0, 1),
        direction=-1,
        label="Handle like the name",
        description="Pairs of neighbouring letters that handle and name share, over "
        "all pairs of both.",
        limitation="Nobody who writes the name in another script can be alike.",
        missing="A field was not given, was hashed, or both have under two letters.",
        reasons=("field_hashed", "field_absent", "undefined"),
    ),
)
