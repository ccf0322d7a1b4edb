"""Controls that look like takedown accounts, and may be some: kept out of training.

Neighbours of a network that were never disclosed sit among the controls. Trained on as
ordinary, they teach the booster that what the network does is ordinary.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.feature import Feature
from models.hashing import uniform
from models.matrix import Matrix
from models.training import (
    Labels,
    Recipe,
    balanced_weights,
    raw_scores,
    train_booster,
)

_PARTS = 3
# Enough to rank by: fewer than a model needs.
_ROUNDS = 100


def spared(
    matrix: Matrix,
    labels: Labels,
    units: NDArray[Any],
    ids: Sequence[str],
    features: Sequence[Feature],
    recipe: Recipe,
) -> NDArray[np.bool_]:
    """Rows to leave out of training, shape (n_accounts,).

    Of each unit's controls the `recipe.spared_controls` that score highest with boosters
    that were trained on the other two thirds of all rows. None of the positives.

    Args:
        matrix: of one training set.
        labels: 1 or 0.
        units: operator whose control an account is.
        ids: of the accounts; the thirds are drawn by their hash.
        features: columns of the matrix.
        recipe: how boosters are trained.
    """
    left_out = np.zeros(len(labels), dtype=bool)
    if recipe.spared_controls == 0:
        return left_out
    short = replace(recipe, rounds=min(recipe.rounds, _ROUNDS))
    parts = (uniform(ids, "sparing") * _PARTS).astype(np.int64)
    for part in range(_PARTS):
        seen = np.flatnonzero(parts != part)
        booster = train_booster(
            matrix[seen],
            labels[seen],
            balanced_weights(labels[seen], units[seen], recipe.unit_power),
            [ids[row] for row in seen.tolist()],
            features,
            short,
        )
        for unit in np.unique(units):
            rows = np.flatnonzero((parts == part) & (units == unit) & (labels == 0))
            # Compared within a part and a unit, since each booster has its own scale.
            count = int(recipe.spared_controls * len(rows))
            scores = raw_scores(booster, matrix[rows], short.rounds)
            left_out[rows[np.argsort(-scores, kind="stable")[:count]]] = True
    return left_out
