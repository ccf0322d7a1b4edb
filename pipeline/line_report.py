"""metrics.json: what each operating point did on campaigns left out."""

from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.bundle import Bundle
from models.evaluation import Rules, rounded
from models.panel import wilson
from models.thresholds import LEAST_FLAGGED, Aim, Point, Rates, rates, solve

# Of a share of controls, in floating point.
_SMALLEST: Final = 1e-9


def operating_points(
    loco: pl.DataFrame,
    counted: pl.DataFrame,
    sets: dict[str, pl.DataFrame],
    bundle: Bundle,
    rules: Rules,
) -> dict[str, Any]:
    """Each aim: what a fold's own threshold did on the campaigns that it left out.

    Args:
        loco: scores under the leave-one-out protocol, inner ones too.
        counted: those of accounts left out that the headline is made of.
        sets: campaign -> its accounts left out, with all controls of its fold.
        bundle: its aims, and the points of the final model.
        rules: confidence of the bounds.
    """
    folds: dict[str, Rates] = {}
    for (fold,), rows in loco.filter(
        (pl.col("part") == "inner") & (pl.col("fold") != "all")
    ).group_by(["fold"]):
        rows = rows.sort("unit", "account_id")
        folds[str(fold)] = rates(
            rows["logit"].to_numpy(),
            rows["label"].to_numpy(),
            rows["unit"].to_numpy().astype(str),
        )
    blocks = {}
    for name, stated in bundle.description["thresholds"].items():
        aim = Aim(**{k: v for k, v in stated.items() if k in Aim.__annotations__})
        prevalence = aim.prevalence or bundle.default_prevalence
        points = {fold: solve(aim, found) for fold, found in sorted(folds.items())}
        rows_of: dict[str, Any] = {}
        for campaign, some in sets.items():
            point = points[some["fold"][0]]
            if point.logit is None:
                rows_of[campaign] = _unsolved(point.reason)
                continue
            above = (some["logit"] > point.logit).to_numpy()
            labels = some["label"].to_numpy()
            row = _realised(above, labels, prevalence, rules.confidence)
            if (
                aim.max_fpr
                and row["controls"] < LEAST_FLAGGED / aim.max_fpr - _SMALLEST
            ):
                # Recall needs no controls; the rate that it costs does.
                row |= dict.fromkeys(("fpr", "fpr_low", "fpr_high", "precision", "npv"))
                row["reason"] = (
                    f"{row['controls']} controls do not tell an FPR of {aim.max_fpr:g}"
                )
            rows_of[campaign] = row
        final = {k: rounded(stated[k]) for k in ("logit", "fpr", "recall")}
        blocks[name] = {
            "aim": aim.words(),
            "prevalence": prevalence,
            "final": final | ({"reason": stated["reason"]} if stated["reason"] else {}),
            "pooled": _pooled(counted, points, prevalence, rules.confidence),
            "campaigns": rows_of,
        }
    return blocks


def _pooled(
    counted: pl.DataFrame,
    points: dict[str, Point],
    prevalence: float,
    confidence: float,
) -> dict[str, Any]:
    """All folds together, each account against the threshold of its own fold."""
    labels = counted["label"].to_numpy()
    if len(set(labels)) < 2:
        return _unsolved("no headline campaign with controls")
    own = {fold: points[fold] for fold in sorted(set(counted["fold"]))}
    logits = {fold: point.logit for fold, point in own.items()}
    if None in logits.values():
        reasons = {point.reason for point in own.values() if point.reason}
        return _unsolved("; ".join(sorted(reasons)))
    cuts = counted["fold"].replace_strict(logits, return_dtype=pl.Float64)
    return _realised(
        (counted["logit"] > cuts).to_numpy(), labels, prevalence, confidence
    )


def _unsolved(reason: str | None) -> dict[str, Any]:
    names = ("recall", "fpr", "fpr_low", "fpr_high", "precision", "npv")
    return {**dict.fromkeys(names), "reason": reason}


def _realised(
    above: NDArray[np.bool_],
    labels: NDArray[np.int8],
    prevalence: float,
    confidence: float,
) -> dict[str, Any]:
    flagged, controls = int(above[labels == 0].sum()), int((labels == 0).sum())
    recall, fpr = float(above[labels == 1].mean()), flagged / controls
    low, high = wilson(flagged, controls, confidence)
    alarms = prevalence * recall + (1 - prevalence) * fpr
    passed = (1 - prevalence) * (1 - fpr)
    silent = passed + prevalence * (1 - recall)
    # Of nobody flagged in error any precision may be told.
    few = flagged < LEAST_FLAGGED
    row = {
        "recall": rounded(recall),
        "fpr": rounded(fpr),
        "fpr_low": rounded(low),
        "fpr_high": rounded(high),
        "precision": None if few else rounded(prevalence * recall / alarms),
        "npv": rounded(passed / silent) if silent else None,
        "controls": controls,
    }
    why = (
        f"{flagged} of {controls:,} controls flagged, {LEAST_FLAGGED} tell a precision"
    )
    return row | ({"reason": why} if few else {})
