"""Fitting the calibrator on log-odds of rows that no booster saw."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from models.calibrator import Calibrator, sigmoid
from models.digits import rounded

Floats = NDArray[np.float64]


def fit_calibrator(
    raw_scores: Floats, labels: NDArray[np.int8], weights: Floats, ridge: float
) -> Calibrator:
    """Line with the least weighted log loss (Platt's sigmoid without his target trick).

    Args:
        raw_scores: log-odds of rows that the boosters did not see, shape (n_accounts,).
        labels: 1 or 0.
        weights: weight of each row.
        ridge: pull of the slope towards 0, in units of the total weight; where scores
            carry nothing, the answer is the prevalence and not a guess.

    Source: Platt 1999, "Probabilistic outputs for support vector machines".
    """
    total = weights.sum()
    anchor = rounded((weights * labels).sum() / total)
    sign = np.where(labels == 1, 1.0, -1.0)

    def loss(line: Floats) -> tuple[float, Floats]:
        margin = sign * (line[0] * raw_scores + line[1])
        pull = -weights * sign * sigmoid(-margin)
        value = float((weights * np.logaddexp(0, -margin)).sum() / total)
        gradient = np.array([(pull * raw_scores).sum(), pull.sum()]) / total
        value += ridge * line[0] ** 2
        gradient[0] += 2 * ridge * line[0]
        return value, gradient

    start = np.array([1.0, 0.0])
    # The slope stays above 0: a negative one would turn every reason round.
    fitted = minimize(
        loss,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(1e-3, None), (None, None)],
        options={"ftol": 1e-14, "gtol": 1e-9, "maxiter": 1_000},
    )
    slope, intercept = fitted.x
    return Calibrator(rounded(slope), rounded(intercept), anchor)
