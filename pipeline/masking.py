"""Masks: what one class lacks by collection, taken from the other class of its fold too.

A column that only one class has, or a history that only one class has whole, tells the
classes apart without any behaviour. Within each block (an operator's campaigns and
their controls) both classes therefore get the same share of missing values in every
column, and the same windows and numbers of posts. A tree sees missingness; after this
it finds nothing in it (features.md, rule F15). Each rule can be switched off, to see
what it is worth.
"""

from collections.abc import Mapping
from typing import Final, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features import equalise, history, schema
from pipeline.evening import even_shares
from pipeline.histories import (
    before,
    cut_histories,
    even_histories,
    observe_histories,
)
from pipeline.section import Section

MASKS: Final[dict[str, pl.DataType]] = {
    "account_id": pl.String(),
    "block": pl.String(),
    # Posts before this moment are left out; null: none is.
    "posts_from": schema.TIME,
    # Number of posts kept of the others: spread over them, or else the latest.
    "posts_kept": pl.Int64(),
    "spread": pl.Boolean(),
    # Columns set to null, in the accounts table and in the posts table.
    "masked_accounts": schema.STRINGS,
    "masked_posts": schema.STRINGS,
}

# Columns that are missing for one cause, and are masked together.
_CAUSES: Final = {"handle": "names", "name": "names"}
_ACCOUNT_COLUMNS: Final = tuple(
    c for c in schema.ACCOUNTS if c not in ("account_id", "as_of")
)
_POST_COLUMNS: Final = tuple(c for c in schema.POSTS if c not in ("account_id", "kind"))


class EqualiseRules(Section):
    """Section `label.equalise` of params.yaml."""

    columns: bool
    windows: bool
    counts: bool
    kept_posts: Literal["spread", "latest"]
    count_moments: Literal["mask", "mark"]


def observe(accounts: pl.DataFrame, posts: pl.LazyFrame) -> pl.DataFrame:
    """What is known of each account: a flag a column, and its history before as_of.

    Columns: account_id, as_of, n_posts, span (histories.py), `known_<column>` for
    accounts, `posts_<column>` (true if any of its posts has the column).
    """
    by_account = (
        before(accounts, posts)
        .group_by("account_id")
        .agg(pl.col(c).is_not_null().any().alias(f"posts_{c}") for c in _POST_COLUMNS)
        .collect()
    )
    hashed = pl.col("handle", "name").str.contains(equalise.HASHED)
    readable = accounts.with_columns(
        pl.when(~hashed).then(pl.col("handle", "name")),
        # An incomplete history is a value that is not known.
        pl.when("history_complete").then(pl.lit(True)).alias("history_complete"),
    )
    return (
        readable.select(
            "account_id",
            *(pl.col(c).is_not_null().alias(f"known_{c}") for c in _ACCOUNT_COLUMNS),
        )
        .join(observe_histories(accounts, posts), on="account_id")
        .join(by_account, on="account_id", how="left")
        .with_columns(pl.col(f"posts_{c}").fill_null(False) for c in _POST_COLUMNS)
        .sort("account_id")
    )


def plan_masks(
    observed: pl.DataFrame,
    posts: pl.LazyFrame,
    labels: pl.DataFrame,
    rules: EqualiseRules,
    moments: Mapping[str, str],
) -> pl.DataFrame:
    """Masks of every labelled account, columns of MASKS, sorted by account_id.

    Args:
        observed: from `observe`.
        posts: canonical posts.
        labels: canonical labels; `block` says which classes are compared.
        rules: which differences are taken away.
        moments: source -> moment that the counts of its accounts are of.
    """
    facts = labels.select("account_id", "block", "label").join(
        observed, on="account_id", how="left"
    )
    kept = even_histories(
        facts, posts, rules.windows, rules.counts, rules.kept_posts == "spread"
    )
    facts = facts.join(kept, on="account_id").with_columns(moment_of(moments))
    plans = [
        _plan_block(rows.sort("account_id"), rules)
        for rows in facts.sort("block").partition_by("block", maintain_order=True)
    ]
    return pl.concat(plans).select(list(MASKS)).sort("account_id")


def moment_of(moments: Mapping[str, str]) -> pl.Expr:
    """Moment that the counts of an account are of, as its source declares; or null."""
    source = pl.col("account_id").str.extract(r"^([^/]*)/")
    named = source.replace_strict(dict(moments), default=None, return_dtype=pl.String)
    return named.alias("moment")


def unlike_moments(facts: pl.DataFrame) -> bool:
    """Whether the counts of the classes of one block are of different moments.

    Args:
        facts: label and moment of its accounts.
    """
    one, other = (
        set(facts.filter(pl.col("label") == label)["moment"]) for label in (1, 0)
    )
    return bool(one) and bool(other) and one != other


def _plan_block(facts: pl.DataFrame, rules: EqualiseRules) -> pl.DataFrame:
    ids = facts["account_id"].to_list()
    positive = facts["label"].to_numpy() == 1
    kept = facts["posts_kept"].to_numpy()
    whole = (facts["n_posts"].to_numpy() == kept) & (kept < history.HISTORY_CAP)
    unlike = rules.count_moments == "mask" and unlike_moments(facts)
    masked: list[list[str]] = [[] for _ in ids]
    for column in _ACCOUNT_COLUMNS:
        known: NDArray[np.bool_] = facts[f"known_{column}"].to_numpy()
        if column == "history_complete":
            # A history that was cut counts as whole no more, and of those of as many
            # posts in the other class as large a share.
            taken = known & ~whole
            if rules.columns or taken.any():
                taken |= even_shares(known & whole, positive, ids, column, kept)
        elif column in schema.COUNTS["accounts"] and unlike:
            taken = known
        elif rules.columns:
            taken = even_shares(known, positive, ids, _CAUSES.get(column, column))
        else:
            continue
        for row in np.flatnonzero(taken):
            masked[row].append(column)
    absent = [
        column
        for column in _POST_COLUMNS
        if rules.columns
        and not all(
            (facts[f"posts_{column}"].to_numpy() & side).any()
            for side in (positive, ~positive)
        )
    ]
    return facts.with_columns(
        pl.Series("masked_accounts", masked, dtype=schema.STRINGS),
        pl.Series("masked_posts", [absent] * len(ids), dtype=schema.STRINGS),
    )


def apply_masks(
    accounts: pl.DataFrame, posts: pl.DataFrame, masks: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Accounts and posts with the masks applied; accounts without a mask are left out."""
    joined = accounts.join(masks, on="account_id", maintain_order="left")
    masked = joined.with_columns(
        pl.when(~pl.col("masked_accounts").list.contains(pl.lit(c)))
        .then(pl.col(c))
        .alias(c)
        for c in _ACCOUNT_COLUMNS
    ).select(list(schema.ACCOUNTS))
    cut = history.before_as_of(posts, accounts).join(
        masks.select(
            "account_id", "posts_from", "posts_kept", "spread", "masked_posts"
        ),
        on="account_id",
        maintain_order="left",
    )
    kept = (
        cut_histories(cut)
        .with_columns(
            pl.when(~pl.col("masked_posts").list.contains(pl.lit(c)))
            .then(pl.col(c))
            .alias(c)
            for c in _POST_COLUMNS
            # No feature reads it; without it, posts that are alike would be one.
            if c != "post_id"
        )
        .select(list(schema.POSTS))
    )
    return masked, kept
