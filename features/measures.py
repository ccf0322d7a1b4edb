"""Per-post measures that the posts features are made of, computed once for all.

Every measure is an integer, a boolean or a text key, so that sums over an account are
exact and do not depend on the order or the company in which its posts are read.
"""

from collections.abc import Set
from dataclasses import dataclass
from functools import lru_cache
from math import pi
from typing import Final

import polars as pl

from features import account_measures, plain, words
from features.changed import changed
from features.equalise import LINK, MENTION
from features.queries import as_written
from features.schema import KINDS

_MINUTES: Final = 60_000
# Bounds that only impossible input reaches. With them, and HISTORY_CAP posts, sums of
# squares stay within 64 bits: a pause of 95 years, a million million reactions.
_LONGEST_GAP: Final = 50_000_000
_MOST_REACTIONS: Final = 10**12

# A pause this long or longer ends a bout of posting.
_BOUT_PAUSE: Final = 30
# In a burst pauses are shorter than this, and than a quarter of the usual one.
_BURST_PAUSE: Final = 60
# Where pauses are told apart by eye: same minute, 5 minutes, hour, day, week, month,
# year.
PAUSES: Final = (1, 5, 60, 1_440, 10_080, 43_200, 525_600)

# Minutes after which a clock begins anew: whose posts keep to one time of it is looked at.
PERIODS: Final = (15, 30, 60, 1_440, 10_080)
# Cosines and sines as whole millionths.
WAVE: Final = 1_000_000

_OWN: Final = pl.col("kind") != "repost"
_MINUTE: Final = pl.col("posted_at").dt.epoch("ms") // _MINUTES
_SINCE: Final = pl.col("minute") - pl.col("first_minute")
_DATED: Final = pl.col("minute").is_not_null()
_FIRST: Final = _DATED & pl.col("gap").is_null()
# How many of PAUSES a pause reaches.
_PASSED: Final = (
    pl.lit(pl.Series(PAUSES, dtype=pl.Int64))
    .search_sorted(pl.col("gap"), side="right")
    .cast(pl.Int64)
)
_AIM: Final = pl.col("target_account_id")
_AT_BREAK: Final = (
    (pl.col("gap") == pl.col("longest_gap")) & (pl.col("gap") > 0)
).fill_null(False)
_PLAIN: Final = pl.col("plain")


# What is not the account's own words, with the spaces around it; other spaces are one.
_AIMED: Final = rf"{LINK}|{MENTION}"
_BETWEEN: Final = rf"\s*(?:{_AIMED})(?:\s|{_AIMED})*|{words.SPACES}"


# Signs that nobody sees (of word breaks, of the direction of writing): with them a text
# repeats unnoticed. Those that join letters and emoji stay.
_UNSEEN: Final = [
    *"\u00ad\u180e\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060",
    *"\u2066\u2067\u2068\u2069\ufeff",
]


