"""Audit: could the collection of the data alone tell the classes apart?"""

from collections.abc import Mapping
from itertools import combinations
from typing import Any, Final

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from models.matrix import Matrix

Labels = NDArray[np.int8]

_SMALL: Final[Mapping[str, Any]] = {
    "objective": "binary",
    "num_leaves": 7,
    "learning_rate": 0.1,
    "min_data_in_leaf": 20,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}
_ROUNDS: Final = 40
_PARTS: Final = 5


def separability(
    matrix: Matrix, labels: Labels, seed: int, least_gain: float = 0.0
) -> float | None:
    """Out-of-fold AUC of a small booster; null if a class has fewer than 20 rows.

    Args:
        matrix: shape (n_accounts, n_features).
        labels: the two groups to tell apart.
        seed: of the parts.
        least_gain: a split must gain more than this (about a squared z score).
    """
    if min(labels.sum(), len(labels) - labels.sum()) < 20:
        return None
    scores = np.zeros(len(labels))
    parts = StratifiedKFold(_PARTS, shuffle=True, random_state=seed)
    for train, test in parts.split(matrix, labels):
        dataset = lgb.Dataset(
            matrix[train], label=labels[train], params={"verbose": -1}
        )
        params = {**_SMALL, "seed": seed, "min_gain_to_split": least_gain}
        booster = lgb.train(params, dataset, num_boost_round=_ROUNDS)
        scores[test] = booster.predict(matrix[test], raw_score=True)
    return round(float(roc_auc_score(labels, scores)), 6)


def mask_only_auc(
    matrix: Matrix, labels: Labels, seed: int, least_gain: float
) -> float | None:
    """AUC of a model that sees only which values are missing.

    Near 0.5 when missingness says nothing about the label (features.md, rule F15).

    Args:
        matrix: shape (n_accounts, n_features).
        labels: 1 or 0.
        seed: of the parts.
        least_gain: splits that gain less do not count. Where masking has made the
            classes exactly alike, whatever a part has too many of the rest has too few
            of, and a booster that learns such noise ends below 0.5.
    """
    mask = np.isnan(matrix).astype(np.float32)
    if (mask == mask[:1]).all():
        return 0.5
    return separability(mask, labels, seed, least_gain)


def source_diagnostic(
    matrix: Matrix, sources: NDArray[np.str_], seed: int, most_rows: int
) -> dict[str, float | None]:
    """AUC with which two sources of controls are told apart, for each pair of them.

    High values mean that the features know where a row was collected. Only the first
    `most_rows` rows of a source are used; give them in an order without meaning.
    """
    found = {}
    for first, second in combinations(sorted(set(sources)), 2):
        rows = np.concatenate(
            [np.flatnonzero(sources == name)[:most_rows] for name in (first, second)]
        )
        labels = (sources[rows] == second).astype(np.int8)
        found[f"{first} against {second}"] = separability(matrix[rows], labels, seed)
    return found


def single_feature_aucs(
    matrix: Matrix, labels: Labels, names: list[str]
) -> dict[str, float]:
    """AUC of each feature alone, turned so that it is at least 0.5; nulls left out."""
    found = {}
    for index, name in enumerate(names):
        known = ~np.isnan(matrix[:, index])
        truth = labels[known]
        if min(truth.sum(), len(truth) - truth.sum()) >= 20:
            auc = float(roc_auc_score(truth, matrix[known, index]))
            found[name] = round(max(auc, 1 - auc), 6)
    return found
