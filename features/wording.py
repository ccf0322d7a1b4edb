"""Wording: how far an account's own posts repeat each other, and how its words change.

Words are only ever compared with words of the same account.
"""

from functools import partial
from typing import Final

import polars as pl

from features.feature import Feature

_wording = partial(
    Feature,
    group="wording",
    family="content",
    table="totals",
    unit="chance",
    range=(0, 1),
    direction=1,
    missing="Fewer than five posts of its own with text.",
    reasons=("field_absent", "too_few_posts"),
    counted="own",
    min_posts=5,
    cost=1,
)

_WORDS: Final = pl.col("token_count_total")
_PHRASES: Final = pl.col("phrases")
_EARLY: Final = pl.col("words_early")
_LATE: Final = pl.col("words_late")
# Two words in a row that come back most often; null if none does.
_PAIRS: Final = pl.col("phrase_keys").explode(empty_as_null=False, keep_nulls=False)
_USUAL_PHRASE: Final = _PAIRS.filter(_PAIRS.is_duplicated()).mode().min()


def _of_recent(mix: str) -> pl.Expr:
    """Chance that two of the latest own posts are alike; those of no kind are not."""
    recent = pl.col("recent_total")
    return pl.col(f"{mix}_pairs") / (recent * (recent - 1))


def _repeated(column: str) -> pl.Expr:
    return pl.col(column).is_not_null() & pl.col(column).is_duplicated()


def _rate(pairs: pl.Expr, ways: pl.Expr) -> pl.Expr:
    return pairs.cast(pl.Float64) / ways.cast(pl.Float64)


# Equal words of which one stands in each half: half of what is left of all pairs.
_ACROSS: Final = (
    pl.col("words_pairs_dated")
    - pl.col("words_pairs_early")
    - pl.col("words_pairs_late")
) // 2
_SAME_HALF: Final = _rate(pl.col("words_pairs_early"), _EARLY * (_EARLY - 1)) + _rate(
    pl.col("words_pairs_late"), _LATE * (_LATE - 1)
)

WORDING: Final = (
    _wording(
        name="wording_start_repeat_chance",
        expr=_of_recent("starts"),
        evidence=_repeated("start"),
        label="Posts that begin alike",
        description="Chance that two of the latest hundred own posts, drawn at random, "
        "begin with the same five words.",
        limitation="Greetings, series and signatures begin alike too.",
    ),
    _wording(
        name="wording_end_repeat_chance",
        expr=_of_recent("ends"),
        evidence=_repeated("end"),
        label="Posts that end alike",
        description="Chance that two of the latest hundred own posts, drawn at random, "
        "end with the same five words.",
        limitation="Mottos and signatures end alike too.",
    ),
    _wording(
        name="wording_form_repeat_chance",
        expr=_of_recent("forms"),
        evidence=_repeated("form"),
        label="Posts of one form",
        description="Chance that two of the latest hundred own posts, drawn at random, "
        "have the same marks, links, mentions and hashtags in the same order, "
        "whatever their words.",
        limitation="News headlines, weather and sports reports have one form.",
    ),
    _wording(
        name="wording_length_repeat_chance",
        table="totals",
        expr=pl.col("lengths_repeat"),
        evidence=_repeated("recent_length"),
        label="Posts of one length",
        description="Chance that two of the latest hundred own posts, drawn at random, "
        "have exactly the same length, links and mentions aside.",
        limitation="Posts at the platform's limit have one length.",
    ),
    _wording(
        name="wording_word_repeat_chance",
        expr=pl.when(_WORDS > 1).then(
            _rate(pl.col("words_pairs"), _WORDS * (_WORDS - 1))
        ),
        direction=0,
        label="Returning to the same words",
        description="Chance that two words of the latest hundred own posts, drawn at "
        "random, are the same: the reverse of a rich vocabulary, and independent of "
        "how much is written.",
        limitation="Languages differ in how many small words they repeat.",
        missing="Fewer than five posts of its own with text, or no two words in them.",
        reasons=("field_absent", "too_few_posts", "undefined"),
        source="Yule 1944 (characteristic K)",
    ),
    _wording(
        name="wording_phrase_repeat_chance",
        expr=pl.when(_PHRASES > 1).then(
            _rate(pl.col("phrases_pairs"), _PHRASES * (_PHRASES - 1))
        ),
        evidence=pl.col("phrase_keys").list.contains(_USUAL_PHRASE),
        label="Returning to the same phrases",
        description="Chance that two pairs of neighbouring words of the latest hundred "
        "own posts, drawn at random, are the same: how far the posts could be "
        "shortened without loss.",
        limitation="Set phrases of a trade or a language repeat too.",
        missing="Fewer than five posts of its own with text, or no two phrases in them.",
        reasons=("field_absent", "too_few_posts", "undefined"),
    ),
    _wording(
        name="wording_shift",
        expr=pl.when(_SAME_HALF > 0).then(
            1 - 2 * _rate(_ACROSS, _EARLY * _LATE) / _SAME_HALF
        ),
        unit="1 minus overlap",
        range=(None, 1),
        direction=0,
        label="Change of wording",
        description="How far the words of the later half of the latest hundred own "
        "posts differ from those of the earlier half: 0 for the same mix, 1 for "
        "nothing in common. That they change is measured, not what they say.",
        limitation="Everybody's subjects change with the news; change of language "
        "counts too.",
        missing="Fewer than forty own posts with text, no times, nearly all in one "
        "minute, or no word twice in a half.",
        reasons=("field_absent", "too_few_posts", "undefined"),
        min_posts=40,
        source="Morisita 1959 (index of overlap)",
    ),
)
