"""Points of the plots: curves a campaign, reliability, importance, histogram."""

from collections.abc import Sequence
from typing import Final

import lightgbm as lgb
import numpy as np
import polars as pl
from sklearn.metrics import precision_recall_curve, roc_curve

from features.catalogue import FEATURES
from models.calibrator import logit, sigmoid
from models.metrics import Floats, Labels, reliability, to_share

# Points kept of a curve: enough for the eye, small enough to be committed.
_POINTS: Final = 101
_BINS: Final = 20


def _thin(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """At most _POINTS points, evenly spread along the curve, both ends kept."""
    picked = np.unique(np.linspace(0, len(x) - 1, _POINTS).round().astype(int))
    return x[picked], y[picked]


def campaign_curves(
    scored: pl.DataFrame, names: Sequence[str]
) -> dict[str, pl.DataFrame]:
    """ROC, precision-recall and reliability of each campaign against its controls.

    Args:
        scored: account_id, fold, label, campaign, logit, anchor of the loco test sides.
        names: campaigns, in the order of the legend.
    """
    roc, precision_recall, bins = [], [], []
    for name in names:
        judged = against_controls(scored, name)
        if judged is None:
            continue
        logits, labels = judged
        false_rate, true_rate, _ = roc_curve(labels, logits, drop_intermediate=False)
        x, y = _thin(false_rate, true_rate)
        roc.append(pl.DataFrame({"campaign": name, "fpr": x, "tpr": y}))
        precision, recall, _ = precision_recall_curve(labels, logits)
        x, y = _thin(recall[::-1], precision[::-1])
        precision_recall.append(
            pl.DataFrame({"campaign": name, "recall": x, "precision": y})
        )
        points = reliability(sigmoid(logits), labels)
        bins.append(
            pl.DataFrame(
                points, schema=["predicted", "observed", "count"], orient="row"
            ).select(pl.lit(name).alias("campaign"), pl.all())
        )
    return {
        "roc": _rounded(roc, ["fpr", "tpr"]),
        "precision_recall": _rounded(precision_recall, ["recall", "precision"]),
        "reliability": _rounded(bins, ["predicted", "observed", "count"]),
    }


def against_controls(scored: pl.DataFrame, name: str) -> tuple[Floats, Labels] | None:
    """Logits and labels of a campaign and all controls of its fold.

    Args:
        scored: as for `campaign_curves`.
        name: of the campaign.

    Returns:
        Logits at this set's own share of positives; null without one of the classes.
    """
    positives = scored.filter((pl.col("campaign") == name) & (pl.col("label") == 1))
    if not positives.height:
        return None
    controls = scored.filter(
        (pl.col("fold") == positives["fold"][0]) & (pl.col("label") == 0)
    )
    if not controls.height:
        return None
    judged = pl.concat([positives, controls])
    labels = judged["label"].to_numpy()
    anchors = judged["anchor"].to_numpy()
    return to_share(judged["logit"].to_numpy(), anchors, labels), labels


def read_by(booster: lgb.Booster) -> list[str]:
    """Names of the features that any tree splits on, in column order."""
    splits = booster.feature_importance("split")
    return [f.name for f, n in zip(FEATURES, splits, strict=True) if n]


def importance(booster: lgb.Booster) -> pl.DataFrame:
    """Share of the booster's gain that each feature brings: feature, family, importance."""
    gain = booster.feature_importance("gain")
    total = max(float(gain.sum()), 1e-12)
    return (
        pl.DataFrame(
            {
                "feature": [f.name for f in FEATURES],
                "family": [f.family for f in FEATURES],
                "importance": gain / total,
            }
        )
        .with_columns(pl.col("importance").round(6))
        .sort("importance", "feature", descending=[True, False])
    )


def score_histogram(scored: pl.DataFrame, prevalence: float) -> pl.DataFrame:
    """Share of each class in each bin of the score: class, bin, share.

    Args:
        scored: label, logit and anchor of all loco test rows.
        prevalence: at which the scores are shown.
    """
    edges = np.linspace(0, 1, _BINS + 1)
    parts = []
    for label, name in ((1, "takedown accounts"), (0, "controls")):
        rows = scored.filter(pl.col("label") == label)
        shifts = logit(prevalence) - logit(rows["anchor"].to_numpy())
        counts, _ = np.histogram(sigmoid(rows["logit"].to_numpy() + shifts), edges)
        parts.append(
            pl.DataFrame(
                {
                    "class": name,
                    "bin": edges[:-1].round(2),
                    "share": (counts / max(counts.sum(), 1)).round(6),
                }
            )
        )
    return pl.concat(parts)


def _rounded(parts: list[pl.DataFrame], numbers: list[str]) -> pl.DataFrame:
    if not parts:
        return pl.DataFrame(
            schema={"campaign": pl.String} | dict.fromkeys(numbers, pl.Float64)
        )
    return pl.concat(parts).with_columns(pl.selectors.float().round(6))
