"""Intervals of one campaign's figures, its accounts and their controls drawn anew.

They say how far a figure could move with other accounts of the same campaign, and
nothing about another campaign: that is what drawing operators is for.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from models.bootstrap import (
    Counts,
    Floats,
    Labels,
    auc,
    average_precision,
    draw_accounts,
    partial_auc,
    passed,
    rank,
    recall,
)
from models.calibrator import sigmoid
from models.metrics import (
    BINS,
    FPR,
    Figure,
    figures,
    log_losses,
    threshold_at_fpr,
)
from models.slopes import NO_LINE, calibration_line

# Distance of observed from predicted shares is never negative, so drawing adds to it
# what the sample had added already: its interval is turned round the figure.
_TURNED: Final = ("ece",)

Interval = tuple[float, float]


def campaign_figures(logits: Floats, labels: Labels) -> dict[str, Figure]:
    """models.metrics.figures of a campaign, and slope and intercept beside them."""
    line = calibration_line(logits, labels)
    found = figures(logits, labels)
    for place, name in enumerate(("slope", "intercept")):
        found[name] = Figure(None, NO_LINE) if line is None else Figure(line[place])
    return found


def campaign_intervals(
    logits: Floats, labels: Labels, draws: int, confidence: float, seed: int
) -> dict[str, Interval | None]:
    """Interval of each of `campaign_figures`; null where the figure is not reported.

    Args:
        logits: calibrated log-odds at this set's own share of positives, shape (n,).
        labels: 1 or 0, both present.
        draws: bootstrap draws of accounts, each class for itself.
        confidence: of the intervals.
        seed: of the draws.
    """
    measured = {
        name: figure.value for name, figure in campaign_figures(logits, labels).items()
    }
    ranked = rank(logits, labels)
    error = _calibration_error(logits, labels)
    share = float(labels.mean())
    squares = (sigmoid(logits) - labels) ** 2
    losses = log_losses(logits, labels)
    reported = threshold_at_fpr(logits[labels == 0], FPR) is not None
    slope, intercept = measured["slope"], measured["intercept"]
    found: dict[str, list[float]] = {name: [] for name in measured}
    for counts in draw_accounts(labels, draws, seed):
        above = passed(ranked, counts)
        found["auc"].append(auc(above))
        found["average_precision"].append(average_precision(above))
        found["ece"].append(error(counts))
        brier = float(counts @ squares) / len(labels)
        found["brier_skill"].append(1 - brier / (share * (1 - share)))
        found["log_loss"].append(float(counts @ losses) / len(labels))
        if reported:
            found["recall_at_fpr_0.01"].append(recall(above, FPR))
            found["partial_auc_at_fpr_0.01"].append(partial_auc(above, FPR))
        if slope is not None and intercept is not None:
            line = calibration_line(
                logits, labels, counts.astype(np.float64), (slope, intercept)
            )
            for place, name in enumerate(("slope", "intercept")):
                # The classes of a draw need not overlap: then no interval is given.
                found[name].append(np.nan if line is None else line[place])
    tail = (1 - confidence) / 2
    intervals: dict[str, Interval | None] = {}
    for name, values in found.items():
        value = measured[name]
        if value is None or not values or np.isnan(values).any():
            intervals[name] = None
            continue
        low, high = (float(end) for end in np.quantile(values, [tail, 1 - tail]))
        if name in _TURNED:
            low, high = max(0.0, 2 * value - high), max(0.0, 2 * value - low)
        intervals[name] = (low, high)
    return intervals


def _calibration_error(logits: Floats, labels: Labels) -> Callable[[Counts], float]:
    """expected_calibration_error of any draw, from an order found once."""
    order = np.argsort(logits, kind="stable")
    rising, truth = sigmoid(logits[order]), labels[order].astype(np.float64)
    starts = np.append(True, rising[1:] != rising[:-1])
    place = np.cumsum(starts) - 1

    def error(counts: Counts) -> float:
        weights = counts[order]
        sizes = np.bincount(place, weights=weights)
        hits = np.bincount(place, weights=weights * truth)
        # Rows that are not drawn have no share, and are repeated no time below.
        observed = (hits / np.maximum(sizes, 1))[place]
        rows = np.repeat(np.arange(len(weights)), weights)
        bins = np.array_split(rising[rows] - observed[rows], min(BINS, len(rows)))
        return float(sum(abs(gaps.sum()) for gaps in bins)) / len(rows)

    return error
