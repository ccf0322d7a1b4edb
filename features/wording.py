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
    table="posts",
    unit="chance",
    range=(0, 1),
    direction=1,
    missing="Fewer than five posts of its own with text.",
    reasons=("field_absent", "too_few_posts"),
    counted="own",
    min_posts=5,
    cost=1,
)

_KEYS: Final = pl.col("token_keys")
_COUNT: Final = pl.col("token_count")
_WORDS: Final = _COUNT.sum()
_PHRASES: Final = (_COUNT - 1).clip(0).sum()
_LATE: Final = pl.col("late")


def _of_recent(mix: str) -> pl.Expr:
    """Chance that two of the latest own posts are alike; those of no kind are not."""
    recent = pl.col("recent_total")
    return pl.col(f"{mix}_pairs") / (recent * (recent - 1))


def _counts(kind: pl.Expr) -> pl.Expr:
    return kind.drop_nulls().unique_counts().cast(pl.Int64)


def _words(lists: pl.Expr) -> pl.Expr:
    return lists.drop_nulls().explode()


def _pairs(words: pl.Expr) -> pl.Expr:
    """Pairs of equal words, ordered."""
    counts = _counts(words)
    return (counts * (counts - 1)).sum()


def _repeated(column: str) -> pl.Expr:
    return pl.col(column).is_not_null() & pl.col(column).is_duplicated()


_ALL: Final = _words(_KEYS.filter(_LATE.is_not_null()))
_EARLIER: Final = _words(_KEYS.filter(_LATE.not_()))
_LATER: Final = _words(_KEYS.filter(_LATE))
_EARLY_COUNT: Final = _COUNT.filter(_LATE.not_()).sum()
_LATE_COUNT: Final = _COUNT.filter(_LATE).sum()
_WITHIN_EARLY: Final = _pairs(_EARLIER)
_WITHIN_LATE: Final = _pairs(_LATER)
# Equal words of which one stands in each half: half of what is left of all pairs.
_ACROSS: Final = (_pairs(_ALL) - _WITHIN_EARLY - _WITHIN_LATE) // 2


def _rate(pairs: pl.Expr, ways: pl.Expr) -> pl.Expr:
    return pairs.cast(pl.Float64) / ways.cast(pl.Float64)


_SAME_HALF: Final = _rate(_WITHIN_EARLY, _EARLY_COUNT * (_EARLY_COUNT - 1)) + _rate(
    _WITHIN_LATE, _LATE_COUNT * (_LATE_COUNT - 1)
)

WORDING: Final = (
    _wording(
        name="wording_start_repeat_chance",
        table="totals",
        expr=_of_recent("starts"),
        evidence=_repeated("start"),
        label="Posts that begin alike",
        description="Chance that two of the latest hundred own posts, drawn at random, "
        "begin with the same five words.",
        limitation="Greetings, series and signatures begin alike too.",
    ),
    _wording(
        name="wording_end_repeat_chance",
        table="totals",
        expr=_of_recent("ends"),
        evidence=_repeated("end"),
        label="Posts that end alike",
        description="Chance that two of the latest hundred own posts, drawn at random, "
        "end with the same five words.",
        limitation="Mottos and signatures end alike too.",
    ),
    _wording(
        name="wording_form_repeat_chance",
        table="totals",
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
        label="Posts of one length",
        description="Chance that two of the latest hundred own posts, drawn at random, "
        "have exactly the same length, links and mentions aside.",
        limitation="Posts at the platform's limit have one length.",
    ),
    _wording(
        name="wording_word_repeat_chance",
        expr=pl.when(_WORDS > 1).then(
            _rate(_pairs(_words(_KEYS)), _WORDS * (_WORDS - 1))
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
            _rate(_pairs(_words(pl.col("phrase_keys"))), _PHRASES * (_PHRASES - 1))
        ),
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
            1 - 2 * _rate(_ACROSS, _EARLY_COUNT * _LATE_COUNT) / _SAME_HALF
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
        missing="Fewer than forty own posts with text, no times, or no word twice.",
        reasons=("field_absent", "too_few_posts", "undefined"),
        min_posts=40,
        source="Morisita 1959 (index of overlap)",
    ),
)
