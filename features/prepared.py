"""Prepared: tables checked, equalised, cut at as_of, and measured post by post."""

from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from features import equalise, history, schema
from features.account_measures import measure_accounts
from features.artefacts import READ, Artefacts
from features.day_curve import COLUMN
from features.errors import InputError
from features.measures import behind, measure

Table = pl.DataFrame | Path


@dataclass(frozen=True)
class Prepared:
    """What values are made of.

    Attributes:
        accounts: equalised, in the order given, with what the fitted tables say.
        posts: measured, sorted by account and time, with what the fitted tables say.
    """

    accounts: pl.DataFrame
    posts: pl.DataFrame


def prepare(
    accounts: Table,
    posts: Table | None,
    artefacts: Artefacts | None,
    reads: Set[str] | None = None,
) -> Prepared:
    """Accounts and their posts, ready for expressions.

    Args:
        accounts: canonical accounts, or a Parquet file of them.
        posts: canonical posts, or a Parquet file of them; null if there are none.
        artefacts: tables fitted in training, null if there are none.
        reads: measures of posts that are read, beside those of the fitted tables; null
            for all.

    Raises:
        SchemaError: a table is not canonical.
        InputError: an account stands in the table twice.
    """
    return prepare_checked(*checked(accounts, posts), artefacts, reads)


def checked(accounts: Table, posts: Table | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The tables, read and known to be canonical.

    Raises:
        SchemaError: a table is not canonical.
        InputError: an account stands in the table twice.
    """
    account_table = schema.check(_read(accounts), "accounts")
    if account_table["account_id"].n_unique() != account_table.height:
        raise InputError(
            "table accounts: an account_id stands more than once; keep one row of each"
        )
    post_table = schema.empty("posts") if posts is None else _read(posts)
    return account_table, schema.check(post_table, "posts")


def prepare_checked(
    accounts: pl.DataFrame,
    posts: pl.DataFrame,
    artefacts: Artefacts | None,
    reads: Set[str] | None = None,
) -> Prepared:
    """Like `prepare`, of tables known to be canonical."""
    if reads is not None and artefacts is not None:
        reads = reads | READ
    account_table = measure_accounts(equalise.accounts(accounts.lazy()))
    # Before times lose their seconds: by the minute, two posts could look like one.
    once = equalise.distinct(posts).lazy()
    # As as_of is a whole minute, seconds do not matter here.
    early = history.early(once, account_table.lazy(), beside=("declared_language",))
    kept = history.latest(equalise.repaired(early), most=posts.height)
    # After the cut, and only what is read: lists are slow to make and to sort.
    lists = equalise.FROM_TEXT.keys()
    told = equalise.with_lists(kept, lists if reads is None else lists & behind(reads))
    return look_up(Prepared(account_table, measure(told, reads)), artefacts)


def look_up(prepared: Prepared, artefacts: Artefacts | None) -> Prepared:
    """With what the fitted tables say beside, null without them."""
    if artefacts is None:
        return Prepared(
            prepared.accounts.with_columns(
                pl.lit(None, pl.Float64).alias("handle_bigram_loglik"),
                pl.lit(None, pl.Float64).alias(COLUMN),
                fitted=False,
            ),
            prepared.posts.with_columns(
                pl.lit(None, pl.Int64).alias("client_rarity"),
                pl.lit(None, pl.Boolean).alias("copied"),
            ),
        )
    return Prepared(
        prepared.accounts.with_columns(
            artefacts.handle_bigram_loglik(prepared.accounts),
            artefacts.day_curve.distance(prepared.accounts, prepared.posts),
            fitted=True,
        ),
        prepared.posts.with_columns(
            artefacts.clientele.rarity(prepared.posts),
            artefacts.prominent.copied(prepared.posts),
        ),
    )


def _read(table: Table) -> pl.DataFrame:
    return pl.read_parquet(table) if isinstance(table, Path) else table
