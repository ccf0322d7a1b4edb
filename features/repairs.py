"""The repairs of equalise.py as a list: what each is, its value, the rows it touches.

For counting, so that a report can say which class each repair touched more often.
"""

from dataclasses import dataclass
from typing import Final, Literal

import polars as pl

from features import equalise, history

_TEXTS: Final = ("name", "bio", "location", "url")


@dataclass(frozen=True)
class Repair:
    """One repair.

    Attributes:
        name: as in reports.
        table: canonical table whose rows it touches.
        value: the constant behind it, as text.
        touched: true for rows that it changes, on the canonical table before it.
    """

    name: str
    table: Literal["accounts", "posts"]
    value: str
    touched: pl.Expr


def _finer(column: str, unit: str) -> pl.Expr:
    return pl.col(column) != pl.col(column).dt.truncate(unit)


def _any(tests: list[pl.Expr]) -> pl.Expr:
    return pl.any_horizontal(test.fill_null(False) for test in tests)


def _holds(columns: tuple[str, ...], pattern: str) -> pl.Expr:
    return _any([pl.col(column).str.contains(pattern) for column in columns])


_ENTITIES: Final = "|".join(entity for entity, _ in equalise.ENTITIES)

REPAIRS: Final = (
    Repair(
        "creation_floored",
        "accounts",
        equalise.CREATION_TIME,
        _any([_finer("created_at", equalise.CREATION_TIME)]),
    ),
    Repair(
        "as_of_floored",
        "accounts",
        equalise.POST_TIME,
        _any([_finer("as_of", equalise.POST_TIME)]),
    ),
    Repair(
        "names_hashed",
        "accounts",
        equalise.HASHED,
        _holds(("handle", "name"), equalise.HASHED),
    ),
    Repair(
        "profile_text_repaired",
        "accounts",
        f"{equalise.UNDECODED}|{_ENTITIES}|{equalise.LINE_END}",
        _holds(_TEXTS, f"{equalise.UNDECODED}|{_ENTITIES}|{equalise.LINE_END}"),
    ),
    Repair(
        "profile_link_scheme",
        "accounts",
        equalise.PLAIN_SCHEME,
        _holds(_TEXTS, equalise.PLAIN_SCHEME),
    ),
    Repair(
        "time_floored",
        "posts",
        equalise.POST_TIME,
        _any(
            [
                _finer(column, equalise.POST_TIME)
                for column in ("posted_at", "target_posted_at")
            ]
        ),
    ),
    Repair(
        "repost_prefix_removed",
        "posts",
        equalise.REPOST_PREFIX,
        _holds(("text",), equalise.REPOST_PREFIX),
    ),
    Repair(
        "repost_kind_set",
        "posts",
        "repost",
        _holds(("text",), equalise.REPOST_PREFIX) & (pl.col("kind") != "repost"),
    ),
    Repair(
        "link_scheme",
        "posts",
        equalise.PLAIN_SCHEME,
        _any(
            [
                pl.col("text").str.contains(equalise.PLAIN_SCHEME),
                pl.col("links").list.join(" ").str.contains(equalise.PLAIN_SCHEME),
            ]
        ),
    ),
    Repair("entity_resolved", "posts", _ENTITIES, _holds(("text",), _ENTITIES)),
    Repair(
        "undecoded_removed",
        "posts",
        equalise.UNDECODED,
        _holds(("text",), equalise.UNDECODED),
    ),
    Repair(
        "line_end_unified",
        "posts",
        equalise.LINE_END,
        _holds(("text",), equalise.LINE_END),
    ),
    Repair(
        "lists_read_from_text",
        "posts",
        ", ".join(equalise.FROM_TEXT),
        pl.col("text").is_not_null()
        & _any([pl.col(column).is_null() for column in equalise.FROM_TEXT]),
    ),
)

# Counted by account and not by row: posts beyond the cap are left out.
CAPPED: Final = "history_capped"


def count_repairs(accounts: pl.DataFrame, posts: pl.LazyFrame) -> pl.DataFrame:
    """Rows of each account that each repair touches: account_id and a column a repair.

    Args:
        accounts: canonical accounts.
        posts: canonical posts; those of other accounts are passed over.
    """
    of = {
        table: [r.touched.alias(r.name) for r in REPAIRS if r.table == table]
        for table in ("accounts", "posts")
    }
    names = [r.name for r in REPAIRS if r.table == "posts"]
    by_account = (
        posts.select("account_id", *of["posts"])
        .group_by("account_id")
        .agg(
            pl.len().alias(CAPPED).cast(pl.Int64) - history.HISTORY_CAP,
            *(pl.col(name).sum().cast(pl.Int64) for name in names),
        )
        .with_columns(pl.col(CAPPED).clip(lower_bound=0))
        .collect(engine="streaming")
    )
    return (
        accounts.select("account_id", *of["accounts"])
        .with_columns(
            pl.col(r.name).cast(pl.Int64) for r in REPAIRS if r.table == "accounts"
        )
        .join(by_account, on="account_id", how="left", maintain_order="left")
        .with_columns(pl.col(CAPPED, *names).fill_null(0))
    )
