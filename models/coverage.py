"""Whether intervals held, and what abstaining is worth, on accounts left out."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.calibrator import sigmoid
from models.metrics import BINS, FPR, Figure, recall_at_fpr, threshold_at_fpr
from models.panel import wilson

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]

# Share of the bins of a campaign that must hold for its intervals to count as held.
ENOUGH: Final = 0.8
# Recall at FPR 1 % as served: nobody is flagged who gets no score.
SERVED_RECALL: Final = "recall_at_fpr_0.01_abstained_not_flagged"


@dataclass(frozen=True)
class Coverage:
    """Intervals against what was observed.

    Attributes:
        held: share of the bins of scores whose observed rate lies within their mean
            interval, binomial error added.
        width: mean width of the intervals, in probability.
    """

    held: float
    width: float


def coverage(
    logits: Floats, half_widths: Floats, labels: Labels, confidence: float
) -> Coverage:
    """Coverage over equal-mass bins of the score.

    Args:
        logits: calibrated log-odds at this set's own share of positives, shape (n,).
        half_widths: of the intervals, in log-odds.
        labels: 1 or 0.
        confidence: of the binomial error; that of the intervals, so that a true
            probability without any interval would hold as often.
    """
    low, high = sigmoid(logits - half_widths), sigmoid(logits + half_widths)
    # Among equal scores the order of rows must not count.
    order = np.lexsort((labels, logits))
    bins = np.array_split(order, min(BINS, len(order)))
    held = []
    for rows in bins:
        least, most = wilson(int(labels[rows].sum()), len(rows), confidence)
        held.append(most >= low[rows].mean() and least <= high[rows].mean())
    return Coverage(float(np.mean(held)), float((high - low).mean()))


@dataclass(frozen=True)
class Selection:
    """What is left after abstaining.

    Attributes:
        share: abstained.
        share_of_positives: of the positives, abstained.
        accuracy: of a cut at one half, over all.
        kept_accuracy: the same, over those scored; null if none is.
        brier: over all.
        kept_brier: over those scored; null if none is.
    """

    share: float
    share_of_positives: float
    accuracy: float
    kept_accuracy: float | None
    brier: float
    kept_brier: float | None


def selection(logits: Floats, labels: Labels, kept: NDArray[np.bool_]) -> Selection:
    """Accuracy and Brier score before and after abstaining.

    Args:
        logits: calibrated log-odds at this set's own share of positives, shape (n,).
        labels: 1 or 0, positives among them.
        kept: whether an account is scored.
    """
    right = (logits > 0) == (labels == 1)
    error = (sigmoid(logits) - labels) ** 2
    some = bool(kept.any())
    return Selection(
        share=float(1 - kept.mean()),
        share_of_positives=float(1 - kept[labels == 1].mean()),
        accuracy=float(right.mean()),
        kept_accuracy=float(right[kept].mean()) if some else None,
        brier=float(error.mean()),
        kept_brier=float(error[kept].mean()) if some else None,
    )


def served_recall(logits: Floats, labels: Labels, kept: NDArray[np.bool_]) -> Figure:
    """Recall at the threshold of FPR 1 % where nobody is flagged who gets no score.

    The threshold is that of the recall over all accounts, so that this one is never
    higher.

    Args:
        logits: calibrated log-odds, shape (n,).
        labels: 1 or 0, both present.
        kept: whether the account gets a score.
    """
    threshold = threshold_at_fpr(logits[labels == 0], FPR)
    if threshold is None:
        return recall_at_fpr(logits, labels, FPR)
    return Figure(float(((logits > threshold) & kept)[labels == 1].mean()))
