"""Bootstrap draws of sets of scores: sorted once, then every draw is a set of weights.

A draw with replacement is a number of times that each account counts. The order of the
scores does not change between draws, so each costs two running sums and no sort.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Labels = NDArray[np.int8]


@dataclass(frozen=True)
class Ranked:
    """Scores in falling order.

    Attributes:
        order: row of each place, shape (n,).
        positive: 1 where the account of a place is positive, else 0, shape (n,).
        ends: last place of each distinct score; equal scores are passed together.
    """

    order: Counts
    positive: Counts
    ends: Counts


@dataclass(frozen=True)
class Passed:
    """Weights of both classes at or above each distinct score, falling.

    Attributes:
        positives: running sum, shape (n_distinct,).
        negatives: the same of the other class.
    """

    positives: Counts
    negatives: Counts


def rank(scores: Floats, labels: Labels) -> Ranked:
    """Scores sorted once.

    Args:
        scores: higher for more likely positive, shape (n,).
        labels: 1 or 0.
    """
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    ends = np.flatnonzero(np.append(falling[1:] != falling[:-1], True))
    return Ranked(order, labels[order].astype(np.int64), ends)


def passed(ranked: Ranked, counts: Counts) -> Passed:
    """Running sums of a draw.

    Args:
        ranked: from `rank`.
        counts: how often each account is drawn, in the order of the scores given to
            `rank`, shape (n,); both classes are drawn at least once.
    """
    weights = counts[ranked.order]
    positives = np.cumsum(weights * ranked.positive)
    everyone = np.cumsum(weights)
    if len(ranked.ends) < len(weights):
        positives, everyone = positives[ranked.ends], everyone[ranked.ends]
    return Passed(positives, everyone - positives)


def auc(found: Passed) -> float:
    """Area under the ROC curve of a draw, equal scores counting half."""
    up, right = found.positives, found.negatives
    heights = up.copy()
    heights[1:] += up[:-1]
    widths = np.diff(right, prepend=0)
    return float(heights @ widths) / (2 * float(up[-1]) * float(right[-1]))


def average_precision(found: Passed) -> float:
    """Average precision of a draw: precision at each score, weighted by its recall."""
    gained = np.diff(found.positives, prepend=0)
    places = np.flatnonzero(gained)
    up = found.positives[places]
    precision = up / (up + found.negatives[places])
    return float(gained[places] @ precision) / float(found.positives[-1])


def recall(found: Passed, fpr: float) -> float:
    """Share of a draw's positives above the score that `fpr` of its controls exceed."""
    # The same hair as in models.metrics.threshold_at_fpr.
    allowed = np.floor(fpr * found.negatives[-1] + 1e-9)
    place = int(np.searchsorted(found.negatives, allowed, side="right"))
    above = found.positives[place - 1] if place else 0
    return float(above) / float(found.positives[-1])


def partial_auc(found: Passed, fpr: float) -> float:
    """Area under the ROC curve of a draw up to `fpr`, over `fpr`: 1 where all are found.

    Equal scores are passed together, along a straight line. Not rescaled by what chance
    gives, which is fpr / 2.

    Source: McClish, Medical Decision Making 9 (1989).
    """
    up = np.concatenate([[0], found.positives])
    right = np.concatenate([[0], found.negatives])
    end = fpr * float(right[-1])
    last = int(np.searchsorted(right, end, side="right")) - 1
    x, y = right[: last + 1].astype(np.float64), up[: last + 1].astype(np.float64)
    # Between two scores the curve is cut where the allowed rate ends.
    x, y = np.append(x, end), np.append(y, np.interp(end, right[last:], up[last:]))
    return float(np.trapezoid(y, x)) / (float(up[-1]) * end)


def draw_groups(groups: NDArray[np.int64], draws: int, seed: int) -> Iterator[Counts]:
    """Counts of each account, groups drawn as wholes with replacement.

    Args:
        groups: number of the group of each account, from 0, shape (n,).
        draws: how many.
        seed: of the draws.
    """
    generator = np.random.default_rng(seed)
    number = int(groups.max()) + 1
    for _ in range(draws):
        drawn = generator.integers(number, size=number)
        yield np.bincount(drawn, minlength=number)[groups]


def draw_accounts(labels: Labels, draws: int, seed: int) -> Iterator[Counts]:
    """Counts of each account, as many of each class drawn as there are.

    The share of positives is a choice of the collection and stays what it is.

    Args:
        labels: 1 or 0, both present, shape (n,).
        draws: how many.
        seed: of the draws.
    """
    generator = np.random.default_rng(seed)
    sides = [np.flatnonzero(labels == value) for value in (1, 0)]
    for _ in range(draws):
        counts = np.zeros(len(labels), dtype=np.int64)
        for rows in sides:
            drawn = generator.integers(len(rows), size=len(rows))
            counts[rows] = np.bincount(drawn, minlength=len(rows))
        yield counts
