"""Upper bound for look-alikes: a model that is told the true drivers of each account.

Which behaviours an account shows stands in the truth of a simulated world, that of its
panel too. A booster trained on these alone, as ours is on features, knows all that
features could tell of them and makes no error of measurement. What it takes for a
network, no model that learns from the same accounts can surely tell from one. The panel
is trained on by neither.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import lightgbm as lgb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.metrics import threshold_at_fpr
from models.panel import panel_block
from models.training import Recipe, balanced_weights
from pipeline.evaluate import load_campaigns, load_scored
from pipeline.params import Params
from pipeline.proofs.seeds import Figures, unseen

Floats = NDArray[np.float64]

# The only driver that an account cannot show alone.
TOGETHER: Final = "coordination"


@dataclass(frozen=True)
class Slice:
    """A kind of look-alike.

    Attributes:
        drivers: what its accounts show.
        shared: share of the takedown accounts that show all of it.
        at_rate: share that the oracle flags at the operating point of the audit; null
            where there are too few controls.
        at_recall: share that it flags at a line that finds `recall` of each fold's
            takedown accounts and no more than must be.
        ours: share that the stored model flags at the operating point; null where
            there are too few controls.
    """

    drivers: tuple[str, ...]
    shared: float
    at_rate: float | None
    at_recall: float
    ours: float | None


@dataclass(frozen=True)
class Oracle:
    """What a booster finds that is told these drivers, and whom it flags."""

    figures: Figures
    slices: dict[str, Slice]


def ask_oracle(
    folder: Path, params: Params, drivers: Sequence[str], say: Callable[[str], None]
) -> Oracle:
    """Figures of campaigns left out, and the look-alikes flagged.

    Args:
        folder: a simulated world's truth, labelled, folds and calibrated.
        params: of training and evaluation; the least recall of the gates of this world
            is that of the second line.
        drivers: columns that the booster is given.
        say: told one line a fold.
    """
    rules, rate = params.evaluate.rules(), params.evaluate.audits.panel_rate
    recall = params.evaluate.gates.of(folder.name).recall_mean
    labels = pl.read_parquet(folder / "labelled" / "labels.parquet")
    shown = _shown(folder).join(labels, on="account_id")
    members = pl.read_parquet(folder / "folds" / "folds.parquet").filter(
        pl.col("protocol") == "loco"
    )
    judged = []
    for (fold,), rows in members.group_by(["fold"], maintain_order=True):
        table = rows.select("account_id", "side").join(shown, on="account_id")
        train = table.filter(pl.col("side") == "train").sort("account_id")
        scores = _learn(train, drivers, params.train.recipe())
        ordinary = threshold_at_fpr(scores(train.filter(pl.col("label") == 0)), rate)
        own = scores(table.filter((pl.col("side") == "test") & (pl.col("label") == 1)))
        found = float(np.quantile(own, 1 - recall, method="lower"))
        kept = table.filter(pl.col("side") != "train").with_columns(
            pl.lit(fold).alias("fold"), pl.col("side").alias("part")
        )
        logits = scores(kept)
        judged.append(
            kept.with_columns(
                logit=logits,
                anchor=pl.lit(0.5),
                at_rate=pl.lit(None, pl.Boolean)
                if ordinary is None
                else pl.Series(logits > ordinary),
                at_recall=logits >= found,
            )
        )
        say(f"{fold}: told {', '.join(drivers)}")
    scored = pl.concat(judged).with_columns(
        pl.lit("telltale").alias("model"), pl.lit("loco").alias("protocol")
    )
    own_model = load_scored(folder / "calibrated", folder / "labelled").filter(
        (pl.col("model") == "telltale") & (pl.col("protocol") == "loco")
    )
    ours = panel_block(own_model, rules.confidence, rate)
    positives = shown.filter(pl.col("label") == 1)["behaviours"].to_list()
    slices = {}
    for (name,), rows in (
        scored.filter(pl.col("part") == "panel")
        .sort("slice", "account_id")
        .group_by(["slice"], maintain_order=True)
    ):
        has = tuple(sorted(rows["behaviours"][0]))
        slices[str(name)] = Slice(
            has,
            float(np.mean([set(has) <= set(other) for other in positives])),
            _share(rows["at_rate"]),
            float(np.mean(rows["at_recall"].to_numpy())),
            ours[str(name)]["fpr"],
        )
    campaigns = load_campaigns(folder / "labelled")
    return Oracle(unseen(scored, campaigns, rules), slices)


def all_drivers(folder: Path) -> list[str]:
    """Every behaviour that the truth of a world speaks of, sorted."""
    return sorted(_shown(folder)["behaviours"].explode().drop_nulls().unique())


def _share(flagged: pl.Series) -> float | None:
    if flagged.null_count():
        return None
    return float(np.mean(flagged.to_numpy()))


def _shown(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(
        folder / "truth.parquet", columns=["account_id", "behaviours"]
    )


def _learn(
    train: pl.DataFrame, drivers: Sequence[str], recipe: Recipe
) -> Callable[[pl.DataFrame], Floats]:
    """Scores by a booster of our settings that reads which drivers there are."""

    def matrix(table: pl.DataFrame) -> NDArray[np.float32]:
        columns = [pl.col("behaviours").list.contains(each) for each in drivers]
        named = [each.alias(str(place)) for place, each in enumerate(columns)]
        return table.select(named).to_numpy().astype(np.float32)

    labels = train["label"].to_numpy()
    blocks = train["block"].to_numpy().astype(str)
    booster = lgb.train(
        {
            **recipe.booster,
            # A driver never speaks for an ordinary account.
            "monotone_constraints": [1] * len(drivers),
            "objective": "binary",
            "seed": recipe.seed,
            "deterministic": True,
            "force_row_wise": True,
            "verbose": -1,
        },
        lgb.Dataset(
            matrix(train),
            label=labels.astype(np.float32),
            weight=balanced_weights(labels, blocks, recipe.unit_power),
            params={"verbose": -1},
        ),
        num_boost_round=recipe.rounds,
    )

    def scores(table: pl.DataFrame) -> Floats:
        return np.asarray(booster.predict(matrix(table), raw_score=True), np.float64)

    return scores
