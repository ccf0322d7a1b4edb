"""Fitting intervals on log-odds of rows that no booster saw, operator by operator."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.calibration import fit_calibrator
from models.calibrator import Calibrator, sigmoid
from models.evidence import STATES, Bools
from models.intervals import Intervals
from models.training import balanced_weights

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]

# Accounts of each class from which an operator tells a line, and those in a state from
# which it tells a shift: standard error of the log-odds about 0.5. Of one operator: where
# each has but one class in a state, it is the collection that tells them apart.
LEAST: Final = 20
LEAST_IN_STATE: Final = 10
# Where under two operators can be compared, nothing is known: an interval of nearly all.
UNKNOWN: Final = 10.0
_KNOTS: Final = 41
# An operator says nothing about scores that hardly any of its accounts have.
_SHARE: Final = 0.05
# Pull of a state's shift towards 0: a state in which one class has all the high scores
# has no finite one. Its standard deviation is 3 log-odds.
_PULL: Final = 1 / 9


def fit_intervals(
    raw_scores: Floats,
    labels: Labels,
    units: NDArray[np.str_],
    states: Bools,
    line: Calibrator,
    confidence: float,
    ridge: float,
) -> Intervals:
    """Spread of operators around the pooled line, and of states around theirs.

    Args:
        raw_scores: of rows that the boosters did not see, shape (n_accounts,).
        labels: 1 or 0.
        units: operator of each row.
        states: from models.evidence.
        line: the pooled calibrator of these rows.
        confidence: of the intervals.
        ridge: as for the pooled line.

    Source: Higgins, Thompson and Spiegelhalter 2009, "A re-evaluation of random-effects
    meta-analysis" (the interval for a new study), with normal quantiles and the spread
    of lines instead of means; variances of states as in DerSimonian and Laird 1986.
    """
    knots = np.linspace(raw_scores.min(), raw_scores.max(), _KNOTS)
    away: list[Floats] = []
    shifts: dict[str, list[tuple[float, float]]] = {state: [] for state in STATES}
    for unit in np.unique(units):
        rows = units == unit
        scores, known = raw_scores[rows], labels[rows]
        if min((known == 1).sum(), (known == 0).sum()) < LEAST:
            continue
        weights = balanced_weights(known, units[rows], 1.0)
        own = fit_calibrator(scores, known, weights, ridge)
        low, high = np.quantile(scores, [_SHARE, 1 - _SHARE])
        inside = np.clip(knots, low, high)
        away.append(own.logits(inside) - line.logits(inside))
        for column, state in enumerate(STATES):
            some = states[rows, column]
            counts = (known[some] == 1).sum(), (known[some] == 0).sum()
            if min(counts) >= LEAST_IN_STATE:
                logits = own.logits(scores[some])
                shifts[state].append(_shift(logits, known[some], weights[some]))
    spread = (
        np.sqrt(np.mean(np.square(away), axis=0))
        if len(away) > 1
        else np.full(_KNOTS, UNKNOWN)
    )
    return Intervals(
        confidence,
        # Rows that all score alike have one knot.
        [float(k) for k in np.unique(knots)],
        [float(s) for s in spread[: len(np.unique(knots))]],
        {state: _extra(found) for state, found in shifts.items()},
        {state: len(found) for state, found in shifts.items()},
    )


def _shift(logits: Floats, labels: Labels, weights: Floats) -> tuple[float, float]:
    """Most likely shift of these log-odds, and its variance.

    Newton's steps; the variance is the sandwich, because rows are weighted.
    """
    shift = 0.0
    for _ in range(50):
        expected = sigmoid(logits + shift)
        slope = float((weights * (labels - expected)).sum()) - _PULL * shift
        curve = float((weights * expected * (1 - expected)).sum()) + _PULL
        # A whole step may overshoot where nearly all is certain.
        step = float(np.clip(slope / curve, -1.0, 1.0))
        shift += step
        if abs(step) < 1e-10:
            break
    expected = sigmoid(logits + shift)
    curve = float((weights * expected * (1 - expected)).sum()) + _PULL
    meat = float((weights**2 * expected * (1 - expected)).sum())
    return shift, meat / curve**2


def _extra(shifts: list[tuple[float, float]]) -> float | None:
    """Variance of shifts between operators beyond that of their samples; null for one.

    About 0 and not about their mean: what a state shifts alike everywhere is an error of
    the line there, which the interval must hold too.
    """
    if len(shifts) < 2:
        return None
    beyond = [shift**2 - variance for shift, variance in shifts]
    return max(0.0, float(np.mean(beyond)))
