"""Partial AUC and error by coverage, derived again from stored predictions.

The tiny world has too few controls for the area up to FPR 1 %; so all of its accounts
stand there ten times too. The draws of operators are those of test_interval_figures.py.
"""

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from pipeline.evaluate import EvaluateParams, load_campaigns, load_scored
from pipeline.report import evaluation_report
from pipeline.report_facts import facts, what_is_known
from tests.pipeline.conftest import TinyWorld
from tests.pipeline.recomputed import differing
from tests.pipeline.test_interval_figures import summary
from tests.pipeline.test_metrics_figures import set_of
from tests.pipeline.test_report_figures import at_own_share, log_odds
from tests.pipeline.test_slice_figures import TIMES, repeated

COVERAGES = {"1": 1.0, "0.9": 0.9, "0.75": 0.75, "0.5": 0.5}
GRID = [step / 20 for step in range(1, 21)]


def area(scores: np.ndarray, labels: np.ndarray, fpr: float) -> float | None:
    """Area up to a rate over the rate, from scikit-learn's, whose chance is one half."""
    if (labels == 0).sum() < 3 / fpr:
        return None
    scaled = roc_auc_score(labels, scores, max_fpr=fpr)
    return float((2 * scaled - 1) * (1 - fpr / 2) + fpr / 2)


def error(rows: pl.DataFrame, coverage: float) -> float:
    """Wrong among the surest; equally sure ones count as their mean."""
    logits, labels = at_own_share(rows)
    wrong = pl.DataFrame(
        {"sure": np.abs(logits), "wrong": (logits > 0) != (labels == 1)}
    )
    mean = wrong.with_columns(pl.col("wrong").mean().over("sure"))
    falling = mean.sort("sure", descending=True)["wrong"].to_numpy()
    asked = coverage * len(falling)
    whole = int(asked)
    rest = (asked - whole) * falling[whole] if whole < len(falling) else 0.0
    return float((falling[:whole].sum() + rest) / asked)


def judged_sets(test: pl.DataFrame, protocol: str) -> dict[str, pl.DataFrame]:
    names = test["campaign"].drop_nulls().unique().sort()
    where = "block" if protocol == "random" else "fold"
    return {name: set_of(test, name, where) for name in names}


