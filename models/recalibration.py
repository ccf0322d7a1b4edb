"""Calibration of a set of accounts: error, slope and intercept against what was seen."""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from models.calibrator import sigmoid
from models.metrics import brier_parts, expected_calibration_error, to_share
from models.slopes import NO_LINE, calibration_line

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]

_EVEN: Labels = np.array([0, 1], dtype=np.int8)


@dataclass(frozen=True)
class Recalibration:
    """How a set would have to be calibrated again.

    Attributes:
        n: accounts.
        n_pos: positives among them.
        ece: expected calibration error, biased upwards at small n.
        slope: of the labels on the log-odds; 1 if they are right, below if too sure.
        intercept: 0 if they are right, above if they are too low.
        size: mean distance of the log-odds from 0 where both classes weigh the same;
            less evidence must make it smaller.
        reason: why all but the numbers are null, or why slope and intercept are.
        brier: and its parts, see models.metrics.BrierParts.
    """

    n: int
    n_pos: int
    ece: float | None
    slope: float | None
    intercept: float | None
    size: float | None
    reason: str | None = None
    brier: float | None = None
    miscalibration: float | None = None
    resolution: float | None = None
    uncertainty: float | None = None


def recalibration(
    logits: Floats, anchors: Floats, labels: Labels, least: int
) -> Recalibration:
    """Error, slope and intercept after the shift to the set's own share of positives.

    Args:
        logits: calibrated log-odds at the anchors, shape (n,).
        anchors: shares that they hold at.
        labels: 1 or 0.
        least: with fewer accounts of either class nothing is said.
    """
    positives = int((labels == 1).sum())
    fewest = min(positives, len(labels) - positives)
    if fewest < least:
        reason = f"{fewest} accounts of a class, {least} needed"
        return Recalibration(len(labels), positives, None, None, None, None, reason)
    shifted = to_share(logits, anchors, labels)
    line = calibration_line(shifted, labels)
    chances = sigmoid(shifted)
    slope, intercept = line or (None, None)
    return Recalibration(
        len(labels),
        positives,
        expected_calibration_error(chances, labels),
        slope,
        intercept,
        float(np.abs(to_share(logits, anchors, _EVEN)).mean()),
        None if line else NO_LINE,
        **asdict(brier_parts(chances, labels)),
    )
