"""Kinds: how often each kind of a thing occurs among an account's posts, for many mixes.

A thing is a whole number that is a key of a post, null for none (features.mixes).
"""

from typing import Final

import polars as pl

# On which side of the longest silence a post is; null where nobody knows.
SIDES: Final = {
    "before": pl.col("returned").not_().cast(pl.Int64),
    "after": pl.col("returned").cast(pl.Int64),
}
_COUNTS: Final = ("count", *SIDES)


def in_order(wanted: list[str], sided: list[str]) -> list[str]:
    """Mixes as `count_kinds` gives them: those that need no sides first."""
    return [*(name for name in wanted if name not in sided), *sided]


def count_kinds(
    keys: pl.LazyFrame, wanted: list[str], sided: list[str]
) -> pl.LazyFrame:
    """`mix`, `account`, `count`, a row a kind; each mix has a row of every account.

    The count of an account without a thing is 0. Of mixes that are asked for sides,
    `before` and `after` are the counts on each of them; null for other mixes.

    Args:
        keys: of posts: `account`, the posts of one together, a column a mix, and
            `SIDES` if any mix is asked for them.
        wanted: names of mixes.
        sided: those that are asked for sides.
    """
    plain = [name for name in wanted if name not in sided]
    tables = [_plain(keys, plain)] if plain else []
    if sided:
        tables.append(_sided(keys, sided))
    return tables[0] if len(tables) == 1 else pl.concat(tables, how="diagonal")


def _plain(keys: pl.LazyFrame, mixes: list[str]) -> pl.LazyFrame:
    # Account by account: one table of the kinds of all takes twice the time.
    return (
        keys.group_by("account", maintain_order=True)
        .agg(pl.col(mixes).drop_nulls().unique_counts())
        .unpivot(mixes, index="account", variable_name="mix", value_name="count")
        # An account without a thing keeps its place.
        .explode("count", empty_as_null=True)
        .select("mix", "account", pl.col("count").fill_null(0).cast(pl.Int64))
    )


def _sided(keys: pl.LazyFrame, mixes: list[str]) -> pl.LazyFrame:
    first = pl.col("account") != pl.col("account").shift(1, fill_value=-1)
    return (
        keys.with_columns(first=first)
        .unpivot(mixes, index=["account", "first", *SIDES], variable_name="mix")
        # No thing is no kind, but one keeps the place of its account.
        .filter(pl.col("value").is_not_null() | pl.col("first"))
        .group_by("mix", "account", "value", maintain_order=True)
        .agg(pl.len().cast(pl.Int64).alias("count"), pl.col(*SIDES).sum())
        .select(
            "mix",
            "account",
            *(
                pl.when(pl.col("value").is_null()).then(0).otherwise(c).alias(c)
                for c in _COUNTS
            ),
        )
    )