def worked_out(
    own: pl.DataFrame, operators: dict[str, str], params: dict[str, Any]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    curves = {}
    for protocol in ("loco", "temporal", "random"):
        test = own.filter(protocol=protocol, part="test").sort("account_id")
        sets = judged_sets(test, protocol)
        errors = {
            name: {"n_pos": rows["label"].sum()}
            | {f"error_at_coverage_{c}": error(rows, v) for c, v in COVERAGES.items()}
            for name, rows in sets.items()
        }
        risk: dict[str, Any] = {}
        for name in (f"error_at_coverage_{c}" for c in COVERAGES):
            # More is worse, as of a calibration error.
            rows = {
                n: {"ece": row[name], "n_pos": row["n_pos"]}
                for n, row in errors.items()
            }
            risk[name] = summary(rows, operators, "ece", params)
        areas = {
            name: area(rows["logit"].to_numpy(), rows["label"].to_numpy(), 0.01)
            for name, rows in sets.items()
        }
        found[protocol] = {"selective_risk": risk, "partial_auc": areas}
        curves[protocol] = [
            float(np.mean([error(rows, step) for rows in sets.values()]))
            for step in GRID
        ]
    test = own.filter(protocol="loco", part="test")
    even = test["logit"].to_numpy() - log_odds(test["anchor"].to_numpy())
    pooled = {
        str(rate): area(even, test["label"].to_numpy(), rate) for rate in (0.01, 0.001)
    }
    curve = [
        {"slice": str(step), "coverage": step}
        | {protocol: curves[protocol][place] for protocol in curves}
        for place, step in enumerate(GRID)
    ]
    return found | {"pooled": pooled, "curve": curve}


def told(metrics: dict[str, Any], details: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        protocol: {
            "selective_risk": metrics[protocol]["selective_risk"],
            "partial_auc": {
                name: row["partial_auc_at_fpr_0.01"]
                for name, row in metrics[protocol]["campaigns"].items()
            },
        }
        for protocol in ("loco", "temporal", "random")
    }
    first, second, third = details["operating_points"]
    assert "partial_auc" not in third
    pooled = {"0.01": first["partial_auc"], "0.001": second.get("partial_auc")}
    curve = [{"slice": str(r["coverage"])} | r for r in details["selective_risk"]]
    return found | {"pooled": pooled, "curve": curve}


Both = tuple[dict[str, Any], dict[str, Any]]


@pytest.fixture(scope="module", params=[1, TIMES])
def blocks(
    request: pytest.FixtureRequest, tiny_world: TinyWorld, tiny_details: dict[str, Any]
) -> Both:
    """As stored, and as worked out again."""
    world, times = tiny_world, request.param
    campaigns = load_campaigns(world.folder / "labelled")
    operators = {c.name: c.operator for c in campaigns}
    scored = load_scored(world.folder / "calibrated", world.folder / "labelled")
    many = repeated(scored, times)
    own = many.filter(model="telltale")
    expected = worked_out(own, operators, world.params["evaluate"])
    if times == 1:
        return told(world.metrics, tiny_details), expected
    params = EvaluateParams.model_validate(world.params["evaluate"])
    folder, labels = world.folder, world.folder / "labelled" / "labels.parquet"
    known = what_is_known(folder / "canonical", folder / "features", labels)
    made = facts(
        own,
        repeated(known, times),
        campaigns,
        {c.name: None for c in campaigns},
        params,
    )
    untrained = world.json("trained/not_applicable")
    metrics = evaluation_report(many, campaigns, params.rules(), {}, untrained)
    return told(metrics, made), expected


def test_every_area_and_error_follows_from_the_stored_scores(blocks: Both) -> None:
    assert differing(*blocks) == []


@pytest.mark.parametrize("blocks", [TIMES], indirect=True)
def test_with_controls_enough_every_area_is_reported(blocks: Both) -> None:
    stored, _ = blocks

    assert all(area is not None for area in stored["loco"]["partial_auc"].values())
    assert None not in stored["pooled"].values()


def test_with_every_campaign_confounded_no_point_and_no_curve_is_told(
    tiny_world: TinyWorld,
) -> None:
    folder, labels = tiny_world.folder, tiny_world.folder / "labelled"
    aside = [
        replace(campaign, in_headline=False, reason="collected otherwise")
        for campaign in load_campaigns(labels)
    ]

    found = facts(
        load_scored(folder / "calibrated", labels),
        what_is_known(
            folder / "canonical", folder / "features", labels / "labels.parquet"
        ),
        aside,
        {campaign.name: None for campaign in aside},
        EvaluateParams.model_validate(tiny_world.params["evaluate"]),
    )

    assert {point.get("reason") for point in found["operating_points"]} == {
        "no headline campaign with controls"
    }
    assert {row["loco"] for row in found["selective_risk"]} == {None}


def test_a_number_that_was_typed_is_found(blocks: Both) -> None:
    stored, expected = blocks
    typed = copy.deepcopy(stored)
    typed["loco"]["selective_risk"]["error_at_coverage_0.9"]["worst"] += 1e-4
    typed["random"]["selective_risk"]["error_at_coverage_1"]["ci_low"] += 1e-4
    typed["curve"][4]["temporal"] += 1e-4

    assert [fault.split(": ")[0] for fault in differing(typed, expected)] == [
        "loco.selective_risk.error_at_coverage_0.9.worst",
        "random.selective_risk.error_at_coverage_1.ci_low",
        "curve.0.25.temporal",
    ]


@pytest.mark.parametrize("blocks", [TIMES], indirect=True)
def test_a_typed_area_is_found(blocks: Both) -> None:
    stored, expected = blocks
    typed = copy.deepcopy(stored)
    typed["temporal"]["partial_auc"]["gavel"] += 1e-4
    typed["pooled"]["0.001"] += 1e-4

    assert len(differing(typed, expected)) == 2
