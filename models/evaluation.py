"""Evaluation: figures a campaign, and what they say together.

Every campaign is judged against all controls of its fold. The worst unseen campaign
stands beside the mean, and intervals come from drawing operators, because the accounts
of one operator are not independent of one another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from models.metrics import (
    FIGURES,
    HIGHER_IS_BETTER,
    figures,
    threshold_at_fpr,
    to_share,
)


@dataclass(frozen=True)
class Campaign:
    """What the label stage knows of a campaign."""

    name: str
    operator: str
    in_headline: bool
    reason: str | None


@dataclass(frozen=True)
class Rules:
    """How figures are put together; every value comes from params.yaml.

    draws: bootstrap draws of operators.
    confidence: of the interval.
    seed: of the draws.
    least_positives: campaigns with fewer are kept out of `worst`.
    """

    draws: int
    confidence: float
    seed: int
    least_positives: int


def protocol_block(
    scored: pl.DataFrame, campaigns: Sequence[Campaign], rules: Rules
) -> dict[str, Any]:
    """The block of metrics.json for one protocol and one model.

    Args:
        scored: one row an account judged: account_id, fold, label, campaign (null for
            controls), source, logit (calibrated, at the anchor), anchor.
        campaigns: those of this world.
        rules: see Rules.
    """
    judged = {c.name: _campaign_row(scored, c) for c in campaigns}
    rows = {name: row for name, row in judged.items() if row is not None}
    operators = {c.name: c.operator for c in campaigns}
    block: dict[str, Any] = {
        figure: summarise(rows, operators, figure, rules) for figure in FIGURES
    }
    block["campaigns"] = rows
    return block


def headline_rows(tested: pl.DataFrame, campaigns: Sequence[Campaign]) -> pl.DataFrame:
    """Accounts of the headline campaigns, and all controls of their folds.

    Args:
        tested: one row an account judged: fold, label, campaign (null for controls).
        campaigns: of this world.
    """
    names = pl.Series([c.name for c in campaigns if c.in_headline], dtype=pl.String)
    inside = (pl.col("label") == 1) & pl.col("campaign").is_in(names.implode())
    folds = tested.filter(inside)["fold"].unique()
    controls = (pl.col("label") == 0) & pl.col("fold").is_in(folds.implode())
    return tested.filter(inside | controls)


def _campaign_row(scored: pl.DataFrame, campaign: Campaign) -> dict[str, Any] | None:
    positives = scored.filter(
        (pl.col("campaign") == campaign.name) & (pl.col("label") == 1)
    )
    if not positives.height:
        return None
    fold = positives["fold"][0]
    controls = scored.filter((pl.col("fold") == fold) & (pl.col("label") == 0))
    row: dict[str, Any] = {
        "n_pos": positives.height,
        "n_neg": controls.height,
        "fold": fold,
        "in_headline": campaign.in_headline,
        "reason": campaign.reason,
    }
    if not controls.height:
        reason = "no controls in this fold"
        return row | dict.fromkeys(FIGURES) | {"reason": reason}
    judged = pl.concat([positives, controls])
    labels = judged["label"].to_numpy()
    logits = judged["logit"].to_numpy()
    found = figures(to_share(logits, judged["anchor"].to_numpy(), labels), labels)
    for name, figure in found.items():
        row[name] = rounded(figure.value)
        if figure.value is None:
            row[f"{name}_reason"] = figure.reason
    return row


def summarise(
    rows: Mapping[str, Mapping[str, Any]],
    operators: Mapping[str, str],
    figure: str,
    rules: Rules,
) -> dict[str, Any]:
    """Mean, worst and interval of one figure over the headline campaigns.

    `over` and `worst_over` say of how many campaigns the mean and the worst are, `of`
    how many headline campaigns there are: some may lack the figure, or be too small for
    the worst.
    """
    every = [row for row in rows.values() if row["in_headline"]]
    headline = {
        name: row
        for name, row in rows.items()
        if row["in_headline"] and row[figure] is not None
    }
    empty = {"mean": None, "worst": None, "ci_low": None, "ci_high": None}
    counts = {"over": len(headline), "worst_over": 0, "of": len(every)}
    if not headline:
        return empty | counts | {"reason": "no headline campaign with this figure"}
    worst_of = [
        row[figure]
        for row in headline.values()
        if row["n_pos"] >= rules.least_positives
    ]
    pick = min if HIGHER_IS_BETTER[figure] else max
    by_operator: dict[str, list[float]] = {}
    for name, row in headline.items():
        by_operator.setdefault(operators[name], []).append(row[figure])
    low, high = operator_interval(list(by_operator.values()), rules)
    reasons = []
    if not worst_of:
        least = rules.least_positives
        reasons.append(f"no headline campaign has {least} accounts")
    if low is None:
        reasons.append("one operator gives no interval")
    because = {"reason": "; ".join(reasons)} if reasons else {}
    return {
        "mean": rounded(float(np.mean([row[figure] for row in headline.values()]))),
        "worst": rounded(pick(worst_of)) if worst_of else None,
        "ci_low": rounded(low),
        "ci_high": rounded(high),
        **counts,
        "worst_over": len(worst_of),
    } | because


def operator_interval(
    values: Sequence[Sequence[float]], rules: Rules
) -> tuple[float | None, float | None]:
    """Percentile interval of the mean over campaigns, operators drawn as wholes.

    Null with fewer than two operators: one network says nothing about the next.

    Args:
        values: figures of the campaigns of each operator.
        rules: draws, confidence and seed.
    """
    if len(values) < 2:
        return None, None
    generator = np.random.default_rng(rules.seed)
    drawn = generator.integers(len(values), size=(rules.draws, len(values)))
    sums = np.array([sum(v) for v in values])
    counts = np.array([len(v) for v in values])
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    tail = (1 - rules.confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


def recall_by_control_source(
    campaign: pl.DataFrame, controls: pl.DataFrame, fpr: float
) -> dict[str, Any]:
    """Recall of a campaign where `fpr` of each control source is flagged.

    For campaigns without controls of their own: whichever people they are compared
    with, collection and label coincide, so the worst source is what may be shown.

    Args:
        campaign: its accounts, `logit`.
        controls: accounts of any control source, `source` and `logit`, all scored by
            boosters that did not see them.
        fpr: false positive rate.
    """
    recalls: dict[str, Any] = {}
    for (source,), rows in controls.sort("source").group_by(
        ["source"], maintain_order=True
    ):
        threshold = threshold_at_fpr(rows["logit"].to_numpy(), fpr)
        recalls[str(source)] = (
            None
            if threshold is None
            else rounded(float((campaign["logit"].to_numpy() > threshold).mean()))
        )
    known = [value for value in recalls.values() if value is not None]
    return {"worst": min(known) if known else None, "by_source": recalls}


def headline_lead(
    ours: Mapping[str, Any], other: Mapping[str, Any], figure: str
) -> float | None:
    """Mean over headline campaigns of our figure minus the other's; null if none."""
    leads = _leads(ours, other, figure)
    return float(np.mean(leads)) if leads else None


def shared_campaigns(
    ours: Mapping[str, Any], other: Mapping[str, Any], figure: str
) -> int:
    """Number of headline campaigns for which both have the figure."""
    return len(_leads(ours, other, figure))


def _leads(
    ours: Mapping[str, Any], other: Mapping[str, Any], figure: str
) -> list[float]:
    return [
        row[figure] - other["campaigns"][name][figure]
        for name, row in ours["campaigns"].items()
        if row["in_headline"]
        and row[figure] is not None
        and name in other["campaigns"]
        and other["campaigns"][name][figure] is not None
    ]


def rounded(value: float | None) -> float | None:
    """Six digits: what is below is noise that would dirty the diff; no negative zero."""
    return None if value is None else round(value, 6) + 0.0
