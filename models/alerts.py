"""What a rate of false alarms means among people: alerts and their worth, from counts."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from models.metrics import Floats, Labels
from models.panel import wilson

# Shares of positives at which alerts are counted (evaluation.md, R7).
PREVALENCES: Final = (0.15, 0.05, 0.01, 0.001)
_ACCOUNTS: Final = 100_000


@dataclass(frozen=True)
class Confusion:
    """Accounts by label and flag."""

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int

    @classmethod
    def of(cls, flagged: np.ndarray, labels: Labels) -> "Confusion":
        """Counts of accounts.

        Args:
            flagged: boolean, shape (n,).
            labels: 1 or 0.
        """
        positive = labels == 1
        return cls(
            int((flagged & positive).sum()),
            int((flagged & ~positive).sum()),
            int((~flagged & positive).sum()),
            int((~flagged & ~positive).sum()),
        )

    @property
    def positives(self) -> int:
        return self.true_positives + self.false_negatives

    @property
    def negatives(self) -> int:
        return self.false_positives + self.true_negatives


def above(scores: Floats, labels: Labels, threshold: float) -> Confusion:
    """Counts where every score above the threshold is flagged."""
    return Confusion.of(scores > threshold, labels)


def operating_point(counts: Confusion, confidence: float) -> dict[str, Any]:
    """Rates of an operating point with Wilson bounds, and alerts at each prevalence.

    Args:
        counts: both classes present.
        confidence: of the bounds, two-sided.

    Returns:
        tp, fp, fn, tn; recall and fpr, each with `_low` and `_high`; `alerts`: a row a
        prevalence, see `alerts`.
    """
    recall = _rate(counts.true_positives, counts.positives, confidence)
    fpr = _rate(counts.false_positives, counts.negatives, confidence)
    return {
        "tp": counts.true_positives,
        "fp": counts.false_positives,
        "fn": counts.false_negatives,
        "tn": counts.true_negatives,
        **{f"recall{end}": round(v, 6) for end, v in recall.items()},
        **{f"fpr{end}": round(v, 6) for end, v in fpr.items()},
        "alerts": [alerts(recall, fpr, share) for share in PREVALENCES],
    }


def _rate(count: int, trials: int, confidence: float) -> dict[str, float]:
    low, high = wilson(count, trials, confidence)
    return {"": count / trials, "_low": low, "_high": high}


def alerts(
    recall: dict[str, float], fpr: dict[str, float], prevalence: float
) -> dict[str, Any]:
    """What is flagged among 100,000 accounts of which `prevalence` are positive.

    Args:
        recall: the rate under "", its bounds under "_low" and "_high".
        fpr: the same of controls.
        prevalence: strictly between 0 and 1.

    Returns:
        prevalence, alerts, ppv with its bounds (lowest recall with highest FPR, and the
        other way round) and npv; ppv is null where nothing is flagged.
    """

    def ppv(hit: float, false: float) -> float | None:
        flagged = prevalence * hit + (1 - prevalence) * false
        return round(prevalence * hit / flagged, 6) if flagged else None

    hit, false = recall[""], fpr[""]
    missed = prevalence * (1 - hit)
    passed = (1 - prevalence) * (1 - false)
    return {
        "prevalence": prevalence,
        "alerts": round(_ACCOUNTS * (prevalence * hit + (1 - prevalence) * false), 3),
        "ppv": ppv(hit, false),
        "ppv_low": ppv(recall["_low"], fpr["_high"]),
        "ppv_high": ppv(recall["_high"], fpr["_low"]),
        "npv": round(passed / (passed + missed), 6) if passed + missed else None,
    }
