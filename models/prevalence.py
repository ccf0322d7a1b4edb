"""Share of takedown-like accounts in a batch, from its calibrated scores alone.

It is right if positives and ordinary accounts of the batch score as those did that the
calibrator was fitted on, and only their mix differs. A network unlike those known
scores lower, and its share is then underestimated: whoever shows the figure says so.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.calibrator import logit

Floats = NDArray[np.float64]

WARNING: Final = (
    "right only if accounts of this batch score like those of the archives and merely "
    "their mix differs; a network unlike those known makes it too low"
)
# Fewer accounts say next to nothing about a share.
LEAST: Final = 100
_LIMIT: Final = 30.0
_HALVINGS: Final = 30


@dataclass(frozen=True)
class Prevalence:
    """Estimated share of a batch, with its interval and what it rests on."""

    share: float
    low: float
    high: float
    warning: str = WARNING


def estimate_prevalence(
    logits: Floats, anchor: float, draws: int, confidence: float, seed: int
) -> Prevalence | None:
    """Most likely share of positives of a batch.

    Args:
        logits: calibrated log-odds at the anchor, shape (n_accounts,).
        anchor: share of positives that the calibrator holds at.
        draws: bootstrap draws of accounts; they do not cover errors of calibration.
        confidence: of the interval.
        seed: of the draws.

    Returns:
        Null with fewer than 100 accounts.

    Source: Saerens, Latinne and Decaestecker 2002, "Adjusting the outputs of a
    classifier to new a priori probabilities" (its fixed point is found directly).
    """
    if len(logits) < LEAST:
        return None
    # Log likelihood ratio of the two classes: what a score says without any mix. Beyond
    # the limit nothing changes but overflows.
    evidence = np.clip(np.sort(logits) - float(logit(anchor)), -_LIMIT, _LIMIT)
    excess = np.expm1(evidence)
    rng = np.random.default_rng(seed)
    n = len(excess)
    drawn = [_share(excess[rng.integers(n, size=n)]) for _ in range(draws)]
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    share = _share(excess)
    return Prevalence(share, float(min(low, share)), float(max(high, share)))


def _share(excess: Floats) -> float:
    """Most likely share of positives: where the slope of the log likelihood is 0.

    Expectation and maximisation climb to the same place, in many more steps.

    Args:
        excess: likelihood ratio of positives to ordinary accounts, less 1.
    """

    def slope(share: float) -> float:
        return float((excess / (1 + share * excess)).sum())

    if slope(0.0) <= 0:
        return 0.0
    if slope(1.0) >= 0:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    return (low + high) / 2
