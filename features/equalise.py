"""What must look alike whoever collected it: applied to every account and post.

Archives and live requests differ in ways that have nothing to do with behaviour
(minutes against seconds, `RT @x:` against a field, http against https). The same
repairs run in training and for every request, inside build_features. Each stands in a
constant or an expression of its own; what needs both classes is the label stage's.
"""

from collections.abc import Callable, Set
from datetime import timedelta
from typing import Final, TypeVar

import polars as pl

from features import history, schema
from features.changed import changed

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)

# Clocks and zones of archives disagree by hours, never by more than this: an account
# created later than this after a post of its own, or after its as_of, is not sound.
CLOCK_TOLERANCE: Final = timedelta(days=1)

# Posts are one by id; without ids, by account, time, text and what they repeat or answer.
# Posts without id and time may be alike and still be two.
NAMED: Final = pl.col("post_id").is_not_null()
DATED: Final = ~NAMED & pl.col("posted_at").is_not_null()
SAME_POST: Final = (
    (NAMED, ("account_id", "post_id")),
    (DATED, ("account_id", "posted_at", "text", "target_post_id")),
)

# Takedown archives hash small accounts: 64 hexadecimal digits (2018), or base64 of 32
# bytes with `/` removed and `=` at the end, padded by some tools. No platform allows
# such handles.
HASHED: Final = r"^\s*(?:[0-9a-f]{64}|[A-Za-z0-9+_-]{30,43}=)\s*$"

# Finest time of posts and of as_of, and of creation, that every archive has.
POST_TIME: Final = "1m"
CREATION_TIME: Final = "1d"

# Not \w: a hashed handle holds `+` and `=`.
REPOST_PREFIX: Final = r"^\s*RT @\S+?:?(?:\s+|$)"
# Links are written with https, whoever wrote them.
PLAIN_SCHEME: Final = r"(?i)\bhttp://"
# Characters that some collectors escape; `&amp;lt;` was `&lt;`.
ENTITIES: Final = (
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", '"'),
    ("&#39;", "'"),
    ("&apos;", "'"),
    ("&nbsp;", " "),
    ("&amp;", "&"),
)
# The mark of a character that some collector could not decode.
UNDECODED: Final = "\ufffd"
LINE_END: Final = "\r\n?"
_SIGNS: Final = {"\r\n": "\n", "\r": "\n", **dict(ENTITIES)}
LINK: Final = r"https?://\S+"
# Not \w alone: a hashed handle holds `+` and `=`, and one of an open network ends with
# its host: `@ann@host.example`, `@ann.host.example`. One dot ends a sentence. Letters of
# hosts are ASCII; with others a pass over all texts takes a quarter longer.
_OF_HOST: Final = "[A-Za-z0-9-]+"
_AT_HOST: Final = rf"[@.]{_OF_HOST}(?:\.{_OF_HOST})+"
MENTION: Final = rf"@(?:[A-Za-z0-9+_-]{{30,43}}=|\w+(?:{_AT_HOST})?)"
HASHTAG: Final = r"#\w+"

# Lists that are read from the text where the collector did not give them. A sign within
# a word or an address ("me@mail.example", "https://a.example/#top") names nobody and
# nothing; what stands before one is looked at and taken off again. Where that is a comma
# of an address it is taken for a name: to tell would take another pass over all texts.
_APART: Final = r"(?:^|[^\w/=&?#@])"
FROM_TEXT: Final = {
    "links": LINK,
    "mentions": _APART + MENTION,
    "hashtags": _APART + HASHTAG,
}

# Tags that say "no language" (ISO 639) or "nothing but media, tags, mentions"
# (platforms); others leave the field empty for the same posts.
_NO_LANGUAGE: Final = r"^(?:und|mul|mis|zxx|qam|qct|qht|qme|qst)\b"

# Codes that ISO 639 withdrew, and those of one language of which platforms tag posts
# with one and profiles with the other.
SAME_LANGUAGE: Final = {
    **{"iw": "he", "in": "id", "ji": "yi", "jw": "jv", "mo": "ro"},
    **{"fil": "tl", "msa": "ms", "nb": "no", "nn": "no"},
}

# What some repair of texts looks for: most texts hold none, and a pass over all costs
# the same whether it changes anything.
_DAMAGES: Final = "".join(sorted({sign[0] for sign in _SIGNS} | {UNDECODED}))
DAMAGED: Final = rf"[{_DAMAGES}]|[pP]://"


def post_content() -> pl.Expr:
    """A post's canonical columns as JSON."""
    return pl.struct(list(schema.POSTS)).struct.json_encode()


def distinct(posts: pl.DataFrame) -> pl.DataFrame:
    """Canonical posts as they came, each one once: the first by time and content.

    Undated ones and early ones come first, so that a post at or after as_of never
    takes the place of one before it. Content is read only where a key may repeat.
    """
    if posts.height < 2:
        return posts
    key = pl.when(NAMED).then(pl.col("post_id").hash(1)).otherwise(
        pl.col("posted_at").hash(2)
        ^ pl.col("text").hash(3)
        ^ pl.col("target_post_id").hash(5)
    ) ^ pl.col("account_id").hash(4)
    # Hashes that meet by accident cost time alone: the rule below is exact.
    repeated = posts.select(key.is_duplicated() & (NAMED | DATED)).to_series()
    if not repeated.any():
        return posts
    place = "_place"
    dropped = _later(posts.with_row_index(place).filter(repeated))[place]
    return posts.filter(
        ~pl.int_range(pl.len(), dtype=pl.UInt32).is_in(dropped.implode())
    )


