"""Figures of a set of scores: pure functions on arrays, null where not to be reported."""

from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from models.bootstrap import partial_auc, passed, rank
from models.calibrator import logit, sigmoid

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]

FIGURES: Final = (
    "auc",
    "average_precision",
    "ece",
    "brier_skill",
    "log_loss",
    "recall_at_fpr_0.01",
    "partial_auc_at_fpr_0.01",
)
# Error at a coverage -> the coverage: share of the accounts, the surest first.
ERRORS: Final = {
    f"error_at_coverage_{share:g}": share for share in (1.0, 0.9, 0.75, 0.5)
}
HIGHER_IS_BETTER: Final = {
    "auc": True,
    "average_precision": True,
    "ece": False,
    "brier_skill": True,
    "log_loss": False,
    "recall_at_fpr_0.01": True,
    "partial_auc_at_fpr_0.01": True,
    **dict.fromkeys(ERRORS, False),
}
BINS: Final = 15
FPR: Final = 0.01


@dataclass(frozen=True)
class Figure:
    """A value, or null with the reason why it is not reported."""

    value: float | None
    reason: str | None = None


def figures(logits: Floats, labels: Labels) -> dict[str, Figure]:
    """All FIGURES of one campaign against its controls.

    Args:
        logits: calibrated log-odds at this set's own share of positives, shape (n,).
        labels: 1 or 0, both present.
    """
    probabilities = sigmoid(logits)
    return {
        "auc": Figure(float(roc_auc_score(labels, logits))),
        "average_precision": Figure(float(average_precision_score(labels, logits))),
        "ece": Figure(expected_calibration_error(probabilities, labels)),
        "brier_skill": Figure(brier_skill(probabilities, labels)),
        "log_loss": Figure(log_loss(logits, labels)),
        "recall_at_fpr_0.01": recall_at_fpr(logits, labels, FPR),
        "partial_auc_at_fpr_0.01": partial_auc_at_fpr(logits, labels, FPR),
    }


def to_share(logits: Floats, anchors: Floats, labels: Labels) -> Floats:
    """Logits moved from their calibrators' anchors to this set's share of positives.

    Args:
        logits: shape (n,).
        anchors: shape (n,); rows of one campaign may come from several calibrators.
        labels: both classes present.
    """
    return np.asarray(logits + (logit(float(labels.mean())) - logit(anchors)))


def expected_calibration_error(probabilities: Floats, labels: Labels) -> float:
    """Mean distance of observed from predicted share over equal-mass bins.

    Biased upwards for small sets.
    """
    bins = reliability(probabilities, labels)
    error = sum(n * abs(predicted - observed) for predicted, observed, n in bins)
    return error / len(labels)


def brier_skill(probabilities: Floats, labels: Labels) -> float:
    """1 - Brier score over that of always answering the set's own share."""
    share = labels.mean()
    brier = np.mean((probabilities - labels) ** 2)
    return float(1 - brier / (share * (1 - share)))


@dataclass(frozen=True)
class BrierParts:
    """A Brier score and what it is made of.

    Attributes:
        brier: mean squared distance of probability and label.
        miscalibration: of it, what bins of wrong probabilities cost; 0 is best.
        resolution: of it, what telling accounts apart saves; the uncertainty is best.
        uncertainty: what always answering the set's own share costs.
    """

    brier: float
    miscalibration: float
    resolution: float
    uncertainty: float


def brier_parts(probabilities: Floats, labels: Labels) -> BrierParts:
    """Parts of the Brier score over equal-mass bins.

    miscalibration - resolution + uncertainty is the score, but for what probabilities
    differ within a bin.

    Source: Murphy 1973, "A new vector partition of the probability score".
    """
    bins = np.array(reliability(probabilities, labels))
    predicted, observed, shares = bins[:, 0], bins[:, 1], bins[:, 2] / len(labels)
    share = float(labels.mean())
    return BrierParts(
        float(np.mean((probabilities - labels) ** 2)),
        float(shares @ (predicted - observed) ** 2),
        float(shares @ (observed - share) ** 2),
        share * (1 - share),
    )


def log_losses(logits: Floats, labels: Labels) -> Floats:
    """Minus the logarithm of the probability given to each account's label, (n,).

    From log-odds: exact also where the probability rounds to 0.
    """
    return np.asarray(np.logaddexp(0, np.where(labels == 1, -logits, logits)))


def log_loss(logits: Floats, labels: Labels) -> float:
    """Mean of `log_losses`, in nats."""
    return float(log_losses(logits, labels).mean())


def threshold_at_fpr(control_scores: Floats, fpr: float) -> float | None:
    """Least score above which at most `fpr` of controls lie; null with under 3/fpr."""
    if len(control_scores) < ceil(3 / fpr):
        return None
    # A hair more, so that .01 of 5,700 is 57 in floating point too.
    allowed = int(np.floor(fpr * len(control_scores) + 1e-9))
    return float(np.sort(control_scores)[::-1][allowed])


def _too_few(labels: Labels, fpr: float) -> str | None:
    """Why nothing is reported at this rate; null if it is."""
    count, needed = int((labels == 0).sum()), ceil(3 / fpr)
    return f"{count} controls, {needed} needed" if count < needed else None


def partial_auc_at_fpr(scores: Floats, labels: Labels, fpr: float) -> Figure:
    """Area under the ROC curve up to `fpr`, divided by it; null with under 3/fpr controls.

    See models.bootstrap.partial_auc.
    """
    reason = _too_few(labels, fpr)
    if reason:
        return Figure(None, reason)
    everyone = np.ones(len(labels), dtype=np.int64)
    return Figure(partial_auc(passed(rank(scores, labels), everyone), fpr))


def recall_at_fpr(scores: Floats, labels: Labels, fpr: float) -> Figure:
    """Share of positives above the threshold at which `fpr` of controls are too."""
    threshold = threshold_at_fpr(scores[labels == 0], fpr)
    if threshold is None:
        return Figure(None, _too_few(labels, fpr))
    return Figure(float((scores[labels == 1] > threshold).mean()))


def reliability(
    probabilities: Floats, labels: Labels
) -> list[tuple[float, float, int]]:
    """(mean predicted, observed share, accounts) of each equal-mass bin, rising.

    Where a bin ends among equal probabilities, each of them counts as their mean label:
    otherwise the order of the rows, positives first, would make pure bins of them.
    """
    order = np.argsort(probabilities, kind="stable")
    _, place, sizes = np.unique(probabilities, return_inverse=True, return_counts=True)
    observed = (np.bincount(place, weights=labels) / sizes)[place]
    return [
        (float(probabilities[rows].mean()), float(observed[rows].mean()), len(rows))
        for rows in np.array_split(order, min(BINS, len(order)))
    ]
