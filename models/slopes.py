"""Slopes: whether logits of unseen campaigns are as far apart as they claim to be."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.calibrator import logit, sigmoid
from models.evaluation import Campaign, rounded
from models.metrics import to_share

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]

NO_LINE: Final = "the classes do not overlap, or all scores are the same"
_STEPS: Final = 30
_CLOSE: Final = 1e-9
# A line steeper than this, in standard deviations of the logits, is that of classes
# that a score tells apart without fault.
_STEEPEST: Final = 50.0


def calibration_line(
    logits: Floats,
    labels: Labels,
    weights: Floats | None = None,
    start: tuple[float, float] | None = None,
) -> tuple[float, float] | None:
    """Slope and intercept of the logistic regression of the label on the logit.

    1 and 0 are ideal. A slope below 1: scores are more extreme than they should be;
    below 0: they point the wrong way.

    Args:
        logits: calibrated log-odds at this set's share of positives, shape (n,).
        labels: 1 or 0, both present.
        weights: of the rows, or how often each counts; null: all the same.
        start: where the search begins; null: at the share of positives.

    Returns:
        Null if there is no such line: the classes do not overlap, or all logits are
        the same.

    Source: Cox 1958, "Two further applications of a model for binary regression".
    """
    shares = np.ones(len(logits)) if weights is None else weights
    shares = shares / shares.sum()
    centre = float(shares @ logits)
    spread = float(np.sqrt(shares @ (logits - centre) ** 2))
    if spread <= _CLOSE * (1 + abs(centre)):
        return None
    # Standard deviations from the mean: no scale of the logits makes the search fail.
    steps = (logits - centre) / spread
    if start is None:
        line = np.array([0.0, logit(float(shares @ labels))])
    else:
        line = np.array([start[0] * spread, start[1] + start[0] * centre])
    for _ in range(_STEPS):
        chance = sigmoid(line[0] * steps + line[1])
        pull = shares * (labels - chance)
        bend = shares * chance * (1 - chance)
        gradient = np.array([pull @ steps, pull.sum()])
        moment = float(bend @ steps)
        hessian = np.array([[bend @ steps**2, moment], [moment, bend.sum()]])
        determinant = hessian[0, 0] * hessian[1, 1] - moment**2
        if determinant < 1e-12 * max(hessian[0, 0] * hessian[1, 1], 1e-300):
            return None
        step = np.linalg.solve(hessian, gradient)
        # A step too far would overshoot for good; Newton's own are short near the end.
        line = line + step / max(1.0, float(np.abs(step).max()) / 2)
        if abs(line[0]) > _STEEPEST:
            return None
        if np.abs(step).max() < _CLOSE:
            slope = float(line[0]) / spread
            return slope, float(line[1]) - slope * centre
    return None


def calibration_slopes(
    tested: pl.DataFrame, campaigns: Sequence[Campaign], least: int
) -> dict[str, Any]:
    """Slope and intercept of labels on logits: pooled over the headline, and of each.

    Each campaign is judged with its fold's controls at their own share, and all weigh
    the same.

    Args:
        tested: test rows of one model and protocol: fold, label, campaign, logit,
            anchor.
        campaigns: of this world.
        least: campaigns with fewer accounts or controls are left out.

    Returns:
        pooled_slope, pooled_intercept, null with the reason where there is no line; and
        the same of each of `campaigns`.
    """
    by_campaign: dict[str, Any] = {}
    pooled = []
    for campaign in campaigns:
        positives = tested.filter(
            (pl.col("campaign") == campaign.name) & (pl.col("label") == 1)
        )
        controls = tested.filter(
            (pl.col("label") == 0) & pl.col("fold").is_in(positives["fold"].implode())
        )
        if min(positives.height, controls.height) < least:
            continue
        rows = pl.concat([positives, controls])
        labels = rows["label"].to_numpy()
        logits = to_share(rows["logit"].to_numpy(), rows["anchor"].to_numpy(), labels)
        by_campaign[campaign.name] = _line("", logits, labels, None)
        if campaign.in_headline:
            pooled.append((logits, labels, np.full(len(labels), 1 / len(labels))))
    if not pooled:
        reason = f"no headline campaign has {least} accounts and controls"
        joint: dict[str, Any] = {"pooled_slope": None, "pooled_intercept": None}
        return joint | {"reason": reason, "campaigns": by_campaign}
    logits, labels, weights = (
        np.concatenate([part[side] for part in pooled]) for side in range(3)
    )
    return _line("pooled_", logits, labels, weights) | {"campaigns": by_campaign}


def _line(
    prefix: str, logits: Floats, labels: Labels, weights: Floats | None
) -> dict[str, Any]:
    line = calibration_line(logits, labels, weights)
    if line is None:
        names = (f"{prefix}slope", f"{prefix}intercept")
        return {**dict.fromkeys(names), "reason": NO_LINE}
    return {
        f"{prefix}slope": rounded(line[0]),
        f"{prefix}intercept": rounded(line[1]),
    }
