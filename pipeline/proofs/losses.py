"""Losses that boosters can be trained with in place of log loss."""

from collections.abc import Callable
from typing import Final

import lightgbm as lgb
import numpy as np

from models.nested import Rows
from models.training import Floats, Objective

# Group DRO: how fast weight moves to the operator with the highest loss, a tree.
_STEP: Final = 0.05
# Generalised cross entropy: 0 is log loss, 1 mean absolute error.
_FLATNESS: Final = 0.5

Loss = Callable[[Rows], Objective]


def worst_operator(rows: Rows) -> Objective:
    """Group DRO (Sagawa et al. 2020); operators are groups, both classes alike."""
    operators, place = np.unique(rows.units, return_inverse=True)
    shares = np.full(len(operators), 1 / len(operators))

    def objective(logits: Floats, data: lgb.Dataset) -> tuple[Floats, Floats]:
        nonlocal shares
        labels, weights = _given(data)
        group = np.tile(place, len(labels) // len(place))
        p = _sigmoid(logits)
        loss = -np.log(np.where(labels == 1, p, 1 - p).clip(1e-12))
        mean = np.bincount(group, weights * loss) / np.bincount(group, weights)
        shares = shares * np.exp(_STEP * mean)
        shares /= shares.sum()
        weights = weights * (shares * len(operators))[group]
        return weights * (p - labels), weights * p * (1 - p)

    return objective


def flat(_: Rows) -> Objective:
    """Generalised cross entropy (Zhang and Sabuncu 2018): wrong labels pull less."""

    def objective(logits: Floats, data: lgb.Dataset) -> tuple[Floats, Floats]:
        labels, weights = _given(data)
        p = _sigmoid(logits)
        weights = weights * np.where(labels == 1, p, 1 - p) ** _FLATNESS
        return weights * (p - labels), weights * p * (1 - p)

    return objective


def believed(positive: float, control: float) -> Loss:
    """Log loss of labels that are believed so far.

    Controls of which a part counts as positive are those of Elkan and Noto (2008).
    """

    def objective(logits: Floats, data: lgb.Dataset) -> tuple[Floats, Floats]:
        labels, weights = _given(data)
        p = _sigmoid(logits)
        target = np.where(labels == 1, positive, 1 - control)
        return weights * (p - target), weights * p * (1 - p)

    return lambda _: objective


def non_negative(share: float) -> Loss:
    """Controls are unlabelled, this share of them positive (Kiryo et al. 2017, nnPU).

    Of their loss as controls goes what the positives among them have, estimated from
    the labelled ones; where it falls below zero, which no loss can be, it is raised.
    """

    def objective(logits: Floats, data: lgb.Dataset) -> tuple[Floats, Floats]:
        labels, weights = _given(data)
        p = _sigmoid(logits)
        positive = labels == 1
        # Both classes count alike, whatever their weights come to.
        level = weights[~positive].sum() / weights[positive].sum()
        counted = np.where(positive, -share * level, 1.0) * weights / (1 - share)
        left = counted @ -np.log((1 - p).clip(1e-12))
        as_control, as_positive = counted * p, np.where(positive, weights * (p - 1), 0)
        gradient = as_control + as_positive if left >= 0 else -as_control
        return gradient, weights * p * (1 - p)

    return lambda _: objective


def _given(data: lgb.Dataset) -> tuple[Floats, Floats]:
    """Labels and weights."""
    return np.asarray(data.get_label(), np.float64), np.asarray(
        data.get_weight(), np.float64
    )


def _sigmoid(logits: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-logits)))
