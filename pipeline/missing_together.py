"""What gaps lend to the models of the loco folds, from what train left."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import lightgbm as lgb
import polars as pl

from models.evaluation import Rules
from models.missing_together import Gaps, gaps_of_fold, together_block
from models.nested import Data
from models.training import raw_scores
from models.training_sets import set_key


def missing_together(
    tested: pl.DataFrame,
    data: Data,
    booster: Callable[[str], lgb.Booster],
    trees: Mapping[str, int],
    deals: int,
    rules: Rules,
) -> dict[str, Any]:
    """The block `audit.missing_together` of metrics.json.

    Args:
        tested: unseen accounts of headline campaigns and their controls: account_id,
            fold, label.
        data: accounts with their features.
        booster: training set key -> booster.
        trees: `loco/<fold>` -> number of trees of the fold's model.
        deals: see models.missing_together.
        rules: least accounts of a class, and the interval over operators.
    """
    found: dict[str, Gaps | None] = {}
    for (fold,), members in tested.sort("fold", "account_id").group_by(
        ["fold"], maintain_order=True
    ):
        key, name = set_key("loco", str(fold), None), str(fold)
        labels = members["label"].to_numpy()
        if min(labels.sum(), len(labels) - labels.sum()) < rules.least_positives:
            found[name] = None
            continue
        found[name] = gaps_of_fold(
            partial(raw_scores, booster(key), trees=trees[f"loco/{name}"]),
            data.matrix(key)[data.rows(members["account_id"].to_list())],
            labels,
            deals,
            rules.seed,
        )
    return together_block(found, rules)
