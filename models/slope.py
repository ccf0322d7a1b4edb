"""Slope and intercept of calibration: how stretched and how shifted log-odds are."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.calibrator import sigmoid

Floats = NDArray[np.float64]

_STEPS: Final = 30
_CLOSE: Final = 1e-9
# A line steeper than this is that of classes that a score tells apart without fault.
_STEEPEST: Final = 50.0


def calibration_line(
    logits: Floats,
    labels: NDArray[np.int8],
    counts: NDArray[np.int64] | None = None,
    start: tuple[float, float] = (1.0, 0.0),
) -> tuple[float, float] | None:
    """Slope and intercept of the logistic regression of the label on the logit.

    1 and 0 are ideal. A slope below 1: scores are more extreme than they should be.

    Args:
        logits: calibrated log-odds at this set's share of positives, shape (n,).
        labels: 1 or 0, both present.
        counts: how often each row counts; null: once.
        start: where the search begins.

    Returns:
        Null if there is no such line: the classes do not overlap, or all logits are
        the same.

    Source: Cox 1958, "Two further applications of a model for binary regression".
    """
    line = np.array(start)
    weights = np.ones(len(logits)) if counts is None else counts.astype(np.float64)
    for _ in range(_STEPS):
        chance = sigmoid(line[0] * logits + line[1])
        pull = weights * (labels - chance)
        bend = weights * chance * (1 - chance)
        gradient = np.array([pull @ logits, pull.sum()])
        moment = float(bend @ logits)
        hessian = np.array([[bend @ logits**2, moment], [moment, bend.sum()]])
        determinant = hessian[0, 0] * hessian[1, 1] - moment**2
        if determinant < 1e-12 * max(hessian[0, 0] * hessian[1, 1], 1e-300):
            return None
        step = np.linalg.solve(hessian, gradient)
        # A step too far would overshoot for good; Newton's own are short near the end.
        line = line + step / max(1.0, float(np.abs(step).max()) / 2)
        if abs(line[0]) > _STEEPEST:
            return None
        if np.abs(step).max() < _CLOSE:
            return float(line[0]), float(line[1])
    return None
