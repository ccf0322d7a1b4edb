"""Trivial baselines: what any model has to beat before it is worth a look."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier

from features.baselines import SGBOT_17, TEXT_6
from features.catalogue import FEATURES, feature
from features.feature import Feature
from models.calibrator import logit
from models.matrix import Matrix

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]
Fit = Callable[[Matrix, Labels, Matrix, int], Floats]

# Scores are kept off 0 and 1, where log-odds end.
_EDGE: Final = 1e-4


def _log_odds(probabilities: Floats) -> Floats:
    return np.asarray(logit(np.clip(probabilities, _EDGE, 1 - _EDGE)))


def _majority(train: Matrix, labels: Labels, test: Matrix, seed: int) -> Floats:
    return np.full(len(test), float(logit(float(labels.mean()))))


def _shallow_tree(train: Matrix, labels: Labels, test: Matrix, seed: int) -> Floats:
    tree = DecisionTreeClassifier(max_depth=3, min_samples_leaf=5, random_state=seed)
    tree.fit(train, labels)
    return _log_odds(tree.predict_proba(test)[:, 1])


def _lightgbm_defaults(
    train: Matrix, labels: Labels, test: Matrix, seed: int
) -> Floats:
    dataset = lgb.Dataset(train, label=labels, params={"verbose": -1})
    booster = lgb.train(
        {
            "objective": "binary",
            "seed": seed,
            "deterministic": True,
            "force_row_wise": True,
            "verbose": -1,
        },
        dataset,
        num_boost_round=100,
    )
    return np.asarray(booster.predict(test, raw_score=True), dtype=np.float64)


AGE_AND_RATIO: Final[tuple[Feature, ...]] = (
    feature("profile_age_log_days"),
    feature("audience_ratio_log"),
)

# Name -> features it reads, and how it is fitted. Each answers log-odds at the share
# of positives in its training rows.
BASELINES: Final[Mapping[str, tuple[tuple[Feature, ...], Fit]]] = {
    "majority": (AGE_AND_RATIO, _majority),
    "depth3_tree": (FEATURES, _shallow_tree),
    "age_ratio_tree": (AGE_AND_RATIO, _shallow_tree),
    "sgbot17": (SGBOT_17, _lightgbm_defaults),
    "text6": (TEXT_6, _lightgbm_defaults),
}


def measurable(name: str, matrix: Matrix) -> bool:
    """Whether a baseline's columns are known at all in these rows."""
    return name == "majority" or not bool(np.isnan(matrix).all())


def baseline_scores(
    name: str, train: Matrix, labels: Labels, test: Matrix, seed: int
) -> tuple[Floats, float]:
    """Log-odds of the test rows, and the share of positives that they hold at."""
    fit: Any = BASELINES[name][1]
    return fit(train, labels, test, seed), float(labels.mean())
