"""Selective risk: how wrong the answers are of the accounts whose answer is surest.

A score answers by lying above or below one half, and is the surer the farther it lies
from there. Whoever leaves the least sure accounts to others has fewer answers (coverage)
and, if certainty means something, a lower share of wrong ones (error).

Source: El-Yaniv and Wiener, Journal of Machine Learning Research 11 (2010).
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import polars as pl

from models.curves import against_controls
from models.evaluation import Campaign, Rules, rounded, summarise
from models.metrics import ERRORS, Floats, Labels

# Coverages of the curve.
STEPS: Final = tuple(step / 20 for step in range(1, 21))


def errors_at(logits: Floats, labels: Labels, coverages: Sequence[float]) -> Floats:
    """Share of wrong answers among the surest accounts, at each coverage.

    Of equally sure accounts none comes first: they are passed together.

    Args:
        logits: calibrated log-odds at this set's own share of positives, shape (n,).
        labels: 1 or 0.
        coverages: shares of the accounts, above 0, to 1.
    """
    certainty = np.abs(logits)
    order = np.argsort(-certainty, kind="stable")
    falling = certainty[order]
    ends = np.flatnonzero(np.append(falling[1:] != falling[:-1], True))
    wrong = np.cumsum(((logits > 0) != (labels == 1))[order])[ends]
    asked = np.asarray(coverages) * len(labels)
    passed = np.interp(asked, np.append(0, ends + 1), np.append(0, wrong))
    return np.asarray(passed / asked)


def selective_risk(
    scored: pl.DataFrame, campaigns: Sequence[Campaign], rules: Rules
) -> dict[str, Any]:
    """Mean, worst and interval of each of ERRORS over the headline campaigns.

    Args:
        scored: as for models.evaluation.protocol_block.
        campaigns: of this world.
        rules: see models.evaluation.Rules.
    """
    coverages = list(ERRORS.values())
    rows = {
        name: {"in_headline": True, "n_pos": int(labels.sum())}
        | dict(zip(ERRORS, errors_at(logits, labels, coverages).tolist(), strict=True))
        for name, (logits, labels) in _headline(scored, campaigns).items()
    }
    operators = {c.name: c.operator for c in campaigns}
    return {name: summarise(rows, operators, name, rules) for name in ERRORS}


def risk_curve(
    scored: pl.DataFrame, campaigns: Sequence[Campaign]
) -> list[float | None]:
    """Mean error over the headline campaigns at each of STEPS; null if there are none.

    Args:
        scored: as for models.evaluation.protocol_block.
        campaigns: of this world.
    """
    found = [
        errors_at(logits, labels, STEPS)
        for logits, labels in _headline(scored, campaigns).values()
    ]
    if not found:
        return [None] * len(STEPS)
    return [rounded(error) for error in np.mean(found, axis=0).tolist()]


def _headline(
    scored: pl.DataFrame, campaigns: Sequence[Campaign]
) -> dict[str, tuple[Floats, Labels]]:
    """Logits and labels of each headline campaign and the controls of its fold."""
    judged = {
        c.name: against_controls(scored, c.name) for c in campaigns if c.in_headline
    }
    return {name: pair for name, pair in judged.items() if pair is not None}
