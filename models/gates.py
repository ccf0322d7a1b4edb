"""Gates: what a model must show before it may be registered.

A gate is one figure against one limit. Here stand its shape, and the gates on the
finished bundle; models/figure_gates.py and models/audit_gates.py hold the others.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal


@dataclass(frozen=True)
class Gate:
    """Outcome of one check.

    Attributes:
        code: stable name.
        status: not_applicable is a typed outcome with its reason, not a pass.
        value: what was measured, null if not applicable.
        limit: what was asked, in words with the number.
        reason: why it failed or does not apply; of one that passed, by what exceptions.
    """

    code: str
    status: Literal["passed", "failed", "not_applicable"]
    value: float | None
    limit: str
    reason: str | None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Known:
    """A limit of its own for what is known to be beyond the common one, and why."""

    limit: float
    reason: str


@dataclass(frozen=True)
class Limits:
    """Limits of the gates; every value comes from params.yaml, where each is explained.

    may_not_apply: gates without which a model may be registered where they have no
        figure; any other that has none has failed.
    """

    additivity: float
    baseline_lead: float
    depth3_lead: float
    auc_mean: float
    auc_worst: float
    brier_skill_worst: float
    ece_mean: float
    ece_worst: float
    slope_low: float
    slope_high: float
    mask_only_low: float
    mask_only_high: float
    single_feature_auc: float
    single_features_known: Mapping[str, Known]
    control_origin_auc: float
    panel_fpr: float
    panel_known: Mapping[str, Known]
    language_ratio: float
    topic_swap_shift: float
    free_recall_share: float
    may_not_apply: Collection[str]


def judged(code: str, value: float, limit: str, holds: bool, reason: str) -> Gate:
    """Gate of a figure that was measured.

    Args:
        code: stable name.
        value: the figure.
        limit: what is asked, in words.
        holds: whether it is met.
        reason: said if not.
    """
    return Gate(
        code,
        "passed" if holds else "failed",
        round(value, 9),
        limit,
        None if holds else reason,
    )


def unmeasured(code: str, limit: str, reason: str) -> Gate:
    """Gate of a figure that there is not."""
    return Gate(code, "not_applicable", None, limit, reason)


def required(gates: Sequence[Gate], may_not_apply: Collection[str]) -> list[Gate]:
    """Gates, failed where a figure is lacking that no model may go without."""
    return [
        replace(gate, status="failed", reason=f"not measured: {gate.reason}")
        if gate.status == "not_applicable" and gate.code not in may_not_apply
        else gate
        for gate in gates
    ]


def additivity_gate(error: float, limits: Limits) -> Gate:
    """Contributions add up to the served logit."""
    return judged(
        "contributions_add_up",
        error,
        f"at most {limits.additivity:g}",
        error <= limits.additivity,
        "base, shift and contributions do not sum to the logit",
    )


def parity_gate(differences: int, accounts: int) -> Gate:
    """An account scores the same alone as in a batch, bit for bit."""
    return judged(
        "batch_equals_single",
        float(differences),
        f"0 of {accounts} accounts differ",
        differences == 0,
        "scores depend on the accounts that are scored together",
    )


def naming_gate(differences: int, accounts: int) -> Gate:
    """An account scores the same under other ids and in another order, bit for bit."""
    return judged(
        "ids_not_read",
        float(differences),
        f"0 of {accounts} accounts differ under other ids, in another order",
        differences == 0,
        "scores depend on ids or on the order of rows",
    )


def rebuilt_gate(differing: Mapping[str, int], accounts: int) -> Gate:
    """What was trained on is what build_features gives for the same accounts.

    Args:
        differing: feature -> accounts whose stored value is another.
        accounts: how many were rebuilt.
    """
    shown = ", ".join(sorted(differing)[:5])
    return judged(
        "trained_on_what_is_served",
        float(sum(differing.values())),
        f"0 values of {accounts} accounts differ from their features, built again",
        not differing,
        f"the model was trained on values that its features do not give: {shown}",
    )
