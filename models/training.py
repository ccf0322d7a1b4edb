"""Boosters: how rows are weighted, how families are dropped, how LightGBM is called."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from features.feature import Feature
from models.hashing import uniform
from models.matrix import Matrix

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]
# What LightGBM calls a loss, or gradient and second derivative of one in log-odds.
Objective = str | Callable[[Floats, lgb.Dataset], tuple[Floats, Floats]]


@dataclass(frozen=True)
class Recipe:
    """How boosters are trained; every value comes from params.yaml.

    booster: LightGBM parameters beside those fixed in `train_booster`.
    rounds: trees grown before the best number is chosen.
    unit_power: 0 counts every account alike, 1 every operator alike.
    family_dropout: chance that a family is blanked in the second copy of a row.
    monotone: whether a feature with an expected direction may only push that way.
    directed: families of which only features with an expected direction are read.
    turn_margin: how far a feature without one may point both ways (models.transfer).
    unread: names of further features that are not read, each for a reason of its own.
    spared_controls: share of controls left out as most like positives.
    seed: of everything random.
    """

    booster: Mapping[str, Any]
    rounds: int
    unit_power: float
    family_dropout: float
    monotone: bool
    directed: Sequence[str]
    turn_margin: float
    unread: Sequence[str]
    spared_controls: float
    seed: int


@dataclass(frozen=True)
class TreeChoice:
    """Where the best number of trees is looked for: multiples of `step` from `least`."""

    step: int
    least: int


def balanced_weights(labels: Labels, units: NDArray[Any], power: float) -> Floats:
    """Weight of each row, shape (n_accounts,), mean 1.

    Both classes weigh the same within each unit, so that the mix of an archive says
    nothing; a unit of n rows weighs n ** (1 - power) in all.
    """
    weights = np.zeros(len(labels))
    for unit in np.unique(units):
        inside = units == unit
        for value in (0, 1):
            rows = inside & (labels == value)
            if rows.any():
                weights[rows] = inside.sum() ** (1 - power) / rows.sum()
    return np.asarray(weights / weights.mean())


def drop_families(
    matrix: Matrix, ids: Sequence[str], features: Sequence[Feature], chance: float
) -> Matrix:
    """Copy of the matrix with whole families blanked, row by row, by hash of the id.

    It teaches the booster what to do with accounts of which only the profile, or only
    the texts, are known. Independent of the label, so that missingness says nothing.
    """
    dropped = matrix.copy()
    families = np.array([f.family for f in features])
    for family in sorted(set(families)):
        rows = uniform(ids, f"dropout {family}") < chance
        dropped[np.ix_(rows, families == family)] = np.nan
    return dropped


def train_booster(
    matrix: Matrix,
    labels: Labels,
    weights: Floats,
    ids: Sequence[str],
    features: Sequence[Feature],
    recipe: Recipe,
    objective: Objective = "binary",
) -> lgb.Booster:
    """Booster of `recipe.rounds` trees on raw log-odds.

    Each row stands in it twice, whole and with families dropped, at half its weight;
    first all rows whole, then all again.
    Fewer trees are had by predicting with `num_iteration`: the first k trees do not
    depend on those that follow.
    """
    if recipe.family_dropout > 0:
        blanked = drop_families(matrix, ids, features, recipe.family_dropout)
        matrix = np.vstack([matrix, blanked])
        labels = np.concatenate([labels, labels])
        weights = np.concatenate([weights, weights]) / 2
    dataset = lgb.Dataset(
        matrix,
        label=labels.astype(np.float32),
        weight=weights,
        feature_name=[f.name for f in features],
        params={"verbose": -1},
    )
    return lgb.train(
        {
            **recipe.booster,
            **(_constraints(features) if recipe.monotone else {}),
            "objective": objective,
            "seed": recipe.seed,
            "deterministic": True,
            # One histogram layout: the only case in which LightGBM promises the same
            # trees for any number of threads.
            "force_row_wise": True,
            "verbose": -1,
        },
        dataset,
        num_boost_round=recipe.rounds,
    )


def _constraints(features: Sequence[Feature]) -> dict[str, Any]:
    return {
        "monotone_constraints": [feature.direction for feature in features],
        # The basic method forbids more splits than the constraints need.
        "monotone_constraints_method": "intermediate",
    }


def raw_scores(booster: lgb.Booster, matrix: Matrix, trees: int) -> Floats:
    """Log-odds before calibration, shape (n_accounts,)."""
    predicted = booster.predict(matrix, raw_score=True, num_iteration=trees)
    return np.asarray(predicted, dtype=np.float64)


def best_trees(
    booster: lgb.Booster,
    matrix: Matrix,
    labels: Labels,
    weights: Floats,
    choice: TreeChoice,
) -> int:
    """Number of trees with the highest weighted average precision on unseen rows.

    Their order is judged and not their log loss: how far they lie apart is for the
    calibrator to mend, and by the loss an operator that resembles no other would stop
    all learning at a handful of trees.

    The smallest of equals.
    """
    best, highest = choice.least, -1.0
    logits = raw_scores(booster, matrix, choice.least)
    for trees in range(choice.least, booster.num_trees() + 1, choice.step):
        if trees > choice.least:
            added = booster.predict(
                matrix,
                raw_score=True,
                start_iteration=trees - choice.step,
                num_iteration=choice.step,
            )
            logits += np.asarray(added, dtype=np.float64)
        found = float(average_precision_score(labels, logits, sample_weight=weights))
        if found > highest + 1e-9:
            best, highest = trees, found
    return best
