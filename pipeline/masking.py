"""Masks: what one class lacks by collection, taken from the other class of its fold too.

A column that only one class has, or a history that only one class has whole, tells the
classes apart without any behaviour. Within each block (an operator's campaigns and
their controls) both classes therefore get the same share of missing values in every
column, and the same distribution of numbers of posts. A tree sees missingness; after
this it finds nothing in it (features.md, rule F15).
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features import equalise, schema
from features.feature import Feature
from models.hashing import uniform

MASKS: Final[dict[str, pl.DataType]] = {
    "account_id": pl.String(),
    "block": pl.String(),
    # Latest posts kept of the account.
    "posts_kept": pl.Int64(),
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


def observe(accounts: pl.DataFrame, posts: pl.LazyFrame) -> pl.DataFrame:
    """What is known of each account: a flag a column, and the posts before as_of.

    Columns: account_id, n_posts, `known_<column>` for accounts, `posts_<column>` (true
    if any of its posts has the column).
    """
    moments = accounts.lazy().select("account_id", "as_of")
    by_account = (
        posts.join(moments, on="account_id")
        .filter(pl.col("posted_at").is_null() | (pl.col("posted_at") < pl.col("as_of")))
        .group_by("account_id")
        .agg(
            pl.len().cast(pl.Int64).clip(0, equalise.HISTORY_CAP).alias("n_posts"),
            *(pl.col(c).is_not_null().any().alias(f"posts_{c}") for c in _POST_COLUMNS),
        )
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
        .join(by_account, on="account_id", how="left")
        .with_columns(
            pl.col("n_posts").fill_null(0),
            *(pl.col(f"posts_{c}").fill_null(False) for c in _POST_COLUMNS),
        )
        .sort("account_id")
    )


def plan_masks(observed: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    """Masks of every labelled account, columns of MASKS, sorted by account_id.

    Args:
        observed: from `observe`.
        labels: canonical labels; `block` says which classes are compared.
    """
    facts = labels.select("account_id", "block", "label").join(
        observed, on="account_id", how="left"
    )
    plans = [
        _plan_block(rows.sort("account_id"))
        for _, rows in facts.sort("block").group_by(["block"], maintain_order=True)
    ]
    return pl.concat(plans).select(list(MASKS)).sort("account_id")


def _plan_block(facts: pl.DataFrame) -> pl.DataFrame:
    ids = facts["account_id"].to_list()
    positive = facts["label"].to_numpy() == 1
    kept = _even_counts(facts["n_posts"].to_numpy(), positive, ids)
    # Whole and cut histories are not alike, so where one is cut none counts as whole.
    cut = bool((kept < facts["n_posts"].to_numpy()).any())
    masked: list[list[str]] = [[] for _ in ids]
    for column in _ACCOUNT_COLUMNS:
        known = facts[f"known_{column}"].to_numpy()
        if column == "history_complete" and cut:
            taken = known
        else:
            taken = _even_shares(known, positive, ids, _CAUSES.get(column, column))
        for row in np.flatnonzero(taken):
            masked[row].append(column)
    absent = [
        column
        for column in _POST_COLUMNS
        if not all(
            (facts[f"posts_{column}"].to_numpy() & side).any()
            for side in (positive, ~positive)
        )
    ]
    return facts.select("account_id", "block").with_columns(
        pl.Series("posts_kept", kept, dtype=pl.Int64),
        pl.Series("masked_accounts", masked, dtype=schema.STRINGS),
        pl.Series("masked_posts", [absent] * len(ids), dtype=schema.STRINGS),
    )


def _even_shares(
    known: NDArray[np.bool_], positive: NDArray[np.bool_], ids: list[str], cause: str
) -> NDArray[np.bool_]:
    """Rows to mask so that both classes miss the same share, shape (n_accounts,)."""
    missing = [
        1 - known[side].mean() if side.any() else 0.0 for side in (positive, ~positive)
    ]
    taken = np.zeros(len(ids), dtype=bool)
    for side, own, other in (
        (positive, missing[0], missing[1]),
        (~positive, missing[1], missing[0]),
    ):
        if other > own:
            drawn = uniform(ids, f"mask {cause}") < (other - own) / (1 - own)
            taken |= side & known & drawn
    return taken


def _even_counts(
    counts: NDArray[np.int64], positive: NDArray[np.bool_], ids: list[str]
) -> NDArray[np.int64]:
    """Posts to keep of each account so that both classes have the same counts.

    An account at rank q of its class keeps at most what the account at rank q of the
    other class has. That takes away the least, and leaves the busy ones the busiest.
    """
    kept = counts.copy()
    tie = uniform(ids, "rank of posts")
    sides = [np.flatnonzero(positive), np.flatnonzero(~positive)]
    if not all(len(side) for side in sides):
        return kept
    ordered = [side[np.lexsort((tie[side], counts[side]))] for side in sides]
    for own, other in (ordered, ordered[::-1]):
        rank = ((np.arange(len(own)) + 0.5) / len(own) * len(other)).astype(int)
        kept[own] = np.minimum(counts[own], counts[other][rank])
    return kept


# Numbers of posts within which missing values are evened out (upper bounds, exclusive).
_BANDS: Final = (1, 5, 10, 20, 50, 100)


def even_missingness(
    values: pl.DataFrame, labels: pl.DataFrame, features: Sequence[Feature]
) -> pl.DataFrame:
    """Values, with more nulls where one class of a block has fewer than the other.

    Behaviour leaves gaps too: who only reposts has no words of his own. The behaviour
    stands in a feature of its own (the share of reposts); its shadow in the gaps of
    others would be a second, unspoken one, and is taken away here.

    Args:
        values: account_id, n_posts and a column a feature.
        labels: canonical labels of the same accounts.
        features: the columns to even out.
    """
    placed = values.select("account_id", "n_posts").join(
        labels.select("account_id", "block", "label"),
        on="account_id",
        how="left",
        maintain_order="left",
    )
    ids = placed["account_id"].to_numpy()
    positive = placed["label"].to_numpy() == 1
    band = np.searchsorted(_BANDS, placed["n_posts"].to_numpy(), side="right")
    cell = np.char.add(placed["block"].to_numpy().astype(str), band.astype(str))
    rows_of = [np.flatnonzero(cell == name) for name in np.unique(cell)]
    evened = []
    for feature in features:
        known = values[feature.name].is_not_null().to_numpy()
        taken = np.zeros(len(ids), dtype=bool)
        # One draw for all features that are missing for one cause.
        cause = f"{feature.group} {feature.counted}"
        for rows in rows_of:
            taken[rows] = _even_shares(
                known[rows], positive[rows], ids[rows].tolist(), cause
            )
        keep = pl.Series(~taken)
        evened.append(pl.when(keep).then(pl.col(feature.name)).alias(feature.name))
    return values.with_columns(evened)


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
    cut = equalise.before_as_of(posts, accounts).join(
        masks.select("account_id", "posts_kept", "masked_posts"),
        on="account_id",
        maintain_order="left",
    )
    from_latest = pl.int_range(pl.len()).reverse().over("account_id")
    kept = (
        cut.filter(from_latest < pl.col("posts_kept"))
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
