"""Transfer: which features tell nothing about the next operator, and are left out.

Many followed accounts mean "fake" among bought followers and "ordinary" elsewhere. What
points both ways among the operators that are known says nothing about the next one.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from features.feature import Feature
from models.hashing import uniform
from models.matrix import Matrix
from models.training import Labels, Recipe

# Known values of each class that an operator needs to be heard: below, chance alone
# turns a relation round (standard error of the AUC 0.06).
LEAST: Final = 50
# Accounts of each class and operator that are looked at: enough for an error of 0.01.
MOST: Final = 2_000


def left_out(
    matrix: Matrix,
    labels: Labels,
    units: NDArray[np.str_],
    ids: Sequence[str],
    features: Sequence[Feature],
    recipe: Recipe,
) -> list[str]:
    """Names of the features that a booster must not read, in column order.

    Those without an expected direction that point both ways, or belong to a family in
    which what one archive says is mostly of the archive (`recipe.directed`); and those
    that are named (`recipe.unread`).
    """
    turned = turning(matrix, labels, units, ids, features, recipe.turn_margin)
    return [
        f.name
        for f in features
        if f.name in turned
        or f.name in recipe.unread
        or (f.family in recipe.directed and not f.direction)
    ]


def turning(
    matrix: Matrix,
    labels: Labels,
    units: NDArray[np.str_],
    ids: Sequence[str],
    features: Sequence[Feature],
    margin: float,
) -> list[str]:
    """Names of the features that point both ways, in column order.

    A feature does if its AUC alone is above 0.5 + margin for one operator and below
    0.5 - margin for another. One with an expected direction never does: the booster is
    held to that direction instead.

    Args:
        matrix: values, shape (n_accounts, n_features).
        labels: 1 or 0.
        units: operator of each account.
        ids: account ids; which accounts are looked at depends on them alone.
        features: in column order.
        margin: 0.5 finds none.
    """
    looked_at = _sample(labels, units, uniform(ids, "transfer"))
    found = []
    for column, feature in enumerate(features):
        if feature.direction:
            continue
        alone = [
            auc
            for rows, known in looked_at
            if (auc := _auc(matrix[rows, column], known)) is not None
        ]
        if alone and max(alone) > 0.5 + margin and min(alone) < 0.5 - margin:
            found.append(feature.name)
    return found


def _sample(
    labels: Labels, units: NDArray[np.str_], drawn: NDArray[np.float64]
) -> list[tuple[NDArray[np.int64], Labels]]:
    """Rows and labels of each operator, at most MOST of each class."""
    found = []
    for unit in np.unique(units):
        chosen = []
        for label in (0, 1):
            rows = np.flatnonzero((units == unit) & (labels == label))
            chosen.append(rows[np.argsort(drawn[rows], kind="stable")[:MOST]])
        rows = np.concatenate(chosen)
        found.append((rows, labels[rows]))
    return found


def _auc(values: Matrix, labels: Labels) -> float | None:
    """Of a feature alone; null where too few values of a class are known."""
    known = np.isfinite(values)
    positives = int(labels[known].sum())
    controls = int(known.sum()) - positives
    if min(positives, controls) < LEAST:
        return None
    ranks = rankdata(values[known])
    above = ranks[labels[known] == 1].sum() - positives * (positives + 1) / 2
    return float(above / (positives * controls))
