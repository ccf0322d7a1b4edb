"""Origin: whether scores know which source a control was collected from."""

from itertools import combinations

import polars as pl
from sklearn.metrics import roc_auc_score

from models.calibrator import logit

_LEAST = 20


def score_origin(tested: pl.DataFrame) -> dict[str, float | None]:
    """AUC with which scores tell two sources of controls apart, for each pair of them.

    Turned so that it is at least 0.5; null with fewer than 20 controls of a source. What
    the features could tell is not asked here (models.audit.source_diagnostic): a model
    need not read it.

    Args:
        tested: test rows of one model and protocol: label, source, logit, anchor.
    """
    controls = tested.filter(pl.col("label") == 0)
    # Folds have calibrators of their own: compared at one share.
    scores = controls["logit"].to_numpy() - logit(controls["anchor"].to_numpy())
    names = controls["source"].to_numpy().astype(str)
    found: dict[str, float | None] = {}
    for first, second in combinations(sorted(set(names)), 2):
        rows = (names == first) | (names == second)
        labels = names[rows] == second
        value = None
        if min(labels.sum(), len(labels) - labels.sum()) >= _LEAST:
            auc = float(roc_auc_score(labels, scores[rows]))
            value = round(max(auc, 1 - auc), 6)
        found[f"{first} against {second}"] = value
    return found
