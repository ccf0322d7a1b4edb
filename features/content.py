"""Content: how posts are written and repeated, never what they are about."""

from functools import partial
from typing import Final

import polars as pl

from features.feature import Feature
from features.language import TAGGED

_content = partial(
    Feature,
    group="content",
    family="content",
    table="posts",
    unit="share",
    range=(0, 1),
    missing="Fewer than five posts are known, or their texts are not.",
    reasons=("field_absent", "too_few_posts"),
    min_posts=5,
    cost=1,
)

_POSTS: Final = pl.len().cast(pl.Float64)
_KEY: Final = pl.col("text_key")
_LENGTH: Final = pl.col("length")
_OWN: Final = _LENGTH.count().cast(pl.Float64)
_CHARACTERS: Final = _LENGTH.sum().cast(pl.Float64)
# Their products pass 64 bits.
_OWN_COUNT: Final = _LENGTH.count().cast(pl.Int128)
_LENGTH_SUM: Final = _LENGTH.sum().cast(pl.Int128)
_TAG: Final = pl.col("first_tag")
_TAGS: Final = _TAG.drop_nulls().unique_counts().cast(pl.Int64)
_ANY: Final = pl.col("kind").is_not_null()


def _per_character(measure: str) -> pl.Expr:
    return pl.when(_CHARACTERS > 0).then(pl.col(measure).sum() / _CHARACTERS)


def _above(part: str, whole: str) -> pl.Expr:
    """Posts with some of it, in no smaller share than in all posts together."""
    some, among = pl.col(part), pl.col(whole)
    # Equal fractions are equal numbers: division rounds them alike.
    share = pl.when((some > 0) & (among > 0)).then(some / among)
    return share >= some.sum() / among.sum()


_own = partial(
    _content,
    counted="own",
    missing="Fewer than three posts of its own with text, or no characters in them.",
    min_posts=3,
)

