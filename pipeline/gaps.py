"""Gaps: as many values missing in both classes, feature by feature."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import polars as pl

from features.feature import Feature
from pipeline.evening import even_shares

# Numbers of posts within which missing values are evened out (upper bounds, exclusive).
_BANDS: Final = (1, 5, 10, 20, 50, 100)


class Evened(NamedTuple):
    """Values as both classes have them, and what that cost.

    values: the table given, with more nulls.
    taken: its account_id, and a column a feature: the value taken away, null elsewhere.
    """

    values: pl.DataFrame
    taken: pl.DataFrame


def even_missingness(
    values: pl.DataFrame, labels: pl.DataFrame, features: Sequence[Feature]
) -> Evened:
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
    evened, taken_away = [], []
    for feature in features:
        known = values[feature.name].is_not_null().to_numpy()
        taken = np.zeros(len(ids), dtype=bool)
        # One draw for all features that are missing for one cause.
        cause = f"{feature.group} {feature.counted}"
        for rows in rows_of:
            taken[rows] = even_shares(
                known[rows], positive[rows], ids[rows].tolist(), cause
            )
        value, gone = pl.col(feature.name), pl.Series(taken)
        evened.append(pl.when(~gone).then(value).alias(feature.name))
        taken_away.append(pl.when(gone).then(value).alias(feature.name))
    return Evened(values.with_columns(evened), values.select("account_id", *taken_away))


def as_seen(values: pl.DataFrame, taken: pl.DataFrame) -> pl.DataFrame:
    """Values before they were evened out.

    Args:
        values: of Evened.
        taken: of Evened, for at least the same rows; by account_id, and by training_set
            where it has one.
    """
    keys = [name for name in ("training_set", "account_id") if name in taken.columns]
    names = [name for name in taken.columns if name not in keys]
    joined = values.join(
        taken, on=keys, how="left", suffix=" taken", maintain_order="left"
    )
    return joined.select(
        pl.coalesce(name, f"{name} taken") if name in names else name
        for name in values.columns
    )
