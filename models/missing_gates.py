"""Gates on missing values: what a model may have learnt from them, one by one or together."""

from collections.abc import Mapping

from models.gates import Gate, Limits, judged, judged_over, unmeasured


def mask_gate(by_fold: Mapping[str, float | None], limits: Limits) -> Gate:
    """Which values are missing, one by one, says nothing about the label in any fold."""
    known = {name: value for name, value in by_fold.items() if value is not None}
    limit = (
        f"within [{limits.mask_only_low:g}, {limits.mask_only_high:g}] in every fold"
    )
    if not known:
        return unmeasured("mask_only_auc", limit, "no fold has enough rows")
    middle = (limits.mask_only_low + limits.mask_only_high) / 2
    fold, value = max(known.items(), key=lambda item: abs(item[1] - middle))
    gate = judged(
        "mask_only_auc",
        value,
        limit,
        limits.mask_only_low <= value <= limits.mask_only_high,
        f"in fold {fold} missing values alone tell the classes apart",
    )
    return judged_over(gate, len(known), len(by_fold), "folds", limits.judged_share)
