"""Gates: what a model must show before it may be registered."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from models.evaluation import headline_lead


@dataclass(frozen=True)
class Gate:
    """Outcome of one check.

    Attributes:
        code: stable name.
        status: not_applicable is a typed outcome with its reason, not a pass.
        value: what was measured, null if not applicable.
        limit: what was asked, in words with the number.
        reason: why it failed or does not apply.
    """

    code: str
    status: Literal["passed", "failed", "not_applicable"]
    value: float | None
    limit: str
    reason: str | None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Limits:
    """Limits of the gates; every value comes from params.yaml."""

    additivity: float
    baseline_lead: float
    mask_only_low: float
    mask_only_high: float


def additivity_gate(error: float, limits: Limits) -> Gate:
    """Contributions add up to the served logit."""
    return _gate(
        "contributions_add_up",
        error,
        f"at most {limits.additivity:g}",
        error <= limits.additivity,
        "base, shift and contributions do not sum to the logit",
    )


def baseline_gate(
    ours: Mapping[str, Any], baseline: Mapping[str, Any], name: str, limits: Limits
) -> Gate:
    """Unseen campaigns are found better than by a trivial baseline."""
    code = f"loco_beats_{name}"
    limit = f"mean lead in average precision above {limits.baseline_lead:g}"
    if "not_applicable" in baseline:
        return Gate(code, "not_applicable", None, limit, baseline["not_applicable"])
    lead = headline_lead(ours, baseline, "average_precision")
    if lead is None:
        return Gate(code, "not_applicable", None, limit, "no campaign has both figures")
    return _gate(
        code,
        lead,
        limit,
        lead > limits.baseline_lead,
        f"{name} finds unseen campaigns as well",
    )


def mask_gate(by_fold: Mapping[str, float | None], limits: Limits) -> Gate:
    """Which values are missing says nothing about the label, in any fold."""
    known = {name: value for name, value in by_fold.items() if value is not None}
    limit = (
        f"within [{limits.mask_only_low:g}, {limits.mask_only_high:g}] in every fold"
    )
    if not known:
        return Gate(
            "mask_only_auc", "not_applicable", None, limit, "no fold has enough rows"
        )
    middle = (limits.mask_only_low + limits.mask_only_high) / 2
    fold, value = max(known.items(), key=lambda item: abs(item[1] - middle))
    return _gate(
        "mask_only_auc",
        value,
        limit,
        limits.mask_only_low <= value <= limits.mask_only_high,
        f"in fold {fold} missing values alone tell the classes apart",
    )


def parity_gate(differences: int, accounts: int) -> Gate:
    """An account scores the same alone as in a batch, bit for bit."""
    return _gate(
        "batch_equals_single",
        float(differences),
        f"0 of {accounts} accounts differ",
        differences == 0,
        "scores depend on the accounts that are scored together",
    )


def _gate(code: str, value: float, limit: str, holds: bool, reason: str) -> Gate:
    return Gate(
        code,
        "passed" if holds else "failed",
        round(value, 9),
        limit,
        None if holds else reason,
    )
