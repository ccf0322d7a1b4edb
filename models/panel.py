"""Look-alike panel: how many honest accounts of each kind a fold's model would flag.

The accounts are scored by the model of one fold and trained on by none; the threshold is
that of the fold's training side, at the aim on controls that its boosters did not see.
"""

from statistics import NormalDist
from typing import Any

import polars as pl

from models.metrics import FPR, threshold_at_fpr


def panel_block(
    loco: pl.DataFrame, confidence: float, rate: float = FPR
) -> dict[str, Any]:
    """Rows of a block of metrics.json, one a slice, sorted.

    The block `panel` aims at FPR 1 %, `audit.panel`, which the gate reads, at its `fpr`.

    Each has n, flagged, fpr and its Wilson bounds low and high; all but n are null, with
    the reason, if too few controls of a fold were seen to set the threshold.

    Args:
        loco: scores of one model under the loco protocol: fold, part, label, slice
            (null outside the panel), logit.
        confidence: of the bounds, two-sided.
        rate: share of unseen controls that is flagged.
    """
    aims = fold_thresholds(loco, rate)
    found: dict[str, Any] = {}
    members = loco.filter(pl.col("part") == "panel").sort("slice", "account_id")
    for (name,), rows in members.group_by(["slice"], maintain_order=True):
        thresholds = [aims.get(fold) for fold in rows["fold"]]
        row: dict[str, Any] = {"n": rows.height}
        if None in thresholds:
            row |= dict.fromkeys(("flagged", "fpr", "low", "high"))
            row["reason"] = "a fold has too few controls to set the threshold"
        else:
            flagged = int((rows["logit"] > pl.Series(thresholds)).sum())
            low, high = wilson(flagged, rows.height, confidence)
            row |= {"flagged": flagged, "fpr": round(flagged / rows.height, 6)}
            row |= {"low": round(low, 6), "high": round(high, 6)}
        found[str(name)] = row
    return found


def fold_thresholds(loco: pl.DataFrame, fpr: float) -> dict[str, float | None]:
    """Threshold of each fold, as its training side would set it.

    Args:
        loco: as for `panel_block`.
        fpr: share of controls unseen by their boosters that may be flagged; null where
            there are under 3/fpr.
    """
    controls = (pl.col("part") == "inner") & (pl.col("label") == 0)
    return {
        str(fold): threshold_at_fpr(rows["logit"].to_numpy(), fpr)
        for (fold,), rows in loco.filter(controls).group_by(["fold"])
    }


def wilson(count: int, trials: int, confidence: float) -> tuple[float, float]:
    """Interval of a share, for independent trials.

    Args:
        count: of hits.
        trials: 1 or more.
        confidence: two-sided.

    Source: Wilson, Journal of the American Statistical Association 22 (1927).
    """
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    centre = count + z * z / 2
    half = z * (count * (trials - count) / trials + z * z / 4) ** 0.5
    low, high = (centre - half) / (trials + z * z), (centre + half) / (trials + z * z)
    return max(0.0, low), min(1.0, high)
