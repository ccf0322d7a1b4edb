"""How the evaluation report names and shows figures."""

from collections.abc import Sequence
from typing import Final

from pipeline.markup import Cell, Html, table

NAMES: Final = {
    "auc": "AUC",
    "average_precision": "average precision",
    "recall_at_fpr_0.01": "recall at FPR 1 %",
    "partial_auc_at_fpr_0.01": "partial AUC",
    "brier_skill": "Brier skill",
    "log_loss": "log loss",
    "ece": "calibration error",
    "slope": "slope",
    "intercept": "intercept",
}
SERVED: Final = "recall at FPR 1 %, abstained not flagged"


def within(value: float | None, low: float | None, high: float | None) -> str:
    """A value with its interval, or a dash."""
    if value is None:
        return "–"
    if low is None or high is None:
        return f"{value:.3f}"
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"


def told(head: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Html:
    """A table without the columns that say nothing in any row."""
    kept = [
        place
        for place in range(len(head))
        if not place or any(row[place] is not None for row in rows)
    ]
    return table(
        [head[place] for place in kept], [[row[p] for p in kept] for row in rows]
    )
