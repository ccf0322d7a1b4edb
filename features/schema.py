"""The canonical tables: columns, types, and the check that a frame follows them.

Null means "not known", an empty string or list means "known to be empty". All times
are UTC. After ingest `account_id` is `<source>/<id>` in every table.
"""

from typing import Final

import polars as pl

from features.errors import SchemaError

TIME: Final = pl.Datetime("ms", "UTC")
STRINGS: Final = pl.List(pl.String)

ACCOUNTS: Final[dict[str, pl.DataType]] = {
    "account_id": pl.String(),
    "as_of": TIME,
    "created_at": TIME,
    "handle": pl.String(),
    "name": pl.String(),
    "bio": pl.String(),
    "location": pl.String(),
    "url": pl.String(),
    "declared_language": pl.String(),
    "followers": pl.Int64(),
    "following": pl.Int64(),
    "posts_total": pl.Int64(),
    "likes_total": pl.Int64(),
    "listed": pl.Int64(),
    "default_image": pl.Boolean(),
    "history_complete": pl.Boolean(),
}

KINDS: Final = ("original", "repost", "reply", "quote")

POSTS: Final[dict[str, pl.DataType]] = {
    "post_id": pl.String(),
    "account_id": pl.String(),
    "posted_at": TIME,
    "text": pl.String(),
    "language": pl.String(),
    "client": pl.String(),
    "kind": pl.String(),
    "target_account_id": pl.String(),
    "target_post_id": pl.String(),
    "target_posted_at": TIME,
    "hashtags": STRINGS,
    "mentions": STRINGS,
    "links": STRINGS,
    "likes": pl.Int64(),
    "reposts": pl.Int64(),
    "replies": pl.Int64(),
    "quotes": pl.Int64(),
}

LABELS: Final[dict[str, pl.DataType]] = {
    "account_id": pl.String(),
    "source": pl.String(),
    "campaign": pl.String(),
    "operator": pl.String(),
    "role": pl.String(),
    "kind": pl.String(),
    "label": pl.Int8(),
    "slice": pl.String(),
    "strength": pl.Float64(),
    "disclosed_at": TIME,
    # Operator in whose held-out fold the account stands: its own for a takedown
    # account, the one it is the control of for a control.
    "block": pl.String(),
    # Least account_id of the copies that the account belongs to (itself included), null
    # if it has none: a group that no split may part.
    "duplicate_group": pl.String(),
}

ACTIONS: Final[dict[str, pl.DataType]] = {
    "account_id": pl.String(),
    "kind": pl.String(),
    "target_account_id": pl.String(),
    "at": TIME,
}

REJECTED: Final[dict[str, pl.DataType]] = {
    "source": pl.String(),
    "file": pl.String(),
    "row": pl.Int64(),
    "rule": pl.String(),
    "detail": pl.String(),
    "raw": pl.String(),
}

# Columns that count something; null, never negative, where nobody counted.
COUNTS: Final[dict[str, tuple[str, ...]]] = {
    "accounts": ("followers", "following", "posts_total", "likes_total", "listed"),
    "posts": ("likes", "reposts", "replies", "quotes"),
}

TABLES: Final[dict[str, dict[str, pl.DataType]]] = {
    "accounts": ACCOUNTS,
    "posts": POSTS,
    "labels": LABELS,
    "actions": ACTIONS,
    "rejected": REJECTED,
}

REQUIRED: Final[dict[str, tuple[str, ...]]] = {
    "accounts": ("account_id", "as_of"),
    "posts": ("account_id", "kind"),
    "labels": ("account_id", "source", "kind", "label", "strength", "block"),
    "actions": ("account_id", "kind", "target_account_id", "at"),
    "rejected": ("source", "file", "row", "rule"),
}


def empty(table: str) -> pl.DataFrame:
    """Canonical table of no rows.

    Args:
        table: a key of `TABLES`.
    """
    return pl.DataFrame(schema=TABLES[table])


def conform(frame: pl.DataFrame, table: str) -> pl.DataFrame:
    """Frame with exactly the canonical columns in order, absent ones filled with null.

    Raises:
        SchemaError: a column has another type, a required one has nulls, a value is
            impossible.
    """
    schema = TABLES[table]
    absent = [
        pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in schema.items()
        if name not in frame.columns
    ]
    return check(frame.with_columns(absent).select(list(schema)), table)


def check(frame: pl.DataFrame, table: str) -> pl.DataFrame:
    """The same frame, its columns in canonical order.

    Raises:
        SchemaError: a column is missing, unknown, of another type, null where a value
            is required, a count is negative, or a post of no known kind.
    """
    schema = TABLES[table]
    if absent := set(schema) - set(frame.columns):
        raise SchemaError.missing(table, absent)
    if unknown := set(frame.columns) - set(schema):
        raise SchemaError.banned(table, unknown)
    given = frame.schema
    for name, dtype in schema.items():
        if given[name] != dtype:
            raise SchemaError.dtype(table, name, dtype, given[name])
    for name in REQUIRED[table]:
        if count := frame[name].null_count():
            raise SchemaError.nulls(table, name, count)
    wrong = {name: (pl.col(name) < 0, "0 or more") for name in COUNTS.get(table, ())}
    if table == "posts":
        wrong["kind"] = (~pl.col("kind").is_in(KINDS), ", ".join(KINDS))
    # All in one query: for one account, each further one costs more than it finds.
    hit = frame.select(rule.any().alias(name) for name, (rule, _) in wrong.items())
    for name, (rule, allowed) in wrong.items():
        if hit[name].any():
            found = frame.select(pl.col(name).filter(rule)).to_series()
            raise SchemaError.values(table, name, allowed, len(found), found[0])
    return frame if frame.columns == list(schema) else frame.select(list(schema))
