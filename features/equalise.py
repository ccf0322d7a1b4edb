"""What must look alike whoever collected it: applied to every account and post.

Archives and live requests differ in ways that have nothing to do with behaviour
(minutes against seconds, `RT @x:` against a field, http against https). The same
repairs run in training and for every request, inside build_features. Each stands in a
constant or an expression of its own; what needs both classes is the label stage's.
"""

from typing import Final, TypeVar

import polars as pl

from features import schema

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)

# Most posts of an account that are looked at, latest first: what platforms' own
# interfaces return, so that no class has a longer memory than another.
HISTORY_CAP: Final = 3_200

# Takedown archives hash small accounts: 64 hexadecimal digits (2018), or base64 of 32
# bytes with `/` removed and `=` at the end. No platform allows such handles.
HASHED: Final = r"^(?:[0-9a-f]{64}|[A-Za-z0-9+_-]{30,43}=)$"

# Lists that are read from the text where the collector did not give them.
FROM_TEXT: Final = ("links", "mentions", "hashtags")

# Not \w: a hashed handle holds `+` and `=`.
_REPOST_PREFIX: Final = r"^\s*RT @\S+?:?(?:\s+|$)"
LINK: Final = r"https?://\S+"
MENTION: Final = r"@\w+"
HASHTAG: Final = r"#\w+"

# Tags that say "no language" (ISO 639) or "nothing but media, tags, mentions"
# (platforms); others leave the field empty for the same posts.
_NO_LANGUAGE: Final = r"^(?:und|mul|mis|zxx|qam|qct|qht|qme|qst)\b"


def accounts(frame: Frame) -> Frame:
    """Canonical accounts, equalised, with `names_hashed` bool beside.

    Days for creation, minutes for as_of, hashed handles and names null (and marked),
    languages without region in lower case.
    """
    hashed = pl.col("handle").str.contains(HASHED) | pl.col("name").str.contains(HASHED)
    return frame.with_columns(
        pl.col("created_at").dt.truncate("1d"),
        pl.col("as_of").dt.truncate("1m"),
        hashed.fill_null(False).alias("names_hashed"),
        _language(pl.col("declared_language")),
    ).with_columns(
        pl.when("names_hashed").then(None).otherwise(pl.col(name)).alias(name)
        for name in ("handle", "name")
    )


def posts(frame: Frame) -> Frame:
    """Canonical posts, equalised.

    Minutes for times; a leading `RT @name:` makes a repost and is removed; character
    entities are resolved; links are https; lists that the collector did not give are
    read from the text.
    """
    text = _resolve_entities(pl.col("text"))
    repost = text.str.contains(_REPOST_PREFIX).fill_null(False)
    frame = frame.with_columns(
        pl.col("posted_at", "target_posted_at").dt.truncate("1m"),
        pl.when(repost).then(pl.lit("repost")).otherwise("kind").alias("kind"),
        text.str.replace(_REPOST_PREFIX, "").str.replace_all("http://", "https://"),
        _language(pl.col("language")),
    )
    return frame.with_columns(
        pl.coalesce("links", pl.col("text").str.extract_all(LINK)).alias("links"),
        pl.coalesce("mentions", pl.col("text").str.extract_all(MENTION)).alias(
            "mentions"
        ),
        pl.coalesce("hashtags", pl.col("text").str.extract_all(HASHTAG)).alias(
            "hashtags"
        ),
    )


def before_as_of(posts: Frame, accounts: Frame) -> Frame:
    """Posts before their account's as_of (undated ones stay), at most HISTORY_CAP.

    Sorted by account, time and then every column, so that the order of the input
    cannot matter: posts that tie are equal. The words come after what measures of
    order read (kind, language), so that what is said cannot matter either.
    Posts of accounts that are not in `accounts` are left out.
    """
    first = ["account_id", "posted_at", "kind", "language", "text"]
    rest = [column for column in schema.POSTS if column not in first]
    # Lists by their hash: any order breaks a tie, and theirs takes twice the time.
    order = [
        pl.col(c).hash() if schema.POSTS[c] == schema.STRINGS else pl.col(c)
        for c in first + rest
    ]
    kept = (
        posts.join(accounts.select("account_id", "as_of"), on="account_id")
        .filter(pl.col("posted_at").is_null() | (pl.col("posted_at") < pl.col("as_of")))
        .drop("as_of")
        .sort(order, nulls_last=False)
    )
    from_latest = pl.int_range(pl.len()).reverse().over("account_id")
    return kept.filter(from_latest < HISTORY_CAP)


def _language(code: pl.Expr) -> pl.Expr:
    known = code.str.to_lowercase().str.replace(_NO_LANGUAGE, "")
    return known.str.extract(r"^([a-z]+)")


def plan() -> str:
    """The repairs as text, equal if and only if they are the same."""
    account_table = accounts(schema.empty("accounts").lazy())
    post_table = before_as_of(posts(schema.empty("posts").lazy()), account_table)
    return f"{HISTORY_CAP}\n{post_table.explain(optimized=False)}"


def _resolve_entities(text: pl.Expr) -> pl.Expr:
    # The mark of a character that some collector could not decode.
    text = text.str.replace_all("\ufffd", "", literal=True)
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.str.replace_all(entity, character, literal=True)
    return text
