"""Per-post measures that the posts features are made of, computed once for all.

Every measure is an integer, a boolean or a text key, so that sums over an account are
exact and do not depend on the order or the company in which its posts are read.
"""

from typing import Final

import polars as pl

_MINUTES: Final = 60_000
# Bounds that only impossible input reaches. With them, and HISTORY_CAP posts, sums of
# squares stay within 64 bits: a pause of 95 years, a million million reactions.
_LONGEST_GAP: Final = 50_000_000
_MOST_REACTIONS: Final = 10**12

_OWN: Final = pl.col("kind") != "repost"
_MINUTE: Final = pl.col("posted_at").dt.epoch("ms") // _MINUTES
_STRIPPED: Final = (
    pl.col("text")
    .str.replace_all(r"https?://\S+|@\w+", " ")
    .str.normalize("NFKC")
    .str.replace_all(r"\s+", " ")
    .str.strip_chars()
)

# Shorter texts ("yes", "thanks") repeat in anybody's history.
_TELLING: Final = 8


def _count(pattern: str) -> pl.Expr:
    return pl.col("words_only").str.count_matches(pattern).cast(pl.Int64)


# In stages, because a measure may build on those of the stages before.
_STAGES: Final[tuple[dict[str, pl.Expr], ...]] = (
    {
        "minute": _MINUTE,
        "same_account": (
            pl.col("account_id") == pl.col("account_id").shift(1)
        ).fill_null(False),
        "own": _OWN,
        # The account's own words, without links and mentions.
        "words_only": pl.when(_OWN).then(_STRIPPED),
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
        "engagement": pl.col("likes").clip(0, _MOST_REACTIONS)
        + pl.col("reposts").clip(0, _MOST_REACTIONS),
    },
    {
        # Minutes since the account's previous dated post.
        "gap": pl.when("same_account").then(
            (pl.col("minute") - pl.col("minute").shift(1)).clip(0, _LONGEST_GAP)
        ),
        "hour": (pl.col("minute") // 60) % 24,
        # 24-hour blocks counted from the account's own first post.
        "day": (pl.col("minute") - pl.col("minute").min().over("account_id")) // 1440,
        "length": pl.col("words_only").str.len_chars().cast(pl.Int64),
        "word_count": _count(r"\w+"),
        "upper": _count(r"\p{Lu}"),
        "letters": _count(r"\p{L}"),
        "digits": _count(r"\p{Nd}"),
        "marks": _count(r"[!?]"),
        # Key of the text for counting repeats; null for texts too short to tell.
        "text_key": pl.when(pl.col("words_only").str.len_chars() >= _TELLING).then(
            pl.col("words_only").str.to_lowercase().hash(seed=0)
        ),
        # Collectors' lists leave out the # that lists read from the text have.
        "first_tag": pl.col("hashtags")
        .list.first()
        .str.strip_chars_start("#")
        .str.to_lowercase(),
    },
    {
        "next_gap": pl.when(pl.col("same_account").shift(-1)).then(
            pl.col("gap").shift(-1)
        ),
        "new_day": (
            ~pl.col("same_account") | (pl.col("day") != pl.col("day").shift(1))
        ).fill_null(True)
        & pl.col("minute").is_not_null(),
        # Whether the kind, the language differ from the post before; null where posts
        # carry no times, because then none comes before another.
        "kind_switch": pl.when(pl.col("gap").is_not_null()).then(
            pl.col("kind") != pl.col("kind").shift(1)
        ),
        "language_switch": pl.when(pl.col("gap").is_not_null()).then(
            pl.col("language") != pl.col("language").shift(1)
        ),
    },
)


def measure(posts: pl.DataFrame) -> pl.DataFrame:
    """Equalised posts, sorted by account and time, with the measures as columns."""
    for stage in _STAGES:
        posts = posts.with_columns(**stage)
    return posts


# Columns that build.py prepares, and the canonical column of accounts behind them.
_PREPARED: Final = {"created_minute": "created_at", "handle_bigram_loglik": "handle"}


def plan() -> str:
    """The measures as text, equal if and only if they are the same."""
    return "\n".join(
        f"{name}|{expr}" for stage in _STAGES for name, expr in stage.items()
    )


def lineage(columns: set[str]) -> set[str]:
    """Canonical columns behind some columns that expressions read.

    Of posts; of accounts for what expressions on accounts read, and `created_at`.
    """
    defined = {name: expr for stage in _STAGES for name, expr in stage.items()}
    found: set[str] = set()
    for column in columns:
        if column in defined:
            found |= lineage(set(defined[column].meta.root_names()))
        else:
            found.add(_PREPARED.get(column, column))
    return found
