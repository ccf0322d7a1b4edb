"""Trivial baselines: what any model has to beat before it is worth a look."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

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
Bools = NDArray[np.bool_]
Moments = NDArray[np.datetime64]
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

# How often an account posts, and nothing else: what the platform counts over its age,
# and its known posts on the days that have any.
RATE: Final[tuple[Feature, ...]] = (
    feature("audience_posts_per_day"),
    feature("days_posts_log"),
)


@dataclass(frozen=True)
class Baseline:
    """A trivial model. It answers log-odds at the share of positives in its training.

    Attributes:
        columns: the features that it reads.
        fit: how it learns and scores.
        last_only: whether it learns from the last release alone, see `last_release`.
    """

    columns: tuple[Feature, ...]
    fit: Fit
    last_only: bool = False


BASELINES: Final[Mapping[str, Baseline]] = {
    "majority": Baseline(AGE_AND_RATIO, _majority),
    "depth3_tree": Baseline(FEATURES, _shallow_tree),
    "age_ratio_tree": Baseline(AGE_AND_RATIO, _shallow_tree),
    "rate_only": Baseline(RATE, _shallow_tree),
    "sgbot17": Baseline(SGBOT_17, _lightgbm_defaults),
    "text6": Baseline(TEXT_6, _lightgbm_defaults),
    "last_release": Baseline(FEATURES, _lightgbm_defaults, last_only=True),
}


def measurable(name: str, train: Matrix, test: Matrix) -> bool:
    """Whether any of a baseline's columns is known on both sides."""
    known = [~np.isnan(side).all(axis=0) for side in (train, test)]
    return name == "majority" or bool((known[0] & known[1]).any())


def last_release(
    disclosed: Moments, labels: Labels, blocks: NDArray[np.str_]
) -> Bools | None:
    """Rows of what was disclosed last, and of the controls of its operators.

    Null where no takedown has a date, or those disclosed last have no controls.

    Args:
        disclosed: when the takedown of each account was, NaT where not known, shape (n,).
        labels: 1 or 0.
        blocks: operator of each account, or whose control it is.
    """
    dated = (labels == 1) & ~np.isnat(disclosed)
    if not dated.any():
        return None
    last = dated & (disclosed == disclosed[dated].max())
    controls = (labels == 0) & np.isin(blocks, blocks[last])
    return last | controls if controls.any() else None


def baseline_scores(
    name: str, train: Matrix, labels: Labels, test: Matrix, seed: int
) -> tuple[Floats, float]:
    """Log-odds of the test rows, and the share of positives that they hold at."""
    scores = BASELINES[name].fit(train, labels, test, seed)
    return scores, float(labels.mean())
