"""Fitting intervals on log-odds of rows that no booster saw, operator by operator."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.calibration import fit_calibrator
from models.calibrator import Calibrator, sigmoid
from models.digits import rounded
from models.evidence import STATES, Bools
from models.intervals import Intervals
from models.temper_fit import fit_temper
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


# Raw scores of the rows once the evidence of a state is withheld, NaN where a row has
# none to withhold; null for a state into which no account can be brought.
Rescore = Callable[[str], Floats | None]


@dataclass(frozen=True)
class _Operator:
    """Rows of one operator that is heard, and what they weigh; its line."""

    rows: NDArray[np.int64]
    labels: Labels
    weights: Floats
    line: Calibrator


def fit_intervals(
    raw_scores: Floats,
    labels: Labels,
    units: NDArray[np.str_],
    states: Bools,
    line: Calibrator,
    confidence: float,
    ridge: float,
    rescore: Rescore,
) -> Intervals:
    """Spread of operators around the pooled line, and of states around theirs.

    A state that no operator judges by accounts as they are is judged by accounts of which
    its evidence is withheld. Their shifts count as far as they are before scores are
    pulled: what operators differ by is not less known to be there.

    Args:
        raw_scores: of rows that the boosters did not see, shape (n_accounts,).
        labels: 1 or 0.
        units: operator of each row.
        states: from models.evidence.
        line: the pooled calibrator of these rows.
        confidence: of the intervals.
        ridge: as for the pooled line.
        rescore: by the boosters that gave raw_scores; asked only for such states.

    Source: Higgins, Thompson and Spiegelhalter 2009, "A re-evaluation of random-effects
    meta-analysis" (the interval for a new study), with normal quantiles and the spread
    of lines instead of means; variances of states as in DerSimonian and Laird 1986.
    """
    knots = np.linspace(raw_scores.min(), raw_scores.max(), _KNOTS)
    heard = list(_operators(raw_scores, labels, units, ridge))
    away: list[Floats] = []
    for one in heard:
        low, high = np.quantile(raw_scores[one.rows], [_SHARE, 1 - _SHARE])
        inside = np.clip(knots, low, high)
        away.append(one.line.logits(inside) - line.logits(inside))
    shifts: dict[str, list[tuple[float, float]]] = {}
    withheld: dict[str, float] = {}
    for column, state in enumerate(STATES):
        found = _shifts(heard, np.where(states[:, column], raw_scores, np.nan))
        if not found and (again := rescore(state)) is not None:
            found = _shifts(heard, again)
            if found:
                withheld[state] = fit_temper(raw_scores, again, labels, line)
        shifts[state] = found
    spread = (
        np.sqrt(np.mean(np.square(away), axis=0))
        if len(away) > 1
        else np.full(_KNOTS, UNKNOWN)
    )
    return Intervals(
        confidence,
        # Rows that all score alike have one knot.
        [float(k) for k in np.unique(knots)],
        [rounded(s) for s in spread[: len(np.unique(knots))]],
        {state: _extra(found) for state, found in shifts.items()},
        {state: len(found) for state, found in shifts.items()},
        withheld,
    )


def _operators(
    raw_scores: Floats, labels: Labels, units: NDArray[np.str_], ridge: float
) -> Iterator[_Operator]:
    """Those with enough accounts of both classes."""
    for unit in np.unique(units):
        rows = np.flatnonzero(units == unit)
        known = labels[rows]
        if min((known == 1).sum(), (known == 0).sum()) < LEAST:
            continue
        weights = balanced_weights(known, units[rows], 1.0)
        own = fit_calibrator(raw_scores[rows], known, weights, ridge)
        yield _Operator(rows, known, weights, own)


def _shifts(heard: Sequence[_Operator], scores: Floats) -> list[tuple[float, float]]:
    """Shift and its variance of each operator that has enough of both classes.

    Args:
        heard: the operators.
        scores: raw scores of the accounts in a state, NaN for all others.
    """
    found = []
    for one in heard:
        own = scores[one.rows]
        some = ~np.isnan(own)
        known, weights = one.labels[some], one.weights[some]
        if min((known == 1).sum(), (known == 0).sum()) >= LEAST_IN_STATE:
            found.append(_shift(one.line.logits(own[some]), known, weights))
    return found


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
    return max(0.0, rounded(float(np.mean(beyond))))
