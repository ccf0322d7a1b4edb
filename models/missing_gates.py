"""Gates on missing values: what a model may have learnt from them, one by one or together."""

from collections.abc import Mapping
from typing import Any

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


def together_gates(together: Mapping[str, Any], limits: Limits) -> list[Gate]:
    """Which values are missing together tells the model nothing, and lends it no AUC.

    Both are judged by their lower bound. The first is the surer where much is missing,
    the second where gaps tell something that values tell as well.

    Args:
        together: block `audit.missing_together` of metrics.json.
        limits: see Limits.
    """
    folds = together["folds"]
    known = sum(row["lent"] is not None for row in folds.values())
    gates = []
    for figure, most, what, reason in (
        (
            "alone",
            limits.gaps_alone_auc,
            "AUC of scores of gaps alone",
            "unseen accounts are told apart where nothing but the gaps is left",
        ),
        (
            "lent",
            limits.gaps_lent_auc,
            "AUC that gaps lend",
            "unseen accounts are told by which values they lack together",
        ),
    ):
        code, limit = f"missing_together_{figure}", f"lower bound of the {what}"
        limit, low = f"{limit} at most {most:g}", together[figure]["ci_low"]
        if low is None:
            gates.append(unmeasured(code, limit, together["reason"]))
            continue
        gate = judged(code, low, limit, low <= most, reason)
        share = limits.judged_share
        gates.append(judged_over(gate, known, len(folds), "folds", share))
    return gates
