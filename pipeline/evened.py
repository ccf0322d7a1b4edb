"""What evening lends to the models of the loco folds, from what featurize and train left."""

from collections.abc import Callable, Mapping
from typing import Any

import lightgbm as lgb
import polars as pl
from sklearn.metrics import roc_auc_score

from models.evened import Evened, evened_block
from models.nested import Data
from models.training import raw_scores
from models.training_sets import set_key


def evened(
    tested: pl.DataFrame,
    data: Data,
    seen: Data,
    booster: Callable[[str], lgb.Booster],
    trees: Mapping[str, int],
    least: int,
) -> dict[str, Any]:
    """The block `audit.evened` of metrics.json.

    Args:
        tested: unseen accounts of headline campaigns and their controls: account_id,
            fold, label.
        data: accounts with their features, as they are judged.
        seen: the same with the values that were taken.
        booster: training set key -> booster.
        trees: `loco/<fold>` -> number of trees of the fold's model.
        least: accounts of each class that a fold needs.
    """
    found: dict[str, Evened | None] = {}
    for (fold,), members in tested.sort("fold", "account_id").group_by(
        ["fold"], maintain_order=True
    ):
        name, key = str(fold), set_key("loco", str(fold), None)
        labels = members["label"].to_numpy()
        if min(labels.sum(), len(labels) - labels.sum()) < least:
            found[name] = None
            continue
        ids = members["account_id"].to_list()
        aucs = [
            float(
                roc_auc_score(
                    labels,
                    raw_scores(
                        booster(key),
                        known.matrix(key)[known.rows(ids)],
                        trees[f"loco/{name}"],
                    ),
                )
            )
            for known in (data, seen)
        ]
        found[name] = Evened(*aucs)
    return evened_block(found)
