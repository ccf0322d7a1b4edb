"""Comparison of two models on campaigns that neither saw: paired, by operator.

The mean decides whether one is better, and the worst campaign whether it may take the
other's place: a mean can rise while what was hardest to find is lost.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from models.evaluation import Rules, operator_interval

FIGURE: Final = "average_precision"
_READ: Final = frozenset({"fold", "in_headline", "n_pos", "n_neg", FIGURE})


@dataclass(frozen=True)
class Comparison:
    """The challenger's lead over the champion, on the campaigns that both were judged on.

    Attributes:
        lead: mean over the campaigns; null if there are none.
        low: of its interval; null with fewer than two operators.
        high: of its interval; null with fewer than two operators.
        campaigns: how many.
        operators: how many ran them.
        confidence: of the interval.
        worst: the challenger's figure on the campaign that it finds least; null if there
            are none with enough accounts.
        worst_before: the champion's, on the campaign that this one finds least.
        worst_campaign: the challenger's.
        left_out: headline campaigns of either that both were not judged on alike, and of
            which nothing is said therefore.
        before: headline campaigns that the champion was judged on.
    """

    lead: float | None
    low: float | None
    high: float | None
    campaigns: int
    operators: int
    confidence: float
    worst: float | None = None
    worst_before: float | None = None
    worst_campaign: str | None = None
    left_out: int = 0
    before: int = 0

    @property
    def worst_loss(self) -> float:
        """How far the worst campaign falls; 0 where there is none to compare."""
        if self.worst is None or self.worst_before is None:
            return 0.0
        return self.worst_before - self.worst

    @property
    def better(self) -> bool:
        return self.low is not None and self.low > 0

    @property
    def of_most(self) -> bool:
        """Whether at least half of what the champion was judged on was compared."""
        return 2 * self.campaigns >= self.before

    def __str__(self) -> str:
        if self.lead is None or self.low is None:
            return (
                f"{self.operators} operator(s) judged on the same numbers of accounts "
                "by both, at least 2 are needed"
            )
        left_out = f", {self.left_out} not comparable" if self.left_out else ""
        return (
            f"average precision {self.lead:+.4f}, {self.confidence:.0%} interval "
            f"[{self.low:+.4f}, {self.high:+.4f}], {self.campaigns} campaigns of "
            f"{self.operators} operators{left_out}"
        )


def compare(
    ours: Mapping[str, Any], theirs: Mapping[str, Any], rules: Rules
) -> Comparison:
    """How far our headline figure is above theirs; operators are drawn as wholes.

    Args:
        ours: metrics.json of the challenger.
        theirs: metrics.json of the champion.
        rules: draws, confidence and seed.
    """
    rows, others = ours["loco"]["campaigns"], theirs["loco"]["campaigns"]
    by_operator: dict[str, list[float]] = {}
    large: dict[str, tuple[float, float]] = {}
    for name, row in rows.items():
        other = others.get(name)
        # Where other code measured less, there is nothing to compare.
        if other is None or not (set(row) >= _READ and set(other) >= _READ):
            continue
        if not (row["in_headline"] and other["in_headline"]):
            continue
        # Judged on other accounts, a figure moves without any better model.
        if any(row[count] != other[count] for count in ("n_pos", "n_neg")):
            continue
        if row[FIGURE] is not None and other[FIGURE] is not None:
            # A fold of this protocol is an operator.
            leads = by_operator.setdefault(row["fold"], [])
            leads.append(row[FIGURE] - other[FIGURE])
            if row["n_pos"] >= rules.least_positives:
                large[name] = (row[FIGURE], other[FIGURE])
    counted = {
        name
        for campaigns in (rows, others)
        for name, row in campaigns.items()
        if row.get("in_headline")
    }
    every = [lead for leads in by_operator.values() for lead in leads]
    low, high = operator_interval(list(by_operator.values()), rules)
    return Comparison(
        float(np.mean(every)) if every else None,
        low,
        high,
        len(every),
        len(by_operator),
        rules.confidence,
        *_worst(large),
        left_out=len(counted) - len(every),
        before=sum(bool(row.get("in_headline")) for row in others.values()),
    )


def _worst(
    large: Mapping[str, tuple[float, float]],
) -> tuple[float | None, float | None, str | None]:
    """The challenger's worst figure, the champion's, and the challenger's campaign."""
    if not large:
        return None, None, None
    name = min(large, key=lambda campaign: (large[campaign][0], campaign))
    return large[name][0], min(theirs for _, theirs in large.values()), name
