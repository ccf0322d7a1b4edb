"""Explanations: what each feature adds to the calibrated log-odds that are served."""

from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from models.calibrator import Calibrator
from models.matrix import Matrix

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Explanation:
    """Parts that add up to the logit.

    base + prevalence_shift + contributions.sum(axis=1) = logit, to 1e-6.

    Attributes:
        base: calibrated log-odds of an account of which nothing is known, at the anchor,
            pulled as the account is, shape (n_accounts,).
        prevalence_shift: what the prevalence asked for adds.
        contributions: calibrated log-odds, shape (n_accounts, n_features).
        logits: calibrated log-odds at the prevalence asked for, shape (n_accounts,).
        raw_scores: of the booster, shape (n_accounts,).
    """

    base: Floats
    prevalence_shift: float
    contributions: Floats
    logits: Floats
    raw_scores: Floats


def explain(
    booster: lgb.Booster,
    calibrator: Calibrator,
    matrix: Matrix,
    tempers: Floats,
    prevalence: float,
    threads: int = 0,
) -> Explanation:
    """SHAP values of the served logit: exact, path-dependent TreeSHAP, then the line.

    Args:
        booster: raw log-odds.
        calibrator: its slope scales contributions, its intercept joins the base.
        matrix: shape (n_accounts, n_features).
        tempers: how far each logit is pulled, see models.temper, shape (n_accounts,);
            all parts are pulled alike, so that they still add up.
        prevalence: strictly between 0 and 1.
        threads: of LightGBM; 0 for as many as the environment says. A single account
            takes many times as long with more than one where the cores are busy,
            because its threads wait for each other.

    Source: Lundberg et al., Nature Machine Intelligence 2 (2020), algorithm 2.
    """
    n_features = booster.num_feature()
    shift = calibrator.shift(prevalence)
    if not len(matrix):
        nothing = np.zeros((0, n_features))
        none = np.zeros(0)
        return Explanation(none, shift, nothing, none, none)
    parts, raw = (
        np.asarray(
            booster.predict(matrix, num_threads=threads, **{kind: True}),
            dtype=np.float64,
        )
        for kind in ("pred_contrib", "raw_score")
    )
    # The expected value stands in every row, the same.
    return Explanation(
        base=calibrator.tempered(calibrator.logits(parts[:, -1]), tempers),
        prevalence_shift=shift,
        contributions=tempers[:, np.newaxis] * (calibrator.slope * parts[:, :-1]),
        logits=calibrator.tempered(calibrator.logits(raw), tempers) + shift,
        raw_scores=raw,
    )


def additivity_error(explanation: Explanation) -> float:
    """Largest distance between a logit and the sum of its parts; 0 for no accounts."""
    if not len(explanation.logits):
        return 0.0
    total = (
        explanation.base
        + explanation.prevalence_shift
        + explanation.contributions.sum(axis=1)
    )
    return float(np.abs(total - explanation.logits).max())
