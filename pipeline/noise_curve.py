"""Curve over label noise: what wrong labels cost in training, and hide in judging."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import polars as pl

from models.evaluation import rounded
from models.metrics import Labels
from models.nested import Data, train_sets
from models.noise import flipped, measured_auc
from models.slices import auc_within_folds
from models.training import Recipe, raw_scores
from models.training_sets import TrainingSet, set_key

# The share that the gate is about.
GATED: Final = 0.1
SHARES: Final = (0.05, GATED, 0.2)


def label_noise(
    judged: pl.DataFrame,
    data: Data,
    folds: Sequence[str],
    sets: Mapping[str, TrainingSet],
    trees: Mapping[str, int],
    recipe: Recipe,
) -> dict[str, Any]:
    """Block `label_noise` of metrics.json; for the arguments see `noise_curve`.

    Returns:
        share: GATED; auc_loss: how far AUC on right labels falls where so many labels
        trained on are wrong, null with the reason without a fold; curve.
    """
    curve = noise_curve(judged, data, folds, sets, trees, recipe, SHARES)
    aucs = {row["share"]: row["auc"] for row in curve}
    found: dict[str, Any] = {"share": GATED, "auc_loss": None}
    if None in (aucs[0.0], aucs[GATED]):
        found["reason"] = "no fold is trained again (evaluate.noise_folds)"
    else:
        found["auc_loss"] = rounded(aucs[0.0] - aucs[GATED])
    return found | {"curve": curve}


def noise_curve(
    judged: pl.DataFrame,
    data: Data,
    folds: Sequence[str],
    sets: Mapping[str, TrainingSet],
    trees: Mapping[str, int],
    recipe: Recipe,
    shares: Sequence[float],
) -> list[dict[str, Any]]:
    """A row a share of wrong labels, the first without any.

    Each row has share; folds: those trained again; auc: of the accounts that these
    folds leave out, with right labels, after training on wrong ones (null without a
    fold); measured: what that same AUC of right labels would seem to be if the labels
    it is judged on were as wrong; flawless: the same of a model without fault.

    Args:
        judged: unseen accounts: account_id, fold, label, raw_score.
        data: accounts with their features and labels.
        folds: to be trained again.
        sets: training set key -> its accounts.
        trees: `loco/<fold>` -> number of trees of the fold's model.
        recipe: how boosters are trained.
        shares: of wrong labels, above 0.
    """
    # Boosters are compared, and not what is made of their scores.
    judged = judged.with_columns(logit=pl.col("raw_score"))
    tested = judged.filter(pl.col("fold").is_in(list(folds)))
    clean = auc_within_folds(tested if folds else judged)
    rows = []
    for share in (0.0, *shares):
        auc = clean if share == 0 else None
        if share and folds:
            noisy = replace(data, labels=flipped(data.labels, data.ids, share))
            auc = auc_within_folds(
                pl.concat(
                    _again(noisy, fold, sets, trees[f"loco/{fold}"], recipe, tested)
                    for fold in folds
                )
            )
        counts = _counts(
            tested["label"].to_numpy() if folds else judged["label"].to_numpy()
        )
        seen = None if clean is None else measured_auc(clean, *counts, share)
        rows.append(
            {
                "share": share,
                "folds": list(folds),
                "auc": auc,
                "measured": None if seen is None else round(seen, 6),
                "flawless": round(measured_auc(1.0, *counts, share), 6),
            }
        )
    return rows


def _counts(labels: Labels) -> tuple[int, int]:
    return int(labels.sum()), int((1 - labels).sum())


def _again(
    noisy: Data,
    fold: str,
    sets: Mapping[str, TrainingSet],
    trees: int,
    recipe: Recipe,
    tested: pl.DataFrame,
) -> pl.DataFrame:
    """Accounts that a fold leaves out, scored by its model trained on wrong labels."""
    key = set_key("loco", fold, None)
    # The first trees do not depend on those that follow.
    [trained] = train_sets(noisy, [sets[key]], replace(recipe, rounds=trees))
    members = tested.filter(fold=fold)
    matrix = noisy.matrix(key)[noisy.rows(members["account_id"].to_list())]
    logits = raw_scores(trained.booster, matrix, trees)
    return members.with_columns(pl.Series("logit", logits))


def worst_folds(campaigns: Mapping[str, Any], most: int) -> list[str]:
    """Folds of the worst headline campaigns by AUC, at most that many.

    Args:
        campaigns: block `loco.campaigns` of metrics.json.
        most: folds wanted.
    """
    ranked = sorted(
        (row["auc"], name, row["fold"])
        for name, row in campaigns.items()
        if row["in_headline"] and row["auc"] is not None
    )
    return list(dict.fromkeys(fold for _, _, fold in ranked))[:most]
