"""What a recipe is worth: how well it finds operators left out, and what it costs.

The value of a recipe is the mean less the spread, over operators left out in turn, of
average precision: a recipe that is splendid on one network and poor on the next is not
what the next takedown needs.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from statistics import fmean, pstdev
from typing import Any

import numpy as np
import polars as pl
from sklearn.metrics import average_precision_score

from models.nested import Data, score_fold, train_sets
from models.training import Floats, Labels, Recipe, TreeChoice, balanced_weights
from models.training_sets import TrainingSet, set_key


@dataclass(frozen=True)
class Judgement:
    """What a recipe is worth on operators that its boosters did not see.

    Attributes:
        by_operator: average precision of each operator left out, classes weighing
            alike, so that 0.5 is chance whatever the archive's mix.
        trees: number chosen on the same operators.
        cost: of an explanation, see `explanation_cost`.
    """

    by_operator: dict[str, float]
    trees: int
    cost: float

    @property
    def value(self) -> float:
        """Mean less standard deviation over operators, the latter 0 for one."""
        found = list(self.by_operator.values())
        return fmean(found) - pstdev(found)


def judge(
    data: Data,
    sets: Collection[TrainingSet],
    fold: str | None,
    members: pl.DataFrame,
    recipe: Recipe,
    choice: TreeChoice,
    judged_by: Collection[str],
) -> Judgement:
    """Judgement of a recipe by the training side of a loco fold alone.

    Args:
        data: accounts with their features.
        sets: training sets; only those of this fold without one unit are trained.
        fold: name; null for the final model, whose training side is everyone.
        members: account_id, side, unit of the fold; its test side is not looked at.
        recipe: to be judged.
        choice: where the best number of trees is looked for.
        judged_by: operators that count; others are trained on and left out as well,
            but say nothing (one class only, or confounded with its collection).
    """
    train = members.filter(pl.col("side") == "train")
    keys = {set_key("loco", fold, unit) for unit in train["unit"].unique()}
    wanted = [training for training in sets if training.key in keys]
    boosters = {one.key: one.booster for one in train_sets(data, wanted, recipe)}
    scored = score_fold(data, boosters.__getitem__, "loco", fold, train, choice)
    by_operator = {}
    for (unit,), rows in scored.rows.sort("unit").group_by(
        ["unit"], maintain_order=True
    ):
        if unit in judged_by:
            labels = data.labels[data.rows(rows["account_id"].to_list())]
            scores = rows["raw_score"].to_numpy()
            by_operator[str(unit)] = balanced_precision(scores, labels)
    return Judgement(
        by_operator, scored.trees, explanation_cost(scored.trees, recipe.booster)
    )


def balanced_precision(scores: Floats, labels: Labels) -> float:
    """Average precision with both classes weighing the same; chance is 0.5."""
    weights = balanced_weights(labels, np.zeros(len(labels)), 1.0)
    return float(average_precision_score(labels, scores, sample_weight=weights))


def explanation_cost(trees: int, booster: Mapping[str, Any]) -> float:
    """Steps of exact TreeSHAP for an account: trees x leaves x depth squared.

    Leaves and depth as far as each lets the other go, so an upper bound.

    Source: Lundberg et al. 2020, "From local explanations to global understanding with
    explainable AI for trees", algorithm 2.
    """
    leaves = min(booster["num_leaves"], 2 ** booster["max_depth"])
    depth = min(booster["max_depth"], leaves - 1)
    return float(trees * leaves * depth**2)
