"""Figures of the evaluation report that follow from the stored scores alone."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import polars as pl

from features.catalogue import FEATURES
from models.account_intervals import campaign_figures, campaign_intervals
from models.alerts import Confusion, above, operating_point
from models.calibrator import logit, sigmoid
from models.curves import against_controls
from models.evaluation import Campaign, headline_rows, rounded
from models.language import UNKNOWN
from models.metrics import FPR, partial_auc_at_fpr, reliability, threshold_at_fpr
from models.panel import fold_thresholds
from models.selective import STEPS, risk_curve
from models.slices import (
    OTHERS,
    evidence_state,
    flagged_point,
    pool_small,
    posts_band,
    slice_rows,
)
from pipeline.evaluate import EvaluateParams
from pipeline.languages import languages
from pipeline.report import PROTOCOLS, protocol_rows

RATES: Final = (FPR, FPR / 10)
SLICES: Final = ("role", "language", "posts", "evidence", "source")
# Those of fitted tables are made for each fold and stored nowhere.
_STORED: Final = [f for f in FEATURES if f.tier == "S"]
# Families and groups that show what is known of an account; a name alone is nothing.
_SHOWN_BY: Final = {
    "profile": [f.name for f in _STORED if f.group in ("profile", "audience")],
    "times": [f.name for f in _STORED if f.family == "timing"],
    "clients": [f.name for f in _STORED if f.group == "client"],
}


def facts(
    scored: pl.DataFrame,
    known: pl.DataFrame,
    campaigns: Sequence[Campaign],
    disclosed: dict[str, str | None],
    params: EvaluateParams,
) -> dict[str, Any]:
    """Blocks of report.json: campaigns, forward, operating points, slices, risk.

    Args:
        scored: calibrated scores of all models and protocols, with labels.
        known: from `what_is_known`.
        campaigns: of this world.
        disclosed: campaign -> day of disclosure; null where not known.
        params: draws, confidence, seed.
    """
    own = scored.filter(pl.col("model") == "telltale").sort("fold", "account_id")
    sides = {
        protocol: own.filter(protocol=protocol, part="test")
        for protocol in ("loco", "temporal")
    }
    rows = {
        protocol: {
            c.name: row
            for c in campaigns
            if (row := _campaign(rows, c, params)) is not None
        }
        for protocol, rows in sides.items()
    }
    counted = headline_rows(sides["loco"], campaigns)
    judged = _flagged(counted, own.filter(protocol="loco"))
    for name, row in rows["loco"].items():
        row["point"] = _campaign_point(judged, name, row, params.confidence)
    return {
        "campaigns": rows["loco"],
        "forward": [
            {"campaign": name, "disclosed_at": disclosed[name]}
            | {p: rows[p][name] for p in rows if name in rows[p]}
            for name in sorted(rows["loco"], key=lambda n: (disclosed[n] or "", n))
            if disclosed[name] and rows["loco"][name]["in_headline"]
        ],
        "operating_points": _operating_points(judged, params.confidence),
        "slices": _slices(judged.join(known, on="account_id"), params.confidence),
        "selective_risk": _selective_risk(own, campaigns),
    }


def what_is_known(canonical: Path, features: Path, labels: Path) -> pl.DataFrame:
    """What every labelled account is sliced by: account_id and a column a slice.

    As the model saw it, except for the language: see pipeline.languages.
    """
    values = pl.read_parquet(features / "features.parquet")
    around = pl.read_parquet(features / "population.parquet")
    shown = values.select(
        "account_id",
        (pl.col("n_posts") > 0).alias("has posts"),
        posts_band("n_posts").alias("posts"),
        *(
            pl.any_horizontal(pl.col(names).is_not_null()).alias(f"has {name}")
            for name, names in _SHOWN_BY.items()
        ),
    ).join(
        around.select(
            "account_id",
            pl.any_horizontal(pl.exclude("account_id").is_not_null()).alias(
                "has co-activity"
            ),
        ),
        on="account_id",
    )
    return (
        pl.read_parquet(labels)
        .select("account_id", "role")
        .join(shown, on="account_id")
        .join(languages(canonical), on="account_id", how="left")
        .select(
            "account_id",
            "role",
            pl.col("language").fill_null(UNKNOWN),
            "posts",
            evidence_state().alias("evidence"),
        )
        .sort("account_id")
    )


def _campaign(
    scored: pl.DataFrame, campaign: Campaign, params: EvaluateParams
) -> dict[str, Any] | None:
    judged = against_controls(scored, campaign.name)
    if judged is None:
        return None
    logits, labels = judged
    found = campaign_figures(logits, labels)
    intervals: dict[str, Any] = dict.fromkeys(found)
    # What collection and label share cannot be told apart by drawing accounts.
    if campaign.in_headline:
        intervals |= campaign_intervals(
            logits, labels, params.account_draws, params.confidence, params.seed
        )
    return {
        "n_pos": int(labels.sum()),
        "n_neg": int((1 - labels).sum()),
        "base_rate": rounded(float(labels.mean())),
        "in_headline": campaign.in_headline,
        "reason": campaign.reason,
        "figures": {
            name: {
                "value": rounded(figure.value),
                "low": None if (ends := intervals[name]) is None else rounded(ends[0]),
                "high": None if ends is None else rounded(ends[1]),
            }
            | ({} if figure.reason is None else {"reason": figure.reason})
            for name, figure in found.items()
        },
        "reliability": [
            [rounded(predicted), rounded(observed), count]
            for predicted, observed, count in reliability(sigmoid(logits), labels)
        ],
    }


def _flagged(judged: pl.DataFrame, loco: pl.DataFrame) -> pl.DataFrame:
    """Accounts with `flagged`: above the threshold that their fold's training side set."""
    aims = fold_thresholds(loco, FPR)
    threshold = pl.Series([aims.get(fold) for fold in judged["fold"]], dtype=pl.Float64)
    return judged.with_columns((pl.col("logit") > threshold).alias("flagged"))