def _bare(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all(_BETWEEN, " ").str.strip_chars()


def _normal(text: pl.Expr) -> pl.Expr:
    # Normalising may leave spaces at the ends.
    seen = text.str.replace_many(_UNSEEN, [""])
    bare = seen.str.replace_all(_BETWEEN, " ").str.normalize("NFKC")
    return bare.str.replace_all(words.SPACES, " ").str.strip_chars()


# Normalising is slow and changes no ASCII.
_STRIPPED: Final = pl.coalesce(
    changed(pl.col("own") & _PLAIN, pl.col("text"), _bare),
    changed(pl.col("own") & ~_PLAIN, pl.col("text"), _normal),
)

# Shorter texts ("yes", "thanks") repeat in anybody's history.
_TELLING: Final = 8


_WORDS: Final = pl.col("words_only")
_OTHER: Final = pl.when(~_PLAIN).then(_WORDS)


def _count(pattern: str, words: pl.Expr = _WORDS) -> pl.Expr:
    return words.str.count_matches(pattern).cast(pl.Int64)


def _length(words: pl.Expr) -> pl.Expr:
    return words.str.len_chars().cast(pl.Int64)


def _until_next(begins: str) -> pl.Expr:
    """Posts from one that begins something to the next such post, or account."""
    place = pl.int_range(pl.len(), dtype=pl.Int64)
    bound = pl.when(pl.col(begins) | ~pl.col("same_account")).then(place)
    end = bound.shift(-1).backward_fill().fill_null(pl.len())
    return pl.when(pl.col(begins)).then(end - place)


# In stages, because a measure may build on those of the stages before.
_STAGES: Final[tuple[dict[str, pl.Expr], ...]] = (
    {"own": _OWN, "plain": plain.is_plain(pl.col("text"))},
    {
        "minute": _MINUTE,
        "same_account": (
            pl.col("account_id") == pl.col("account_id").shift(1)
        ).fill_null(False),
        "kind_code": pl.col("kind").cast(pl.Enum(KINDS)).to_physical().cast(pl.Int64),
        # Null where all that is known of whom it is aimed at is a handle, be it
        # `@handle` or, in tables of an archive, `source/@handle`.
        "of_itself": pl.when(
            ~(_AIM.str.starts_with("@") | _AIM.str.contains_any(["/@"]))
        ).then(pl.col("account_id") == _AIM),
        # The account's own words, without links and mentions.
        "words_only": _STRIPPED,
        "link_count": pl.col("links").list.len().cast(pl.Int64),
        # Not of reposts: some collectors leave the reposted account in their text and
        # lists, some take it out.
        "mention_count": pl.when(_OWN).then(
            pl.col("mentions").list.len().cast(pl.Int64)
        ),
        "hashtag_count": pl.col("hashtags").list.len().cast(pl.Int64),
        "latency": (
            pl.col("posted_at") - pl.col("target_posted_at")
        ).dt.total_minutes(),
        "first_mention": pl.when(_OWN).then(
            pl.col("mentions")
            .list.first()
            .str.strip_chars_start("@")
            .str.to_lowercase()
        ),
        "reposted": pl.col("reposts").clip(0, _MOST_REACTIONS),
        "answers": pl.col("replies").clip(0, _MOST_REACTIONS),
        "engagement": pl.col("likes").clip(0, _MOST_REACTIONS)
        + pl.col("reposts").clip(0, _MOST_REACTIONS),
    },
    {
        # Place of the account among those of the table.
        "account": (
            (~pl.col("same_account")).cum_sum().cast(pl.Int64) - 1
        ).set_sorted(),
        # Minutes since the account's previous dated post.
        "gap": pl.when("same_account").then(
            (pl.col("minute") - pl.col("minute").shift(1)).clip(0, _LONGEST_GAP)
        ),
        # Undated posts of an account come first.
        "first_minute": pl.when(_DATED).then(
            pl.when(~pl.col("same_account") | pl.col("minute").shift(1).is_null())
            .then("minute")
            .forward_fill()
        ),
        "length": _length(_WORDS),
        "word_count": _count(r"\w+"),
        "upper": pl.when(_PLAIN)
        .then(plain.count(_WORDS, plain.is_capital))
        .otherwise(_count(r"\p{Lu}", _OTHER)),
        # What is no letter is less to look for.
        "letters": pl.when(_PLAIN)
        .then(plain.count(_WORDS, plain.is_letter))
        .otherwise(_length(_OTHER) - _count(r"\P{L}", _OTHER)),
        "digits": _count(r"\p{Nd}"),
        "marks": _count(r"[!?]"),
        "lower_words": _WORDS.str.to_lowercase(),
        # Collectors' lists leave out the # that lists read from the text have.
        "first_tag": pl.col("hashtags")
        .list.first()
        .str.strip_chars_start("#")
        .str.to_lowercase(),
    },
    {
        # 24-hour and 168-hour blocks counted from the account's own first post, and
        # hours within the latter.
        "day": _SINCE // 1_440,
        "week": _SINCE // 10_080,
        "week_hour": _SINCE // 60 % 168,
        # Not of the clock, or zones that are half an hour apart would have others.
        "hour": _SINCE // 60 % 24,
        "next_gap": pl.when(pl.col("same_account").shift(-1)).then(
            pl.col("gap").shift(-1)
        ),
        # Nought for the same minute, then doubling: [1, 2), [2, 4), ... minutes.
        "gap_size": 64 - pl.col("gap").bitwise_leading_zeros().cast(pl.Int64).clip(44),
        # The first post of its minute, of a bout of posting.
        "fresh": _DATED & (pl.col("gap") > 0).fill_null(True),
        "new_bout": _DATED & (pl.col("gap") >= _BOUT_PAUSE).fill_null(True),
        "longest_gap": pl.col("gap").max().over("account"),
        "short": (
            (pl.col("gap") < _BURST_PAUSE)
            & (
                4 * pl.col("gap") * pl.col("gap").count().over("account")
                < pl.col("gap").sum().over("account")
            )
        ).fill_null(False),
        # Key of the text for counting repeats; null for texts too short to tell.
        "text_key": pl.when(pl.col("length") >= _TELLING).then(
            pl.col("lower_words").hash(seed=0)
        ),
        # Two kinds in a row and the pause between them, as one number.
        "step": pl.when(pl.col("gap").is_not_null()).then(
            32 * pl.col("kind_code").shift(1) + 4 * _PASSED + pl.col("kind_code")
        ),
        # What an own post consists of, as one number.
        "content_code": pl.when(_OWN).then(
            (pl.col("mention_count") > 0).cast(pl.Int64)
            + 2 * (pl.col("link_count") > 0).cast(pl.Int64)
            + 4 * (pl.col("hashtag_count") > 0).cast(pl.Int64)
            + 8 * (pl.col("kind") == "quote").cast(pl.Int64)
            + 16 * (pl.col("length") > 0).cast(pl.Int64)
        ),
    },
    {
        "new_day": (
            ~pl.col("same_account") | (pl.col("day") != pl.col("day").shift(1))
        ).fill_null(True)
        & _DATED,
        "new_week": _DATED
        & (
            ~pl.col("same_account") | (pl.col("week") != pl.col("week").shift(1))
        ).fill_null(True),
        # The pauses on both sides of a post that has both.
        "gap_before": pl.when(pl.col("next_gap").is_not_null()).then("gap"),
        "gap_after": pl.when(pl.col("gap").is_not_null()).then("next_gap"),
        "gap_product": pl.col("gap") * pl.col("next_gap"),
        # Whether the post comes after the longest silence (the first of its length).
        "returned": pl.when(_DATED).then(
            _AT_BREAK.cast(pl.Int64).cum_sum()
            > pl.when(_FIRST).then(_AT_BREAK.cast(pl.Int64).cum_sum()).forward_fill()
        ),
        # Whether the post is of a run of three posts or more with short pauses.
        "in_burst": pl.any_horizontal(
            pl.all_horizontal(
                pl.col("short").shift(-step, fill_value=False) for step in pair
            )
            for pair in ((-1, 0), (0, 1), (1, 2))
        ),
        # Whether the kind, the language differ from the post before; null where posts
        # carry no times, because then none comes before another.
        "kind_switch": pl.when(pl.col("gap").is_not_null()).then(
            pl.col("kind") != pl.col("kind").shift(1)
        ),
        "language_switch": pl.when(pl.col("gap").is_not_null()).then(
            pl.col("language") != pl.col("language").shift(1)
        ),
    },
    *words.STAGES,
    # Minutes since the period began anew, of the first post of each minute, and where
    # that stands on a circle.
    {f"phase_{period}": pl.when("fresh").then(_SINCE) % period for period in PERIODS},
    {
        f"{name}_{period}": (turn * WAVE).round().cast(pl.Int64)
        for period in PERIODS
        for angle in [pl.col(f"phase_{period}") * (2 * pi / period)]
        for name, turn in (("cosine", angle.cos()), ("sine", angle.sin()))
    },
    {
        # How many posts the day, the week has; null but on its first post.
        "day_posts": _until_next("new_day"),
        "week_posts": _until_next("new_week"),
        # The first post of a run of days with posts.
        "new_streak": pl.col("new_day")
        & (
            ~pl.col("same_account") | (pl.col("day") - pl.col("day").shift(1) > 1)
        ).fill_null(True),
    },
)


def measure(
    posts: pl.DataFrame | pl.LazyFrame, names: Set[str] | None = None
) -> pl.DataFrame:
    """Equalised posts, sorted by account and time, with the measures as columns.

    Args:
        posts: equalised posts.
        names: which measures, made with those that they build on; null for all.
    """
    query = posts.lazy()
    for stage in _STAGES if names is None else _needed(frozenset(names)).stages:
        query = query.with_columns(**stage)
    return as_written(query)


def behind(names: Set[str]) -> Set[str]:
    """The named columns, measures or not, and those that they are made of."""
    return _needed(frozenset(names)).columns


@dataclass(frozen=True)
class _Needed:
    """What some measures need.

    Attributes:
        stages: with these measures alone, and those that they build on.
        columns: all that is read for them, themselves included.
    """

    stages: tuple[dict[str, pl.Expr], ...]
    columns: frozenset[str]


@lru_cache(maxsize=64)
def _needed(names: frozenset[str]) -> _Needed:
    columns = set(names)
    stages = []
    for stage in reversed(_STAGES):
        kept = {name: expr for name, expr in stage.items() if name in columns}
        for expr in kept.values():
            columns |= set(expr.meta.root_names())
        if kept:
            stages.append(kept)
    return _Needed(tuple(reversed(stages)), frozenset(columns))


# Columns that build.py prepares, and the canonical column of accounts behind them.
_PREPARED: Final = {
    "handle_bigram_loglik": {"handle"},
    "circadian_distance": {"posted_at"},
    "client_rarity": {"client"},
    "copied": {"text", "kind", "posted_at"},
    # Posts without times have a place too: they are all of one moment.
    "from_latest": {"text", "kind", "account_id"},
}


def defined() -> dict[str, pl.Expr]:
    """Every measure, of accounts and of posts."""
    stages = (*account_measures.STAGES, *_STAGES)
    return {name: expr for stage in stages for name, expr in stage.items()}


def plan() -> str:
    """The measures as text, equal if and only if they are the same."""
    stages = [f"{name}|{expr}" for name, expr in defined().items()]
    # A series within an expression is not printed.
    return "\n".join([str(PAUSES), *stages])


def lineage(columns: set[str]) -> set[str]:
    """Canonical columns behind some columns that expressions read.

    Of posts; of accounts for what expressions on accounts read.
    """
    of = defined()
    found: set[str] = set()
    for column in columns:
        if column in of and column not in _PREPARED:
            found |= lineage(set(of[column].meta.root_names()))
        else:
            found |= _PREPARED.get(column, {column})
    return found
