"""Comparison of two models on campaigns that neither saw: paired, by operator."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from models.evaluation import Rules, operator_interval

FIGURE: Final = "average_precision"


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
    """

    lead: float | None
    low: float | None
    high: float | None
    campaigns: int
    operators: int
    confidence: float

    @property
    def better(self) -> bool:
        return self.low is not None and self.low > 0

    def __str__(self) -> str:
        if self.lead is None or self.low is None:
            return (
                f"{self.operators} operator(s) judged on the same numbers of accounts "
                "by both, at least 2 are needed"
            )
        return (
            f"average precision {self.lead:+.4f}, {self.confidence:.0%} interval "
            f"[{self.low:+.4f}, {self.high:+.4f}], {self.campaigns} campaigns of "
            f"{self.operators} operators"
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
    for name, row in rows.items():
        other = others.get(name)
        if other is None or not (row["in_headline"] and other["in_headline"]):
            continue
        # Judged on other accounts, a figure moves without any better model.
        if any(row[count] != other[count] for count in ("n_pos", "n_neg")):
            continue
        if row[FIGURE] is not None and other[FIGURE] is not None:
            # A fold of this protocol is an operator.
            leads = by_operator.setdefault(row["fold"], [])
            leads.append(row[FIGURE] - other[FIGURE])
    every = [lead for leads in by_operator.values() for lead in leads]
    low, high = operator_interval(list(by_operator.values()), rules)
    return Comparison(
        float(np.mean(every)) if every else None,
        low,
        high,
        len(every),
        len(by_operator),
        rules.confidence,
    )
