"""Hidden positives among the controls of each operator, from what train left."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import lightgbm as lgb
import polars as pl

from models.evaluation import Rules
from models.hidden_positives import (
    LEAST,
    Reference,
    Share,
    hidden_share,
    one_role_bounds,
)
from models.nested import Data
from models.training import raw_scores
from models.training_sets import set_key
from pipeline.files import read_json

ALL = "all"
_SCORED = {"account_id": pl.String, "raw_score": pl.Float64}


@dataclass(frozen=True)
class Trained:
    """Boosters of the loco folds.

    booster: training set key -> booster.
    trees: to predict with, the final model's number.
    """

    booster: Callable[[str], lgb.Booster]
    trees: int


def load_trained(trained: Path) -> Trained:
    """Boosters as train wrote them."""
    return Trained(
        lambda key: lgb.Booster(model_file=trained / "boosters" / f"{key}.txt"),
        read_json(trained / "trees.json")["loco/all"],
    )


def hidden_report(
    scored: pl.DataFrame, data: Data, trained: Trained, rules: Rules
) -> dict[str, Any]:
    """Share of controls that are hidden positives, under two different assumptions.

    `at_random`: estimate with interval, for all operators together and for each, if
    labels miss at random; from the random protocol, whose boosters know the campaign.
    A hidden positive passed for a control when values were taken from one class to make
    both miss as many. It scores like a labelled one only if nothing was.
    `one_role`: bounds for each operator, if what was not disclosed is another role than
    what was; from boosters that know neither this operator nor the one it is compared
    with.

    Args:
        scored: scores of all models and protocols; says which accounts each fold of the
            random protocol was tested on.
        data: accounts with their features, as seen.
        trained: boosters.
        rules: draws, confidence and seed.
    """
    random = _scored_as_seen(
        scored.filter(
            (pl.col("model") == "telltale")
            & (pl.col("protocol") == "random")
            & (pl.col("part") == "test")
        ),
        data,
        trained,
    )
    blocks = sorted(set(data.blocks.tolist()))
    return {
        "at_random": {
            name: _entry(_at_random(random, name, rules)) for name in (ALL, *blocks)
        },
        "one_role": {
            name: _entry(one_role_bounds(references, rules.confidence))
            for name, references in _references(data, trained, blocks).items()
        },
    }


def _scored_as_seen(tested: pl.DataFrame, data: Data, trained: Trained) -> pl.DataFrame:
    """Accounts that folds were tested on: block, label and raw score, by account_id."""
    scored = [
        pl.DataFrame({"account_id": [], "raw_score": []}, _SCORED),
    ]
    for (fold,), own in tested.group_by("fold"):
        key = set_key("random", str(fold), None)
        ids = own["account_id"].to_list()
        rows = data.matrix(key)[data.rows(ids)]
        scores = raw_scores(trained.booster(key), rows, trained.trees)
        scored.append(pl.DataFrame({"account_id": ids, "raw_score": scores}, _SCORED))
    return (
        tested.select("account_id", "block", "label")
        .join(pl.concat(scored), on="account_id")
        .sort("account_id")
    )


def _entry(share: Share | None) -> dict[str, Any]:
    if share is None:
        empty = {"share": None, "low": None, "high": None}
        return empty | {"reason": f"fewer than {LEAST} accounts of a class are scored"}
    return share.to_dict()


def _at_random(rows: pl.DataFrame, block: str, rules: Rules) -> Share | None:
    if block != ALL:
        rows = rows.filter(pl.col("block") == block)
    positives, controls = (
        rows.filter(label=label)["raw_score"].to_numpy() for label in (1, 0)
    )
    return hidden_share(positives, controls, rules.draws, rules.confidence, rules.seed)


def _references(
    data: Data, trained: Trained, blocks: list[str]
) -> dict[str, dict[str, tuple[Any, Reference]]]:
    """Operator -> every other -> controls of the one, both classes of the other.

    One booster scores both, because scores of different boosters cannot be compared.
    """
    found: dict[str, dict[str, tuple[Any, Reference]]] = {name: {} for name in blocks}
    for pair in combinations(blocks, 2):
        key = set_key("loco", *pair)
        booster, matrix = trained.booster(key), data.matrix(key)
        sides = [
            Reference(
                *(
                    raw_scores(
                        booster,
                        matrix[(data.blocks == name) & (data.labels == label)],
                        trained.trees,
                    )
                    for label in (1, 0)
                )
            )
            for name in pair
        ]
        for place, name in enumerate(pair):
            found[name][pair[1 - place]] = (sides[place].controls, sides[1 - place])
    return found
