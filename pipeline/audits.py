"""Audits of a world's feature set: mask-only, source diagnostic, single features."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

import polars as pl

from features.catalogue import FEATURES
from models.audit import mask_only_auc, single_feature_aucs, source_diagnostic
from models.gates import STRONG
from models.hashing import uniform
from models.matrix import to_matrix

# Strongest features of a block that are shown; of those read also all that a gate may
# have a limit for.
_SHOWN: Final = 5


def audit(
    features: Path,
    labelled: Path,
    seed: int,
    most_rows: int,
    least_gain: float,
    read: Collection[str],
) -> dict[str, Any]:
    """The `audit` block of metrics.json.

    Args:
        features: output of featurize.
        labelled: output of label.
        seed: of the cross-validation.
        most_rows: rows of a control source that the source diagnostic uses.
        least_gain: of a split of the mask-only booster; without it, noise counts too.
        read: names of the features that the model reads.
    """
    # The panel is no class of any block: nothing is trained on it.
    labels = pl.read_parquet(labelled / "labels.parquet").filter(
        pl.col("slice").is_null()
    )
    fitted = pl.read_parquet(features / "fitted.parquet")
    values = (
        labels.select("account_id", "label", "block", "source")
        .join(pl.read_parquet(features / "features.parquet"), on="account_id")
        # Which fitted values are missing is the same in every training set.
        .join(fitted.filter(pl.col("training_set") == "all"), on="account_id")
    )
    # An order without meaning, so that a first part is a fair sample.
    drawn = pl.Series("drawn", uniform(values["account_id"], "audit order"))
    values = values.with_columns(drawn).sort("drawn", "account_id")
    masks: dict[str, float | None] = {}
    raw: dict[str, float | None] = {}
    singles: dict[str, dict[str, float]] = {}
    singles_read: dict[str, dict[str, float]] = {}
    for (block,), rows in values.sort("block", "drawn").group_by(
        ["block"], maintain_order=True
    ):
        matrix = to_matrix(rows, FEATURES)
        truth = rows["label"].to_numpy()
        masks[str(block)] = mask_only_auc(matrix, truth, seed, least_gain)
        raw[str(block)] = mask_only_auc(matrix, truth, seed, 0.0)
        found = single_feature_aucs(matrix, truth, [f.name for f in FEATURES])
        singles[str(block)] = strongest(found, 1.0)
        mine = {name: value for name, value in found.items() if name in read}
        singles_read[str(block)] = strongest(mine, STRONG)
    controls = values.filter(pl.col("label") == 0)
    matrix = to_matrix(controls, FEATURES)
    sources = controls["source"].to_numpy().astype(str)
    return {
        "mask_only_auc": masks,
        "mask_only_auc_with_noise": raw,
        "source_diagnostic": source_diagnostic(matrix, sources, seed, most_rows),
        "best_single_features": singles,
        "single_features_read": singles_read,
    }


def strongest(found: Mapping[str, float], strong: float) -> dict[str, float]:
    """The strongest features, and however many are as strong as `strong`."""
    best = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    beyond = sum(value >= strong for value in found.values())
    return dict(best[: max(_SHOWN, beyond)])
