"""Calibration: one straight line on the log-odds, so that contributions stay additive.

logit = slope * raw_score + intercept holds at the anchor, the weighted share of
positives in the data that the line was fitted on. For another prevalence p the logit
moves by logit(p) - logit(anchor), which is a line of its own in every explanation.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def logit(probability: Floats | float) -> Any:
    """Log-odds of a probability strictly between 0 and 1."""
    return np.log(probability) - np.log1p(-np.asarray(probability))


def sigmoid(log_odds: Floats) -> Floats:
    """Probability of log-odds; does not overflow."""
    positive = log_odds >= 0
    small = np.exp(-np.abs(log_odds))
    return np.where(positive, 1 / (1 + small), small / (1 + small))


@dataclass(frozen=True)
class Calibrator:
    """The line, and the prevalence at which it holds.

    Attributes:
        slope: above 0, so that the order of accounts never changes.
        intercept: in log-odds.
        anchor: share of positives, weighted, that the line was fitted at.
    """

    slope: float
    intercept: float
    anchor: float

    def logits(self, raw_scores: Floats) -> Floats:
        """Calibrated log-odds at the anchor, shape (n_accounts,)."""
        return self.slope * raw_scores + self.intercept

    def tempered(self, logits: Floats, tempers: Floats | float) -> Floats:
        """Calibrated log-odds at the anchor, pulled towards the base rate.

        Args:
            logits: calibrated log-odds at the anchor, shape (n_accounts,).
            tempers: share of the way from the base rate that is left; 1 leaves the
                very same bits.
        """
        base = float(logit(self.anchor))
        return np.asarray(logits + (1 - tempers) * (base - logits))

    def shift(self, prevalence: float) -> float:
        """What a prevalence adds to every calibrated logit."""
        return float(logit(prevalence) - logit(self.anchor))

    def to_dict(self) -> dict[str, float]:
        return asdict(self)