CONTENT: Final = (
    _content(
        name="content_duplicate_share",
        table="totals",
        expr=pl.col("texts_pairs") / (pl.col("posts") * (pl.col("posts") - 1)),
        # The first of them too, or nobody sees what is repeated.
        evidence=_KEY.is_not_null() & _KEY.is_duplicated(),
        among=pl.col("own"),
        direction=1,
        label="Repeated posts",
        description="Chance that two posts drawn at random are the account's own and "
        "have the same text of eight characters or more, links, mentions and capitals "
        "aside.",
        limitation="Greetings and slogans repeat in honest histories.",
    ),
    _content(
        name="content_link_share",
        expr=(pl.col("link_count") > 0).sum() / _POSTS,
        evidence=pl.col("link_count") > 0,
        among=_ANY,
        direction=0,
        label="Posts with links",
        description="Share of posts that hold a link.",
        limitation="Ordinary for newsrooms and shops.",
        missing="Fewer than five posts are known, or their texts and links are not.",
    ),
    _content(
        name="content_hashtags_per_post",
        expr=pl.col("hashtag_count").sum() / _POSTS,
        evidence=pl.col("hashtag_count") > 0,
        among=_ANY,
        unit="hashtags",
        range=(0, None),
        direction=1,
        label="Hashtags a post",
        description="Mean number of hashtags in a post.",
        limitation="Fans and photographers use many.",
        missing="Fewer than five posts are known, or their texts and hashtags are not.",
        cost=0,
    ),
    _content(
        name="content_hashtag_repeat_share",
        expr=(_TAGS * (_TAGS - 1)).sum() / (_POSTS * (_POSTS - 1)),
        evidence=_TAG.is_not_null() & _TAG.is_duplicated(),
        among=_ANY,
        direction=1,
        label="Returning to the same hashtag",
        description="Chance that two posts drawn at random have the same first "
        "hashtag.",
        limitation="Any hobby has its own hashtag.",
        missing="Fewer than ten posts are known, or their hashtags are not.",
        min_posts=10,
        cost=0,
    ),
    _content(
        name="content_language_switch_share",
        expr=pl.when(pl.col("language_switch").count() > 0).then(
            pl.col("language_switch").sum() / pl.col("language_switch").count()
        ),
        evidence=pl.col("language_switch"),
        direction=0,
        label="Changes of language",
        description="Share of consecutive posts whose languages, as the platform "
        "tagged them, differ.",
        limitation="People who live in two languages switch all the time.",
        missing="Fewer than ten posts with a language, or never two in a row, or more "
        "than a tenth of its own posts of twenty characters or more without.",
        among=TAGGED,
        reasons=("field_absent", "too_few_posts", "undefined"),
        counted="tagged",
        min_posts=10,
    ),
    _own(
        name="content_length_mean",
        expr=_CHARACTERS / _OWN,
        # What carries a mean: posts as long as it, and longer.
        evidence=_LENGTH.ge(_LENGTH.mean()),
        unit="characters",
        range=(0, None),
        direction=0,
        label="Length of posts",
        missing="Fewer than three posts of its own with text.",
        description="Mean length of the account's own posts, links and mentions aside.",
        limitation="Platforms and years differ in how long a post may be.",
    ),
    _own(
        name="content_length_variation",
        expr=pl.when(_CHARACTERS > 0).then(
            (
                _OWN_COUNT * (_LENGTH * _LENGTH).sum().cast(pl.Int128)
                - _LENGTH_SUM * _LENGTH_SUM
            )
            .cast(pl.Float64)
            .sqrt()
            / _CHARACTERS
        ),
        # The shortest and the longest: how far apart they can be.
        evidence=_LENGTH.eq(_LENGTH.min()) | _LENGTH.eq(_LENGTH.max()),
        unit="ratio",
        range=(0, 100),
        direction=-1,
        label="Variation in length",
        description="Standard deviation of the lengths of own posts over their mean.",
        limitation="Noisy for few posts.",
        reasons=("field_absent", "too_few_posts", "undefined"),
    ),
    _own(
        name="content_word_length",
        expr=pl.when(pl.col("word_count").sum() > 0).then(
            _CHARACTERS / pl.col("word_count").sum()
        ),
        evidence=_above("length", "word_count"),
        unit="characters",
        range=(0, None),
        direction=0,
        label="Characters a word",
        description="Characters of own posts over their number of words.",
        limitation="Follows the language; scripts without spaces stand apart.",
        missing="Fewer than three posts of its own with text, or no words in them.",
        reasons=("field_absent", "too_few_posts", "undefined"),
    ),
    _own(
        name="content_upper_share",
        expr=pl.when(pl.col("letters").sum() > 0).then(
            pl.col("upper").sum() / pl.col("letters").sum()
        ),
        evidence=_above("upper", "letters"),
        range=(0, 1),
        direction=0,
        label="Capital letters",
        description="Share of the letters of own posts that are capitals.",
        limitation="Many scripts have no capitals.",
        missing="Fewer than three posts of its own with text, or no letters in them.",
        reasons=("field_absent", "too_few_posts", "undefined"),
    ),
    _own(
        name="content_digit_share",
        expr=_per_character("digits"),
        evidence=pl.col("digits") > 0,
        direction=0,
        label="Digits in posts",
        description="Share of the characters of own posts that are digits.",
        limitation="Weather, sports and price feeds are full of numbers.",
        reasons=("field_absent", "too_few_posts", "undefined"),
    ),
    _own(
        name="content_mark_share",
        expr=_per_character("marks"),
        evidence=pl.col("marks") > 0,
        direction=0,
        label="Exclamation and question marks",
        description="Share of the characters of own posts that are ! or ?.",
        limitation="A matter of temper and language; those of Arabic are not counted.",
        reasons=("field_absent", "too_few_posts", "undefined"),
    ),
)
