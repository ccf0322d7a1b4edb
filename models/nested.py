"""Nested leave-one-out: boosters, number of trees and unseen scores of every fold.

For a fold, each training unit is left out in turn; the boosters without it give the
best number of trees on it and, at the median of those numbers, its unseen scores, which
later fit the calibrator. The booster of all training units then scores the test side.
Boosters are trained once a training set, because folds share them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from statistics import median

import lightgbm as lgb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.catalogue import FEATURES
from models.matrix import Matrix, to_matrix
from models.sparing import spared
from models.training import (
    Floats,
    Labels,
    Objective,
    Recipe,
    TreeChoice,
    balanced_weights,
    best_trees,
    raw_scores,
    train_booster,
)
from models.training_sets import TrainingSet, judged, set_key
from models.transfer import left_out

PREDICTIONS = {
    "model": pl.String(),
    "protocol": pl.String(),
    "fold": pl.String(),
    # `test` and `panel`: those sides of the fold; `inner`: training rows, by boosters
    # without their unit.
    "part": pl.String(),
    "unit": pl.String(),
    "account_id": pl.String(),
    "raw_score": pl.Float64(),
}


@dataclass
class Data:
    """Everything boosters are trained on, rows in one order.

    Attributes:
        ids: account ids, sorted.
        labels: 1 or 0, shape (n_accounts,).
        blocks: block of each account.
        strengths: how far each label is believed, above 0 to 1.
        values: training set key -> feature values, account_id first; fitted features
            differ between training sets.
    """

    ids: list[str]
    labels: Labels
    blocks: NDArray[np.str_]
    strengths: NDArray[np.float64]
    values: Callable[[str], pl.DataFrame]
    _place: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self._place = {account: row for row, account in enumerate(self.ids)}

    def rows(self, account_ids: list[str]) -> NDArray[np.int64]:
        """Row numbers of accounts."""
        return np.array(
            [self._place[account] for account in account_ids], dtype=np.int64
        )

    def matrix(self, key: str) -> Matrix:
        """Feature matrix with the fitted values of a training set."""
        return to_matrix(self.values(key), FEATURES)


@dataclass(frozen=True)
class Trained:
    """What became of one training set.

    Attributes:
        key: of the training set.
        booster: with all its trees.
        left_out: features that it does not read, see models.transfer.
    """

    key: str
    booster: lgb.Booster
    left_out: list[str]


@dataclass(frozen=True)
class Rows:
    """Accounts that a booster is trained on.

    Attributes:
        matrix: shape (n_accounts, n_features).
        labels: 1 or 0.
        units: operator of each account, or whose control it is.
        strengths: how far each label is believed, above 0 to 1.
        ids: of the accounts.
    """

    matrix: Matrix
    labels: Labels
    units: NDArray[np.str_]
    strengths: NDArray[np.float64]
    ids: list[str]

    def where(self, kept: NDArray[np.bool_]) -> "Rows":
        """Some of them."""
        places = np.flatnonzero(kept)
        return Rows(
            self.matrix[places],
            self.labels[places],
            self.units[places],
            self.strengths[places],
            [self.ids[place] for place in places],
        )


def rows_of(data: Data, training: TrainingSet) -> Rows:
    """All accounts of a training set, with its fitted values."""
    rows, ids = data.rows(training.account_ids), training.account_ids
    return Rows(
        data.matrix(training.key)[rows],
        data.labels[rows],
        data.blocks[rows],
        data.strengths[rows],
        ids,
    )


def learn(
    rows: Rows, recipe: Recipe, loss: Callable[[Rows], Objective] = lambda _: "binary"
) -> tuple[lgb.Booster, list[str]]:
    """Booster of these accounts, and the features that it does not read.

    Args:
        rows: what the recipe spares and does not read is taken out here.
        recipe: how boosters are trained.
        loss: the objective, given the rows that are left.
    """
    spare = spared(rows.matrix, rows.labels, rows.units, rows.ids, FEATURES, recipe)
    rows = rows.where(~spare)
    matrix, labels, ids = rows.matrix, rows.labels, rows.ids
    unread = left_out(matrix, labels, rows.units, ids, FEATURES, recipe)
    # A column without values is never split on, and keeps its place.
    matrix[:, np.isin([feature.name for feature in FEATURES], unread)] = np.nan
    weights = balanced_weights(labels, rows.units, recipe.unit_power)
    # Of mean 1, so that what a leaf needs does not depend on how sure sources are.
    weights *= rows.strengths / rows.strengths.mean()
    booster = train_booster(matrix, labels, weights, ids, FEATURES, recipe, loss(rows))
    return booster, unread


def train_sets(
    data: Data, sets: list[TrainingSet], recipe: Recipe
) -> Iterator[Trained]:
    """Booster of each training set, one by one."""
    for training in sets:
        yield Trained(training.key, *learn(rows_of(data, training), recipe))


def final_members(data: Data, folds: pl.DataFrame) -> pl.DataFrame:
    """Members of the final model, which has no test side: account_id, side, unit."""
    block = dict(zip(data.ids, data.blocks.tolist(), strict=True))
    everyone = judged(folds).unique("account_id")
    return everyone.select(
        "account_id",
        pl.lit("train").alias("side"),
        pl.col("account_id").replace_strict(block).alias("unit"),
    ).sort("account_id")


@dataclass(frozen=True)
class FoldScores:
    """Unseen scores of one fold.

    trees: chosen number of trees.
    rows: columns of PREDICTIONS.
    """

    trees: int
    rows: pl.DataFrame


def score_fold(
    data: Data,
    boosters: Callable[[str], lgb.Booster],
    protocol: str,
    fold: str | None,
    members: pl.DataFrame,
    choice: TreeChoice,
) -> FoldScores:
    """Trees, inner scores, test scores and panel scores of a fold.

    Args:
        data: see Data.
        boosters: training set key -> booster of all its trees.
        protocol: loco, temporal or random.
        fold: name; null for the final model, which has no test side.
        members: account_id, side, unit of the fold.
        choice: where the best number of trees is looked for.
    """
    train = members.filter(pl.col("side") == "train")
    units: list[tuple[str, lgb.Booster, Matrix, NDArray[np.int64]]] = []
    best = []
    for unit in sorted(train["unit"].unique()):
        key = set_key(protocol, fold, unit)
        rows = data.rows(train.filter(pl.col("unit") == unit)["account_id"].to_list())
        booster, matrix = boosters(key), data.matrix(key)[rows]
        labels = data.labels[rows]
        weights = balanced_weights(labels, data.blocks[rows], 1.0)
        best.append(best_trees(booster, matrix, labels, weights, choice))
        units.append((unit, booster, matrix, rows))
    trees = int(median(best))
    scored = [
        _rows(
            data,
            protocol,
            fold,
            "inner",
            unit,
            rows,
            raw_scores(booster, matrix, trees),
        )
        for unit, booster, matrix, rows in units
    ]
    for side in ("test", "panel"):
        rows = data.rows(members.filter(pl.col("side") == side)["account_id"].to_list())
        if len(rows):
            key = set_key(protocol, fold, None)
            scores = raw_scores(boosters(key), data.matrix(key)[rows], trees)
            scored.append(_rows(data, protocol, fold, side, None, rows, scores))
    return FoldScores(trees, pl.concat(scored))


def _rows(
    data: Data,
    protocol: str,
    fold: str | None,
    part: str,
    unit: str | None,
    rows: NDArray[np.int64],
    scores: Floats,
) -> pl.DataFrame:
    n = len(rows)
    return pl.DataFrame(
        {
            "model": ["telltale"] * n,
            "protocol": [protocol] * n,
            "fold": [fold or "all"] * n,
            "part": [part] * n,
            "unit": [unit] * n,
            "account_id": [data.ids[row] for row in rows],
            "raw_score": scores,
        },
        schema=PREDICTIONS,
    )
