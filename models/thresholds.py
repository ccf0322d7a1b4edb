"""Operating points: thresholds solved for an aim, never chosen as numbers.

Solved on calibrated log-odds of operators that the boosters did not see; where there are
too few controls to know a false positive rate, there is no threshold, with the reason.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]

# Controls that must be flagged for a rate to be known: the rule of three.
LEAST_FLAGGED: Final = 3


@dataclass(frozen=True)
class Rates:
    """What is flagged above each possible threshold, lowest threshold last.

    Attributes:
        thresholds: scores, falling; what lies above one is flagged.
        fpr: share of the controls flagged.
        recall: share of the positives flagged, each operator counting the same.
        controls: number of them.
    """

    thresholds: Floats
    fpr: Floats
    recall: Floats
    controls: int


def rates(logits: Floats, labels: Labels, units: NDArray[np.str_]) -> Rates:
    """Rates at every score, both classes together.

    Args:
        logits: calibrated log-odds, shape (n_accounts,).
        labels: 1 or 0, both present.
        units: operator of each account.
    """
    thresholds = np.unique(logits)[::-1]
    controls = np.sort(logits[labels == 0])
    positive = labels == 1
    recalls = [
        _above(np.sort(logits[positive & (units == unit)]), thresholds)
        for unit in np.unique(units[positive])
    ]
    return Rates(
        thresholds,
        _above(controls, thresholds),
        np.mean(recalls, axis=0),
        len(controls),
    )


def _above(rising: Floats, thresholds: Floats) -> Floats:
    """Share of sorted scores that lie above each threshold."""
    above = len(rising) - np.searchsorted(rising, thresholds, side="right")
    return above / len(rising)


@dataclass(frozen=True)
class Aim:
    """What an operating point must keep to; exactly one kind of aim is given.

    Attributes:
        max_fpr: largest share of ordinary accounts flagged.
        min_precision: least share of flagged accounts that are positive.
        reviews_a_day: flagged accounts a day that can be looked at,
        accounts_a_day: of so many that are scored.
        prevalence: share of positives among them, for the last two kinds.
    """

    max_fpr: float | None = None
    min_precision: float | None = None
    reviews_a_day: float | None = None
    accounts_a_day: float | None = None
    prevalence: float | None = None

    def kept(self, found: Rates) -> NDArray[np.bool_]:
        """Whether each threshold keeps to the aim."""
        if self.max_fpr is not None:
            # A hair more, so that 57 of 5,700 is .01 in floating point too.
            return found.fpr <= self.max_fpr + 1e-12
        assert self.prevalence is not None
        true = self.prevalence * found.recall
        flagged = true + (1 - self.prevalence) * found.fpr
        if self.min_precision is not None:
            return (true >= self.min_precision * flagged) & (flagged > 0)
        assert self.reviews_a_day is not None
        assert self.accounts_a_day is not None
        return flagged * self.accounts_a_day <= self.reviews_a_day + 1e-9

    def words(self) -> str:
        """The aim as a sentence."""
        if self.max_fpr is not None:
            return f"highest recall at FPR <= {_percent(self.max_fpr)}"
        assert self.prevalence is not None
        share = _percent(self.prevalence)
        if self.min_precision is not None:
            return f"precision >= {_percent(self.min_precision)} at prevalence {share}"
        return (
            f"{self.reviews_a_day:,g} reviews a day of {self.accounts_a_day:,g} accounts "
            f"at prevalence {share}"
        )


def _percent(share: float) -> str:
    return f"{100 * share:.4g} %"


@dataclass(frozen=True)
class Point:
    """A solved operating point.

    Attributes:
        logit: calibrated log-odds at the anchor above which an account is flagged; null
            with the reason.
        fpr: share of unseen controls flagged there.
        recall: share of unseen positives flagged there, operators counting alike.
        controls: on which it was solved.
        reason: why there is none.
    """

    logit: float | None
    fpr: float | None
    recall: float | None
    controls: int
    reason: str | None


def solve(aim: Aim, found: Rates) -> Point:
    """The lowest threshold that keeps to the aim, for it has the highest recall."""

    def none(reason: str) -> Point:
        return Point(None, None, None, found.controls, reason)

    if aim.max_fpr is not None:
        needed = ceil(LEAST_FLAGGED / aim.max_fpr - 1e-9)
        if found.controls < needed:
            return none(f"{found.controls} controls, {needed} needed")
    places = np.flatnonzero(aim.kept(found))
    if not len(places):
        return none("no threshold keeps to it on unseen operators")
    place = int(places[-1])
    fpr = float(found.fpr[place])
    if aim.max_fpr is None and fpr * found.controls < LEAST_FLAGGED - 1e-9:
        return none(
            f"{found.controls} controls are too few to know the false positive rate "
            "that it needs"
        )
    if place == len(found.thresholds) - 1 and aim.reviews_a_day is not None:
        return none("every account can be looked at")
    return Point(
        float(found.thresholds[place]),
        fpr,
        float(found.recall[place]),
        found.controls,
        None,
    )


def describe_points(
    aims: dict[str, Aim], solved: Callable[[Aim], Point]
) -> dict[str, Any]:
    """What bundle.json says of each aim: the aim itself, and the point."""
    described = {}
    for name, aim in aims.items():
        point = solved(aim)
        stated = {k: v for k, v in vars(aim).items() if v is not None}
        described[name] = {**stated, "aim": aim.words(), **vars(point)}
    return described