def _later(posts: Frame) -> Frame:
    """Posts that are another one again, canonical or with columns beside."""
    ordered = posts.with_columns(post_content().alias("_content")).sort(
        "posted_at", "_content", nulls_last=False, maintain_order=True
    )
    again = pl.lit(False)
    for among, key in SAME_POST:
        again |= (
            among & pl.struct(among.alias("_among"), *key).is_first_distinct().not_()
        )
    return ordered.filter(again).drop("_content")


def accounts(frame: Frame) -> Frame:
    """Canonical accounts, equalised, with `names_hashed` bool beside.

    Days for creation, minutes for as_of, hashed handles and names null (and marked),
    texts repaired like those of posts, languages without region in lower case.
    """
    hashed = pl.col("handle").str.contains(HASHED) | pl.col("name").str.contains(HASHED)
    return frame.with_columns(
        pl.col("created_at").dt.truncate(CREATION_TIME),
        pl.col("as_of").dt.truncate(POST_TIME),
        hashed.fill_null(False).alias("names_hashed"),
        *(_repaired(pl.col(text)) for text in ("name", "bio", "location", "url")),
        _language(pl.col("declared_language")),
    ).with_columns(
        pl.when("names_hashed").then(None).otherwise(pl.col(name)).alias(name)
        for name in ("handle", "name")
    )


def posts(frame: Frame) -> Frame:
    """Canonical posts, equalised.

    Minutes for times; a leading `RT @name:` makes a repost and is removed; texts are
    repaired; links are https; an application without a name is null; lists that the
    collector did not give are read from the text.
    """
    return with_lists(repaired(frame))


def repaired(frame: Frame) -> Frame:
    """Canonical posts, equalised but for lists that the collector did not give."""
    text, some = pl.col("text"), pl.col("_some")
    # Step by step: what is repaired is not repaired again for each that reads it.
    return (
        frame.with_columns(
            pl.col("posted_at", "target_posted_at").dt.truncate(POST_TIME),
            # Who lists nothing at a place, or an empty text, names nothing.
            pl.col("links").list.eval(_with_https(_named(pl.element()))),
            pl.col("mentions", "hashtags").list.eval(_named(pl.element())),
            # Once for each code: there are few.
            _language(pl.col("language").first()).over("language"),
            # Delimited text cannot tell an empty name from none. Spaces stay: a space too
            # many makes another application of the name.
            pl.when(pl.col("client") != "").then("client").alias("client"),
            _some=text.str.contains(DAMAGED),
        )
        .with_columns(_where(some, text, _repaired))
        .with_columns(_some=text.str.contains(REPOST_PREFIX))
        .with_columns(
            pl.when(some).then(pl.lit("repost")).otherwise("kind").alias("kind"),
            _where(some, text, lambda told: told.str.replace(REPOST_PREFIX, "")),
        )
        .drop("_some")
    )


def with_lists(frame: Frame, columns: Set[str] = frozenset(FROM_TEXT)) -> Frame:
    """Repaired posts with those of the lists that were not given read from the text."""
    return frame.with_columns(
        pl.coalesce(
            column, in_text(pl.when(pl.col(column).is_null()).then("text"), column)
        )
        for column in FROM_TEXT
        if column in columns
    )


def in_text(text: pl.Expr, column: str) -> pl.Expr:
    """The list of that column as a text holds it, signs included; null for null."""
    found = text.str.extract_all(FROM_TEXT[column])
    if column == "links":
        return found
    each = pl.element()
    signed = each.str.starts_with("@") | each.str.starts_with("#")
    return found.list.eval(each.str.slice((~signed).cast(pl.Int64)))


def _named(each: pl.Expr) -> pl.Expr:
    """Those of a list that are not empty but for the sign before them."""
    return each.filter(each.str.strip_chars(" \t\r\n#@") != "")


def _language(code: pl.Expr) -> pl.Expr:
    known = code.str.to_lowercase().str.replace(_NO_LANGUAGE, "")
    return known.str.extract(r"^([a-z]+)").replace(SAME_LANGUAGE)


def plan() -> str:
    """The repairs as text, equal if and only if they are the same."""
    account_table = accounts(schema.empty("accounts").lazy())
    post_table = history.before_as_of(
        posts(schema.empty("posts").lazy()), account_table
    )
    later = _later(schema.empty("posts").lazy())
    return "\n".join(
        [
            str(history.HISTORY_CAP),
            later.explain(optimized=False),
            post_table.explain(optimized=False),
        ]
    )


def _where(
    some: pl.Expr, column: pl.Expr, change: Callable[[pl.Expr], pl.Expr]
) -> pl.Expr:
    """The column, changed where some says so."""
    return pl.when(some).then(changed(some, column, change)).otherwise(column)


def _repaired(text: pl.Expr) -> pl.Expr:
    text = text.str.replace_all(UNDECODED, "", literal=True)
    # All at once, so that what `&amp;` leaves is not read again.
    return _with_https(text.str.replace_many(_SIGNS, leftmost=True))


def _with_https(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all(PLAIN_SCHEME, "https://")
