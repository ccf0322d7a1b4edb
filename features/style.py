"""Style: how own posts are set, mark by mark, whatever the language says."""

from functools import partial
from typing import Final

import polars as pl

from features.feature import Feature

_style = partial(
    Feature,
    group="style",
    family="content",
    table="totals",
    unit="share",
    range=(0, 1),
    direction=0,
    missing="Fewer than five posts of its own with text.",
    reasons=("field_absent", "too_few_posts"),
    counted="own",
    min_posts=5,
    cost=1,
)

_CHARACTERS: Final = pl.col("recent_length_total")
_WORDS: Final = pl.col("token_count_total")


def _of_posts(measure: str) -> pl.Expr:
    return pl.col(f"{measure}_total") / pl.col("recent_total")


def _of_characters(measure: str) -> pl.Expr:
    return pl.when(_CHARACTERS > 0).then(pl.col(f"{measure}_total") / _CHARACTERS)


_in_characters = partial(
    _style,
    missing="Fewer than five posts of its own with text, or no characters in them.",
    reasons=("field_absent", "too_few_posts", "undefined"),
)

STYLE: Final = (
    _in_characters(
        name="style_punctuation_share",
        expr=_of_characters("punctuation"),
        evidence=pl.col("punctuation") > 0,
        label="Punctuation",
        description="Share of the characters of the latest hundred own posts that are "
        "punctuation.",
        limitation="Languages and generations differ.",
    ),
    _in_characters(
        name="style_comma_share",
        expr=_of_characters("commas"),
        evidence=pl.col("commas") > 0,
        label="Commas",
        description="Share of the characters of the latest hundred own posts that are "
        "commas.",
        limitation="Languages differ in where they put them; those of other scripts are "
        "not counted.",
    ),
    _style(
        name="style_shouted_share",
        expr=pl.when(_WORDS > 0).then(pl.col("shouted_total") / _WORDS),
        evidence=pl.col("shouted") > 0,
        label="Words in capitals",
        description="Share of the words of the latest hundred own posts that are "
        "capitals only, two letters at least.",
        limitation="Abbreviations count; many scripts have no capitals.",
        missing="Fewer than five posts of its own with text, or no words in them.",
        reasons=("field_absent", "too_few_posts", "undefined"),
    ),
    _style(
        name="style_emoji_share",
        expr=_of_posts("has_emoji"),
        evidence=pl.col("has_emoji"),
        label="Posts with emoji",
        description="Share of the latest hundred own posts that hold an emoji.",
        limitation="A matter of age, year and platform.",
    ),
    _style(
        name="style_break_share",
        expr=_of_posts("has_break"),
        evidence=pl.col("has_break"),
        label="Posts with line breaks",
        description="Share of the latest hundred own posts that have more than one "
        "line.",
        limitation="Some collectors take line breaks out.",
    ),
    _style(
        name="style_quote_share",
        expr=_of_posts("has_quote"),
        evidence=pl.col("has_quote"),
        label="Posts with quotation marks",
        description="Share of the latest hundred own posts that hold double quotation "
        "marks.",
        limitation="Journalists quote; languages use other marks.",
    ),
    _style(
        name="style_mark_run_share",
        expr=_of_posts("has_mark_run"),
        evidence=pl.col("has_mark_run"),
        label="Posts with rows of ! or ?",
        description="Share of the latest hundred own posts that hold two or more "
        "exclamation or question marks in a row.",
        limitation="A matter of temper and age.",
    ),
    _style(
        name="style_closed_share",
        expr=_of_posts("closed"),
        evidence=pl.col("closed"),
        label="Posts that end as sentences",
        description="Share of the latest hundred own posts whose words end with a "
        "full stop or another mark of a sentence's end.",
        limitation="Posts with a hashtag or emoji at the end do not, nor those that end "
        "with a mark of Arabic or Hindi.",
    ),
    _style(
        name="style_capital_start_share",
        expr=_of_posts("opens_upper"),
        evidence=pl.col("opens_upper"),
        label="Posts that begin with a capital",
        description="Share of the latest hundred own posts whose words begin with a "
        "capital letter, opening marks aside.",
        limitation="Phones set capitals by themselves; many scripts have none.",
    ),
)
