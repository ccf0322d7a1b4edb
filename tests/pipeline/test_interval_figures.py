"""Every mean, worst and end of an interval, derived again by plain loops over draws.

The draws are those of the seed, as models/evaluation.py (operators) and
models/bootstrap.py (accounts) say; what is worked out of each is scikit-learn's.
"""

import copy
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.pipeline.conftest import TinyWorld
from tests.pipeline.recomputed import differing
from tests.pipeline.test_metrics_figures import set_of
from tests.pipeline.test_report_figures import of_campaign, scored

# Of too many controls for this world, so that they are null in every draw.
AT_FPR = ("recall_at_fpr_0.01", "partial_auc_at_fpr_0.01")
FIGURES = ("auc", "average_precision", "ece", "brier_skill", "log_loss", *AT_FPR)
LOWER = ("ece", "log_loss")
LINE = ("slope", "intercept")


def summary(
    rows: dict[str, Any], operators: dict[str, str], figure: str, params: dict[str, Any]
) -> dict[str, float | None]:
    """Mean, worst and interval over the campaigns, whole operators drawn."""
    known = {n: row for n, row in rows.items() if row[figure] is not None}
    empty = dict.fromkeys(("mean", "worst", "ci_low", "ci_high"))
    empty |= {"over": len(known), "worst_over": 0, "of": len(rows)}
    if not known:
        return empty
    groups: dict[str, list[float]] = {}
    for name in operators:
        if name in known:
            groups.setdefault(operators[name], []).append(known[name][figure])
    values = list(groups.values())
    large = [
        row[figure]
        for row in known.values()
        if row["n_pos"] >= params["least_positives"]
    ]
    empty["worst_over"] = len(large)
    found = empty | {"mean": float(np.mean([row[figure] for row in known.values()]))}
    if large:
        found["worst"] = max(large) if figure in LOWER else min(large)
    if len(values) > 1:
        generator = np.random.default_rng(params["seed"])
        size = (params["bootstrap_draws"], len(values))
        means = [
            np.mean([value for place in drawn for value in values[place]])
            for drawn in generator.integers(len(values), size=size)
        ]
        tail = 50 * (1 - params["confidence"])
        found["ci_low"], found["ci_high"] = np.percentile(means, [tail, 100 - tail])
    return found


def blocks_of(metrics: dict[str, Any]) -> dict[str, Any]:
    named = {name: metrics[name] for name in ("loco", "temporal", "random")}
    return named | metrics["baselines"]


def summaries(metrics: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {figure: block[figure] for figure in FIGURES}
        for name, block in blocks_of(metrics).items()
    }


def apart(rows: pl.DataFrame) -> bool:
    """Whether a cut parts the classes: then no line can be drawn through them."""
    high, low = (rows.filter(label=label)["logit"] for label in (1, 0))
    return bool(high.to_numpy().min() > low.to_numpy().max())


def drawn_ends(rows: pl.DataFrame, params: dict[str, Any]) -> dict[str, Any]:
    """Interval of each figure of a campaign; the accounts of each class are drawn."""
    sides = [np.flatnonzero(rows["label"].to_numpy() == label) for label in (1, 0)]
    generator = np.random.default_rng(params["seed"])
    draws: list[dict[str, float]] = []
    lines = not apart(rows)
    for _ in range(params["account_draws"]):
        picked = [side[generator.integers(len(side), size=len(side))] for side in sides]
        some = rows[np.concatenate(picked)]
        lines = lines and not apart(some)
        draws.append(of_campaign(some))
    found = of_campaign(rows)
    tail = 50 * (1 - params["confidence"])
    ends: dict[str, Any] = {name: dict.fromkeys(("low", "high")) for name in AT_FPR}
    for name, value in found.items():
        low, high = np.percentile([d[name] for d in draws], [tail, 100 - tail])
        if name == "ece":
            low, high = max(0.0, 2 * value - high), max(0.0, 2 * value - low)
        told = lines or name not in LINE
        ends[name] = {"low": low if told else None, "high": high if told else None}
    return ends


def ends_of(rows: dict[str, Any]) -> dict[str, Any]:
    return {
        campaign: {
            name: {end: figure[end] for end in ("low", "high")}
            for name, figure in row["figures"].items()
        }
        for campaign, row in rows.items()
    }


def stored_ends(details: dict[str, Any]) -> dict[str, Any]:
    forward = {
        row["campaign"]: row["temporal"]
        for row in details["forward"]
        if "temporal" in row
    }
    return {"loco": ends_of(details["campaigns"]), "temporal": ends_of(forward)}


@pytest.fixture(scope="module")
def ends(tiny_world: TinyWorld) -> dict[str, Any]:
    """Ends of every campaign's intervals, under both protocols."""
    params = tiny_world.params["evaluate"]
    found: dict[str, Any] = {}
    for protocol in ("loco", "temporal"):
        test = scored(tiny_world, protocol).filter(part="test")
        test = test.sort("fold", "account_id")
        found[protocol] = {
            name: drawn_ends(set_of(test, name, "fold"), params)
            for name in test["campaign"].drop_nulls().unique()
        }
    return found


def test_means_worst_and_ends_by_operator_follow(tiny_world: TinyWorld) -> None:
    """The campaigns' own figures are worked out in test_metrics_figures.py."""
    metrics, params = tiny_world.metrics, tiny_world.params["evaluate"]
    declared = tiny_world.json("labelled/campaigns")
    operators = {c["name"]: c["operator"] for c in declared}
    expected = {
        name: {
            figure: summary(block["campaigns"], operators, figure, params)
            for figure in FIGURES
        }
        for name, block in blocks_of(metrics).items()
    }

    assert differing(summaries(metrics), expected) == []
    typed = copy.deepcopy(summaries(metrics))
    typed["loco"]["auc"]["ci_low"] += 1e-4
    typed["temporal"]["ece"]["mean"] += 1e-4
    typed["rate_only"]["brier_skill"]["worst"] += 1e-4
    assert len(differing(typed, expected)) == 3


def test_ends_by_account_follow(
    tiny_details: dict[str, Any], ends: dict[str, Any]
) -> None:
    stored = stored_ends(tiny_details)

    assert len(stored["temporal"]) > 1
    assert differing(stored, ends) == []


@pytest.mark.parametrize(
    ("protocol", "figure", "end"),
    [
        ("loco", "auc", "low"),
        ("loco", "ece", "high"),
        ("loco", "log_loss", "low"),
        ("loco", "average_precision", "high"),
        ("temporal", "brier_skill", "low"),
    ],
)
def test_an_end_that_was_typed_is_found(
    protocol: str, figure: str, end: str, tiny_details: dict[str, Any], ends: Any
) -> None:
    typed = stored_ends(tiny_details)
    campaign = sorted(typed[protocol])[-1]
    typed[protocol][campaign][figure][end] += 1e-4

    [fault] = differing(typed, ends)

    assert fault.startswith(f"{protocol}.{campaign}.{figure}.{end}")
