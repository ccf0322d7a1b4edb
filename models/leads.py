"""The lead on each fold's strongest baseline: what a better model is worth there."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from models.evaluation import rounded


def lead_on_strongest(
    ours: Mapping[str, Any], baselines: Mapping[str, Mapping[str, Any]], figure: str
) -> dict[str, Any]:
    """Mean over folds of our figure minus that of the fold's strongest baseline.

    A fold's figure is the mean over its headline campaigns; a baseline takes part in a
    fold if it has the figure for each of them.

    Args:
        ours: block of the protocol.
        baselines: name -> block of the same protocol.
        figure: of both; higher is better.

    Returns:
        mean (null without a fold), and `folds`: fold -> ours, strongest (its name),
        theirs and lead.
    """
    campaigns: dict[str, list[str]] = {}
    for name, row in ours["campaigns"].items():
        if row["in_headline"] and row[figure] is not None:
            campaigns.setdefault(row["fold"], []).append(name)
    folds: dict[str, dict[str, Any]] = {}
    for fold, names in sorted(campaigns.items()):
        theirs = {
            baseline: value
            for baseline, block in baselines.items()
            if (value := _mean(block.get("campaigns", {}), names, figure)) is not None
        }
        mine = _mean(ours["campaigns"], names, figure)
        if mine is None or not theirs:
            continue
        best = max(theirs, key=lambda baseline: theirs[baseline])
        folds[fold] = {
            "ours": rounded(mine),
            "strongest": best,
            "theirs": rounded(theirs[best]),
            "lead": rounded(mine - theirs[best]),
        }
    leads = [row["lead"] for row in folds.values()]
    return {"mean": rounded(float(np.mean(leads))) if leads else None, "folds": folds}


def _mean(
    campaigns: Mapping[str, Mapping[str, Any]], names: list[str], figure: str
) -> float | None:
    values = [campaigns.get(name, {}).get(figure) for name in names]
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if len(known) == len(names) else None
