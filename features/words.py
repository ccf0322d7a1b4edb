"""Per-post measures of the words, links and hashtags of an account's own posts.

Measures that read every character look at the latest hundred own posts with text:
enough for any share, and their cost does not grow with the length of a history. Posts of
one minute, and those without a time, have no latest: of these all count, or none.
Words are compared with each other, never looked up: no measure knows what they mean.
"""

from typing import Final

import polars as pl

from features.applications import (
    AUTOMATONS,
    OFFICIAL,
    SCHEDULERS,
    imitates,
)
from features.changed import changed
from features.characters import EMOJI
from features.equalise import LINK, MENTION
from features.hosts import SHORTENERS, host

LATEST: Final = 100
# Hashtags from which a post counts as stacked.
STACK: Final = 4

# Scripts without spaces between words: each character counts as a word.
# The mark of a long vowel belongs to no one script.
_UNSPACED: Final = (
    r"[\p{Han}\p{Hiragana}\p{Katakana}ー\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
)
_WORD: Final = rf"{_UNSPACED}|[\w--{_UNSPACED}]+"
# Words that two posts must share at their beginning or end, and that a post must have
# beyond them, or it would be all beginning.
_SHARED: Final = 5
_MORE: Final = 2
_NOT_BY_CHANCE: Final = 30
# Marks that a form must have: plain sentences of anybody have one form.
_FORMED: Final = 2

# All spaces but single ones, which stay as they are: what need not be changed is passed
# over.
SPACES: Final = r"\s{2,}|[^\S ]"

_QUOTES: Final = ['"', *"“”„«»「」"]
_OPENING: Final = "".join(_QUOTES) + "'‘’([#.-–—*>"
_CLOSING: Final = "".join(_QUOTES) + "'’)]"
_ENDS: Final = list(".!?。！？…")

_WRITTEN: Final = pl.col("words_only").is_not_null()
# Own posts with text in later minutes, and one: posts of one minute, and those without
# a time, have no order, and one by the alphabet would be one of subjects.
_LATER: Final = _WRITTEN.cast(pl.Int64).cum_sum(reverse=True).over(
    "account"
) - _WRITTEN.cast(pl.Int64)
_ENDS_MINUTE: Final = pl.col("minute").ne_missing(pl.col("minute").shift(-1)) | ~pl.col(
    "same_account"
).shift(-1, fill_value=False)
_FROM_LATEST: Final = pl.when(_ENDS_MINUTE).then(_LATER + 1).backward_fill()
_WORDS: Final = pl.col("recent_words")
_TOKENS: Final = pl.col("tokens")
_LONG: Final = _TOKENS.list.len() >= _SHARED + _MORE
_LINK: Final = pl.col("links").list.first()
_TAGS: Final = pl.col("hashtags")
# These hide where a link leads: the platform's own wrapper, which some collectors
# resolve, and shorteners.
_HIDING: Final = ("t.co", *SHORTENERS)

# One by one: as one expression they take eight times as long.
_SIGNS: Final = (
    r"\b(?:RT|MT|HT)\b:?\s*@\w",
    r"\bvia\s+@\w",
    r"^\s*[\"“”«„]\s*@\w",
)


def _count(pattern: str) -> pl.Expr:
    return _WORDS.str.count_matches(pattern).cast(pl.Int64)


def _outline(text: pl.Expr) -> pl.Expr:
    """The text with every link, mention and row of words as one sign."""
    return (
        text.str.replace_all(LINK, "\u2197")
        .str.replace_all(MENTION, "@")
        .str.replace_all(r"\w+(?:\s+\w+)*", "w")
        .str.replace_all(SPACES, " ")
        .str.strip_chars()
    )


def _key(column: str) -> pl.Expr:
    known = pl.col(column).is_not_null()
    return pl.when(known).then(pl.col(column).hash(seed=0).reinterpret(signed=True))