def _campaign_point(
    judged: pl.DataFrame, name: str, row: dict[str, Any], confidence: float
) -> dict[str, Any]:
    """Of the accounts of a headline campaign and the controls of its fold."""
    if not row["in_headline"]:
        # What its controls are flagged for, its collection may be the reason for.
        return {"reason": row["reason"]}
    mine = judged.filter(campaign=name)
    controls = judged.filter(pl.col("fold") == mine["fold"][0], label=0)
    return flagged_point(pl.concat([mine, controls]), confidence)


def _operating_points(judged: pl.DataFrame, confidence: float) -> list[dict[str, Any]]:
    """Pooled over folds, all scores at one prevalence.

    The first two thresholds are set on the very controls that are counted, the third on
    controls of the training side: only that one shows what FPR an aim really gives. The
    area up to a rate needs no threshold and stands beside the first two.
    """
    labels = judged["label"].to_numpy()
    own_side = {"aim": f"FPR {FPR:.1%} as each fold's training side sets it"}
    aims = {rate: {"aim": f"FPR {rate:.1%} of the controls judged"} for rate in RATES}
    if len(set(labels)) < 2:
        nobody = {"reason": "no headline campaign with controls"}
        return [aim | nobody for aim in (*aims.values(), own_side)]
    scores = judged["logit"].to_numpy() - logit(judged["anchor"].to_numpy())
    points: list[dict[str, Any]] = []
    for rate, aim in aims.items():
        threshold = threshold_at_fpr(scores[labels == 0], rate)
        if threshold is None:
            least = round(3 / rate)
            reason = f"{int((labels == 0).sum()):,} controls, {least:,} needed"
            points.append(aim | {"reason": reason})
        else:
            counts = above(scores, labels, threshold)
            area = partial_auc_at_fpr(scores, labels, rate)
            points.append(
                aim
                | operating_point(counts, confidence)
                | {"partial_auc": rounded(area.value)}
            )
    if judged["flagged"].null_count():
        reason = "a fold has too few controls to set the threshold"
        return [*points, own_side | {"reason": reason}]
    counts = Confusion.of(judged["flagged"].to_numpy(), labels)
    return [*points, own_side | operating_point(counts, confidence)]


def _selective_risk(
    own: pl.DataFrame, campaigns: Sequence[Campaign]
) -> list[dict[str, float | None]]:
    """A row a coverage: the mean error under each protocol, null where it has none."""
    curves: dict[str, list[float | None]] = {"coverage": list(STEPS)}
    for protocol in PROTOCOLS:
        curves[protocol] = risk_curve(protocol_rows(own, protocol), campaigns)
    return [
        dict(zip(curves, row, strict=True))
        for row in zip(*curves.values(), strict=True)
    ]


def _slices(judged: pl.DataFrame, confidence: float) -> dict[str, Any]:
    judged = pool_small(judged.sort("fold", "account_id"), "language")
    found = {}
    for column in SLICES:
        counts = judged[column].drop_nulls().value_counts()
        names = counts.sort("count", column, descending=[True, False])[column].to_list()
        if column == "posts":
            names.sort(key=lambda name: int(name.rstrip("+").split("-")[0]))
        names.sort(key=lambda name: name == OTHERS)
        found[column] = slice_rows(judged, column, names, confidence)
    return found
