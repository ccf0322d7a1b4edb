"""Edits: what an operator may change to hide an account, and what it costs.

Costs are those that the catalogue gives to the features meant: free (edit a field, leave
out tags, not post on the minute), cheap (other applications, words and hours, followers
bought, posts deleted), dear (readers who answer, months instead of days, an old account).
Of the cheap ones, those that take a line in the program that posts come first, as a
budget of their own. What a collection does not tell stays untold, and every change is
drawn from the account's own key, so that an attack is the same each time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, get_args

import numpy as np
import polars as pl

from models.hashing import uniform

Tables = tuple[pl.DataFrame, pl.DataFrame]
Budget = Literal["free", "program", "cheap", "dear"]
# Each allows what those before it do.
BUDGETS: Final[tuple[Budget, ...]] = get_args(Budget)

_FIRST: Final = ["anna", "jonas", "maria", "peter", "lucy", "omar", "nina", "tom"]
_LAST: Final = ["walker", "berger", "silva", "novak", "meyer", "haddad", "lind", "roy"]
_FILLERS: Final = [
    *("honestly", "again", "for now", "I think", "as ever", "who knows", "so far"),
    *("to be fair", "it seems", "at last", "more or less", "anyway", "not yet"),
]
_OWN: Final = pl.col("kind") != "repost"
# What a draw for a post depends on.
_POST: Final = ("account_id", "post_id", "posted_at", "text")


@dataclass(frozen=True)
class Edit:
    """One change of an account or of all its posts.

    Attributes:
        name: what is done.
        budget: the smallest that pays for it.
        apply: canonical accounts and posts to changed ones, same account_ids; null
            stays null.
    """

    name: str
    budget: Budget
    apply: Callable[[pl.DataFrame, pl.DataFrame], Tables]


def _of_account(**columns: pl.Expr) -> Callable[[pl.DataFrame, pl.DataFrame], Tables]:
    told = [
        pl.when(pl.col(name).is_not_null()).then(expr).alias(name)
        for name, expr in columns.items()
    ]
    return lambda accounts, posts: (accounts.with_columns(told), posts)


def _of_posts(**columns: pl.Expr) -> Callable[[pl.DataFrame, pl.DataFrame], Tables]:
    told = [
        pl.when(pl.col(name).is_not_null()).then(expr).alias(name)
        for name, expr in columns.items()
    ]
    return lambda accounts, posts: (accounts, posts.with_columns(told))


def _draw(kinds: int, purpose: int, *columns: str) -> pl.Expr:
    """A number below `kinds` from the columns: the same for the same values."""

    def drawn(keys: pl.Series) -> pl.Series:
        shares = uniform(keys.to_list(), f"edits {purpose}")
        return pl.Series(np.floor(shares * kinds).astype(np.int32))

    shown = [pl.col(c).to_physical().cast(pl.String).fill_null("") for c in columns]
    key = pl.concat_str(shown, separator="\x1f")
    return key.map_batches(drawn, return_dtype=pl.Int32)


def _word(words: list[str], purpose: int, *columns: str) -> pl.Expr:
    places = _draw(len(words), purpose, *columns)
    return places.replace_strict(dict(enumerate(words)), return_dtype=pl.String)


def _minutes(most: int, purpose: int) -> pl.Expr:
    drawn = _draw(2 * most + 1, purpose, *_POST)
    return pl.duration(minutes=drawn - most)


def _retimed(
    moment: Callable[[pl.Expr], pl.Expr],
) -> Callable[[pl.DataFrame, pl.DataFrame], Tables]:
    """Posts at other moments, before as_of all the same; untimed ones stay untimed."""

    def apply(accounts: pl.DataFrame, posts: pl.DataFrame) -> Tables:
        latest = pl.col("as_of") - pl.duration(minutes=1)
        # Of null and a moment, the least is the moment.
        at = pl.min_horizontal(moment(pl.col("posted_at")), latest)
        moved = (
            posts.join(
                accounts.select("account_id", "as_of"),
                on="account_id",
                maintain_order="left",
            )
            .with_columns(
                pl.when(pl.col("posted_at").is_not_null())
                .then(at)
                .cast(posts.schema["posted_at"])
                .alias("posted_at")
            )
            .select(posts.columns)
        )
        return accounts, moved

    return apply


def _without(leave: pl.Expr) -> Callable[[pl.DataFrame, pl.DataFrame], Tables]:
    return lambda accounts, posts: (accounts, posts.filter(~leave))


def _add_own(accounts: pl.DataFrame, posts: pl.DataFrame) -> Tables:
    """Half as many harmless posts again, each some hours after one that is there."""
    taken = posts.filter(_draw(2, 21, *_POST) == 0)
    empty = [
        pl.when(pl.col(name).is_not_null())
        .then(pl.lit([], dtype=pl.List(pl.String)))
        .alias(name)
        for name in ("hashtags", "mentions", "links")
    ]
    text = pl.concat_str(
        *(_word(_FILLERS, n, *_POST) for n in (22, 23, 24)),
        separator=" ",
    )
    own = taken.with_columns(
        pl.lit("original").alias("kind"),
        pl.when(pl.col("text").is_not_null()).then(text).alias("text"),
        pl.when(pl.col("post_id").is_not_null())
        .then(pl.concat_str(pl.lit("own-"), "post_id"))
        .alias("post_id"),
        *(
            pl.lit(None, dtype=posts.schema[name]).alias(name)
            for name in ("target_account_id", "target_post_id", "target_posted_at")
        ),
        *empty,
    )
    later = _retimed(lambda at: at + pl.duration(hours=5) + _minutes(120, 25))
    return accounts, pl.concat([posts, later(accounts, own)[1]])


def _varied() -> pl.Expr:
    word = _word(_FILLERS, 11, *_POST)
    return (
        pl.when(_OWN)
        .then(pl.concat_str(pl.col("text"), word, separator=" "))
        .otherwise("text")
    )


def _own_without(pattern: str) -> pl.Expr:
    bare = pl.col("text").str.replace_all(pattern, "").str.strip_chars()
    return pl.when(_OWN).then(bare).otherwise("text")


def _none_of_own(column: str) -> pl.Expr:
    empty = pl.lit([], dtype=pl.List(pl.String))
    return pl.when(_OWN).then(empty).otherwise(column)


_HANDLE: Final = pl.concat_str(
    _word(_FIRST, 1, "account_id"), _word(_LAST, 2, "account_id"), separator="_"
)

EDITS: Final[tuple[Edit, ...]] = (
    Edit(
        "fill the profile",
        "free",
        _of_account(
            bio=pl.lit("Coffee, long walks, and now and then an opinion."),
            location=pl.lit("Springfield"),
            url=pl.lit("https://blog.example"),
            default_image=pl.lit(False),
        ),
    ),
    Edit(
        "take a plain name",
        "free",
        _of_account(
            handle=_HANDLE, name=_HANDLE.str.replace("_", " ").str.to_titlecase()
        ),
    ),
    Edit(
        "hide the application",
        "program",
        _of_posts(client=pl.lit("Twitter for iPhone")),
    ),
    Edit(
        "two applications, as people have",
        "program",
        _of_posts(
            client=_word(
                ["Twitter for Android", "Twitter for Android", "Twitter Web App"],
                12,
                *_POST,
            )
        ),
    ),
    Edit("add a word to each own post", "program", _of_posts(text=_varied())),
    Edit("jitter by minutes", "free", _retimed(lambda at: at + _minutes(7, 13))),
    Edit("jitter by hours", "program", _retimed(lambda at: at + _minutes(180, 14))),
    Edit("keep other hours", "program", _retimed(lambda at: at - pl.duration(hours=8))),
    Edit(
        "no tags",
        "free",
        _of_posts(text=_own_without(r"#\w+"), hashtags=_none_of_own("hashtags")),
    ),
    Edit(
        "no mentions and links",
        "cheap",
        _of_posts(
            text=_own_without(r"@\w+|https?://\S+"),
            mentions=_none_of_own("mentions"),
            links=_none_of_own("links"),
        ),
    ),
    Edit(
        "repost hours later",
        "cheap",
        _retimed(
            lambda at: pl.when(_OWN).then(at).otherwise(at + pl.duration(hours=6))
        ),
    ),
    Edit(
        "delete half of the reposts",
        "cheap",
        _without(~_OWN & (_draw(2, 15, *_POST) == 0)),
    ),
    Edit(
        "delete half of all posts",
        "cheap",
        _without(_draw(2, 16, *_POST) == 0),
    ),
    Edit("add harmless posts", "cheap", _add_own),
    Edit(
        "buy followers",
        "cheap",
        _of_account(followers=pl.max_horizontal("followers", "following")),
    ),
    Edit(
        "follow fewer",
        "cheap",
        _of_account(following=pl.min_horizontal("following", "followers")),
    ),
    Edit(
        "buy an old account",
        "dear",
        _of_account(created_at=pl.col("created_at") - timedelta(days=4 * 365)),
    ),
    Edit(
        "have readers who answer",
        "dear",
        _of_posts(likes=pl.col("likes") + 5, replies=pl.col("replies") + 2),
    ),
    Edit(
        "spread over three times as long",
        "dear",
        _retimed(lambda at: pl.col("as_of") - (pl.col("as_of") - at) * 3),
    ),
)
