"""Targets: which of the model's operating points an account's score passes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from serving.review.quantities import share


@dataclass(frozen=True)
class Target:
    """One operating point.

    Attributes:
        aim: what it keeps to, in words.
        passed: whether the score lies above it; null if there is no such point.
        missed: why there is none.
    """

    aim: str
    passed: bool | None
    missed: str | None


def targets_of(points: Mapping[str, Any], logit: float) -> list[Target]:
    """The operating points of a bundle, in its order.

    Args:
        points: `thresholds` of bundle.json.
        logit: calibrated log-odds of the account at the anchor.
    """
    return [
        Target(
            _words(point),
            None if point["logit"] is None else logit > point["logit"],
            point["reason"],
        )
        for point in points.values()
    ]


def _words(point: Mapping[str, Any]) -> str:
    if "max_fpr" in point:
        flagged = share(point["max_fpr"])
        return f"at most {flagged} of ordinary accounts pass"
    of = f"where {share(point['prevalence'])} are of that kind"
    if "min_precision" in point:
        right = share(point["min_precision"])
        return f"at least {right} of those that pass are of that kind, {of}"
    few, many = (f"{point[k]:,.0f}" for k in ("reviews_a_day", "accounts_a_day"))
    return f"at most {few} of {many} accounts a day pass, {of}"