STAGES: Final[tuple[dict[str, pl.Expr], ...]] = (
    {
        # Own posts with text after this one, and itself.
        "from_latest": pl.when(_WRITTEN).then(_FROM_LATEST),
        "link_host": host(pl.when("own").then(_LINK)),
        "tag_sequence": pl.when(_TAGS.list.len() > 1).then(
            _TAGS.list.join(" ")
            .str.to_lowercase()
            .str.replace_all("#", "", literal=True)
        ),
        "official": pl.col("client").is_in(OFFICIAL),
        "scheduled": pl.col("client").is_in(SCHEDULERS),
        "automatic": pl.col("client").is_in(AUTOMATONS),
        "imitating": imitates(pl.col("client")),
        # Signs by which people pass on a post without the platform's own button.
        "passed_on": pl.when(pl.col("kind").is_in(["original", "reply"])).then(
            pl.any_horizontal(pl.col("text").str.contains(sign) for sign in _SIGNS)
        ),
    },
    {
        "host": pl.when(~pl.col("link_host").is_in(_HIDING)).then("link_host"),
        "hidden": pl.col("link_host").is_in(_HIDING).fill_null(False),
        "shortened": pl.col("link_host").is_in(SHORTENERS).fill_null(False),
        "recent": (pl.col("from_latest") <= LATEST).fill_null(False),
        # Key of texts long enough that two people do not write them by chance.
        "copy_key": pl.when(
            pl.col("passed_on").is_not_null() & (pl.col("length") >= _NOT_BY_CHANCE)
        ).then(pl.col("text_key").reinterpret(signed=True)),
        # Whether it is in the later half of them; null without a time.
        "late": pl.when(pl.col("minute").is_not_null()).then(
            2 * pl.col("from_latest")
            <= pl.col("from_latest").max().over("account").clip(0, LATEST)
        ),
    },
    {
        "recent_words": pl.when("recent").then("words_only"),
        "recent_text": pl.when("recent").then("text"),
        "recent_length": pl.when("recent").then("length"),
    },
    {
        "tokens": pl.when("recent").then("lower_words").str.extract_all(_WORD),
        "outline": changed(pl.col("recent"), pl.col("text"), _outline),
        "punctuation": _count(r"\p{P}"),
        "commas": _WORDS.str.count_matches(",", literal=True).cast(pl.Int64),
        "shouted": _count(r"\b\p{Lu}{2,}\b"),
        "has_emoji": pl.col("recent_text").str.contains(EMOJI),
        "has_break": pl.col("recent_text").str.strip_chars().str.contains_any(["\n"]),
        "has_quote": _WORDS.str.contains_any(_QUOTES),
        "has_mark_run": _WORDS.str.contains_any(["!!", "!?", "?!", "??"]),
        "closed": _WORDS.str.strip_chars_end(_CLOSING).str.tail(1).is_in(_ENDS),
        "first_letter": _WORDS.str.strip_chars_start(_OPENING).str.head(1),
    },
    {
        "form": pl.when(pl.col("outline").str.count_matches("[^w ]") >= _FORMED).then(
            "outline"
        ),
        "token_count": _TOKENS.list.len().cast(pl.Int64),
        "token_keys": _TOKENS.list.eval(pl.element().hash()),
        "start": pl.when(_LONG).then(_TOKENS.list.head(_SHARED).list.join(" ")),
        "end": pl.when(_LONG).then(_TOKENS.list.tail(_SHARED).list.join(" ")),
        "opens_upper": pl.col("first_letter").str.to_lowercase()
        != pl.col("first_letter"),
        "bare": pl.when("own").then(
            (pl.col("link_count") > 0) & (pl.col("word_count") < 3)
        ),
    },
    {
        # Words and pairs of neighbours as numbers: faster to compare.
        "phrase_keys": pl.col("token_keys").list.eval(
            (pl.element() * 3 + pl.element().shift(-1)).drop_nulls()
        ),
    },
)

# Of features.mixes: what posts may have in common.
MIXES: Final[dict[str, pl.Expr]] = {
    "texts": pl.col("text_key").reinterpret(signed=True),
    "starts": _key("start"),
    "ends": _key("end"),
    "forms": _key("form"),
    "lengths": pl.col("recent_length"),
    "hosts": _key("host"),
    "tag_rows": _key("tag_sequence"),
}


def _equal_pairs(column: str, among: pl.Expr | None = None) -> pl.Expr:
    """Ordered pairs of equal things in lists."""
    lists = pl.col(column) if among is None else pl.col(column).filter(among)
    things = lists.explode(empty_as_null=False, keep_nulls=False)
    # Counted once: what is named twice is worked out twice.
    squares = things.unique_counts().cast(pl.Int64).pow(2).sum()
    return squares - lists.list.len().cast(pl.Int64).sum()


_LATE: Final = pl.col("late")
_COUNT: Final = pl.col("token_count")

# Of features.totals.
SUMS: Final[dict[str, pl.Expr]] = {
    "tagged_posts": (pl.col("hashtag_count") > 0).sum().cast(pl.Int64),
    "stacked_posts": (pl.col("hashtag_count") >= STACK).sum().cast(pl.Int64),
    "words_pairs": _equal_pairs("token_keys"),
    "words_pairs_dated": _equal_pairs("token_keys", _LATE.is_not_null()),
    "words_pairs_early": _equal_pairs("token_keys", ~_LATE),
    "words_pairs_late": _equal_pairs("token_keys", _LATE),
    "words_early": _COUNT.filter(~_LATE).sum(),
    "words_late": _COUNT.filter(_LATE).sum(),
    "phrases_pairs": _equal_pairs("phrase_keys"),
    "phrases": (_COUNT - 1).clip(0).sum(),
    **{
        f"{measure}_total": pl.col(measure).sum().cast(pl.Int64)
        for measure in (
            *("recent", "recent_length", "token_count", "punctuation", "commas"),
            *("shouted", "has_emoji", "has_break", "has_quote", "has_mark_run"),
            *("closed", "opens_upper", "passed_on", "hidden", "shortened", "bare"),
            *("official", "scheduled", "automatic", "imitating"),
        )
    },
}
