"""Difficulty: how hard a world is for the profile baseline, beside published takedowns.

SGBot-17 with LightGBM's defaults, both classes weighing the same in training and in the
figures, threshold .5. Published: F1 .932 within a campaign and .821 on another (Pote et
al., ICWSM 2025), .98 and .71 (Vargas et al., CCSW 2020).
"""

import argparse
from pathlib import Path
from typing import Any, Final

import lightgbm as lgb
import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from features.baselines import SGBOT_17
from models.matrix import Matrix, to_matrix
from models.nested import Data
from pipeline.stage import run_stage, say
from pipeline.train import load_data

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

THRESHOLD: Final = 0.5


def balanced_f1(labels: Flags, chances: Floats) -> float:
    """F1 at the threshold as if both classes were of the same size.

    Args:
        labels: both classes present.
        chances: probabilities of a model to which both weighed the same.
    """
    flagged = chances >= THRESHOLD
    recall, false = flagged[labels].mean(), flagged[~labels].mean()
    return float(2 * recall / (1 + recall + false))


def default_scores(train: Matrix, labels: Flags, test: Matrix, seed: int) -> Floats:
    """Probabilities of LightGBM's defaults, both classes weighing the same."""
    weights = np.where(labels, (~labels).sum() / labels.sum(), 1.0)
    params: dict[str, Any] = {"objective": "binary", "seed": seed, "verbose": -1}
    params |= {"deterministic": True, "force_row_wise": True}
    dataset = lgb.Dataset(train, label=labels, weight=weights, params={"verbose": -1})
    booster = lgb.train(params, dataset, num_boost_round=100)
    return np.asarray(booster.predict(test), dtype=np.float64)


def difficulty(
    data: Data, labels: pl.DataFrame, folds: pl.DataFrame, seed: int
) -> pl.DataFrame:
    """AUC and F1 of each campaign against the controls of its operator.

    Columns: campaign, auc_random, f1_random, auc_loco, f1_loco; sorted.

    Args:
        data: values of all accounts.
        labels: canonical labels of the same accounts.
        folds: those of split; an account is judged by the fold that tests it.
        seed: of the boosters.
    """
    chances = {
        protocol: _unseen(data, folds.filter(pl.col("protocol") == protocol), seed)
        for protocol in ("random", "loco")
    }
    rows = []
    placed = labels.sort("account_id")
    control = ((placed["label"] == 0) & placed["slice"].is_null()).to_numpy()
    for campaign in sorted(placed["campaign"].drop_nulls().unique()):
        inside = (placed["campaign"] == campaign).fill_null(False).to_numpy()
        block = placed.filter(inside)["block"][0]
        judged = inside | (control & (placed["block"] == block).to_numpy())
        row: dict[str, Any] = {"campaign": campaign}
        for protocol, values in chances.items():
            truth, scores = inside[judged], values[judged]
            row[f"auc_{protocol}"] = float(roc_auc_score(truth, scores))
            row[f"f1_{protocol}"] = balanced_f1(truth, scores)
        rows.append(row)
    return pl.DataFrame(rows)


def _unseen(data: Data, folds: pl.DataFrame, seed: int) -> Floats:
    """Probability of each account by the fold that tests it; NaN for the panel."""
    found = np.full(len(data.ids), np.nan)
    for (protocol, fold), members in folds.sort("fold", "account_id").group_by(
        ["protocol", "fold"], maintain_order=True
    ):
        matrix = to_matrix(data.values(f"{protocol}-without-{fold}"), SGBOT_17)
        train, test = (
            data.rows(members.filter(pl.col("side") == side)["account_id"].to_list())
            for side in ("train", "test")
        )
        known = data.labels[train] == 1
        found[test] = default_scores(matrix[train], known, matrix[test], seed)
    return found


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--world", default="demo", help="a world that was made")
    parser.add_argument("--folder", type=Path, help="of its tables; data/<world>")
    args = parser.parse_args()
    folder = args.folder or Path("data") / args.world
    labels = pl.read_parquet(folder / "labelled" / "labels.parquet")
    folds = pl.read_parquet(folder / "folds" / "folds.parquet")
    found = difficulty(load_data(folder / "features", labels), labels, folds, seed=0)
    say("campaign          random AUC, F1   unseen operator AUC, F1")
    means = found.select(
        pl.lit("mean").alias("campaign"), pl.exclude("campaign").mean()
    )
    for row in pl.concat([found, means]).iter_rows(named=True):
        name = row.pop("campaign")
        say(f"{name:<18}" + "   ".join(f"{value:.3f}" for value in row.values()))
    lost = means["f1_random"].item() - means["f1_loco"].item()
    worst = min(found["f1_loco"].to_list())
    say(f"mean loss of F1 {lost:.3f}; worst unseen F1 {worst:.3f}")


if __name__ == "__main__":
    run_stage(main)
