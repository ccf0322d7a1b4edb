"""Evened: what it lends to a model that gaps were made alike in both classes.

So that gaps tell nothing, values are taken from the class that has more of them. Where
another value says that they should be there (replies are counted, and whom they are
aimed at is not known of takedown accounts alone), that they were taken tells the class.
Nobody takes values from a request, so such figures hold for nobody:

    lent = AUC of unseen accounts as they are judged
         - AUC of the same accounts, by the same booster, with the values that were taken
"""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Final

from models.evaluation import rounded
from models.gates import Gate, Limits, judged, judged_over, unmeasured

_FIGURES: Final = ("judged", "seen", "lent")


@dataclass(frozen=True)
class Evened:
    """One fold.

    Attributes:
        judged: AUC of the accounts with as many gaps in both classes.
        seen: AUC of the same accounts as they were seen.
    """

    judged: float
    seen: float


def evened_block(folds: Mapping[str, Evened | None]) -> dict[str, Any]:
    """The block `audit.evened` of metrics.json: judged, seen, lent, and folds of each.

    Args:
        folds: fold -> its figures, null for too few accounts.

    Returns:
        means over the folds that have figures, null where none has.
    """
    rows = {name: _row(fold) for name, fold in folds.items()}
    known = [_row(fold) for fold in folds.values() if fold is not None]
    means = {
        figure: rounded(fmean(row[figure] or 0.0 for row in known)) if known else None
        for figure in _FIGURES
    }
    return means | {"folds": rows}


def _row(fold: Evened | None) -> dict[str, float | None]:
    if fold is None:
        return dict.fromkeys(_FIGURES)
    figures = (fold.judged, fold.seen, fold.judged - fold.seen)
    return dict(zip(_FIGURES, map(rounded, figures), strict=True))


def evened_gate(evened: Mapping[str, Any], limits: Limits) -> Gate:
    """That gaps were made alike lends no AUC to the model.

    The mean is judged and not its lower bound: a model of few operators that reads what
    was taken would pass by the width of its interval.

    Args:
        evened: block `audit.evened` of metrics.json.
        limits: see Limits.
    """
    code = "evened_auc_lent"
    limit = f"mean AUC lent at most {limits.evened_auc_lent:g}"
    folds = evened["folds"]
    known = {name: r["lent"] for name, r in folds.items() if r["lent"] is not None}
    if not known:
        return unmeasured(code, limit, "no fold has accounts enough")
    most = max(known, key=lambda name: known[name])
    gate = judged(
        code,
        evened["lent"],
        limit,
        evened["lent"] <= limits.evened_auc_lent,
        "unseen accounts are told by values that were taken to make gaps alike, most in "
        f"fold {most}; leave out the features that show it (train.unread)",
    )
    return judged_over(gate, len(known), len(folds), "folds", limits.judged_share)
