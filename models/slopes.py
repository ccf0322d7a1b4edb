"""Slopes: whether logits of unseen campaigns are as far apart as they claim to be."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from models.calibration import fit_calibrator
from models.evaluation import Campaign
from models.metrics import to_share


def calibration_slopes(
    scored: pl.DataFrame, campaigns: Sequence[Campaign], least: int
) -> dict[str, Any]:
    """Slope and intercept of labels on logits: pooled over the headline, and of each.

    Ideal are 1 and 0; a slope below 1 says that scores are surer than they may be.
    Each campaign is judged with its fold's controls at their own share, and all weigh
    the same.

    Args:
        scored: test rows of one model and protocol: fold, label, campaign, logit,
            anchor.
        campaigns: of this world.
        least: campaigns with fewer accounts are left out.

    Source: Cox, Biometrika 45 (1958).
    """
    by_campaign: dict[str, Any] = {}
    pooled = []
    for campaign in campaigns:
        positives = scored.filter(
            (pl.col("campaign") == campaign.name) & (pl.col("label") == 1)
        )
        controls = scored.filter(
            (pl.col("label") == 0) & pl.col("fold").is_in(positives["fold"].implode())
        )
        if positives.height < least or not controls.height:
            continue
        rows = pl.concat([positives, controls])
        labels = rows["label"].to_numpy()
        anchors = rows["anchor"].to_numpy()
        logits = to_share(rows["logit"].to_numpy(), anchors, labels)
        weights = np.full(len(labels), 1 / len(labels))
        line = fit_calibrator(logits, labels, weights, 0.0)
        by_campaign[campaign.name] = {
            "slope": round(line.slope, 6),
            "intercept": round(line.intercept, 6),
        }
        if campaign.in_headline:
            pooled.append((logits, labels, weights))
    if not pooled:
        reason = f"no headline campaign has {least} accounts and controls"
        return {"pooled_slope": None, "reason": reason, "campaigns": by_campaign}
    logits, labels, weights = (
        np.concatenate([part[side] for part in pooled]) for side in range(3)
    )
    joint = fit_calibrator(logits, labels, weights, 0.0)
    return {"pooled_slope": round(joint.slope, 6), "campaigns": by_campaign}
