"""Gates: what a model must show before it may be registered.

A gate is one figure against one limit. Here stand its shape, and the gates on the
finished bundle; models/figure_gates.py and models/audit_gates.py hold the others.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal

# Every gate, in the order in which they are shown.
CODES: Final = (
    "contributions_add_up",
    "batch_equals_single",
    "ids_not_read",
    "trained_on_what_is_served",
    "loco_beats_majority",
    "loco_beats_depth3_tree",
    "unseen_auc_mean",
    "unseen_auc_worst",
    "unseen_recall_at_fpr_0.01_mean",
    "unseen_brier_skill_worst",
    "unseen_ece_mean",
    "unseen_ece_worst",
    "unseen_slope",
    "unseen_slope_by_campaign",
    "unseen_intervals_held",
    "auc_lost_to_wrong_labels",
    "mask_only_auc",
    "missing_together_alone",
    "missing_together_lent",
    "evened_auc_lent",
    "single_feature_auc",
    "control_origin",
    "panel_slices",
    "language_parity_at_fpr_0.1",
    "language_parity_at_fpr_0.01",
    "topic_swap",
    "recall_after_free_changes",
)
NOBODY: Final = "there is no account to score"
# AUC from which on metrics.json shows a feature, whatever it shows besides: no limit of
# single features may be lower.
STRONG: Final = 0.9


@dataclass(frozen=True)
class Gate:
    """Outcome of one check.

    Attributes:
        code: stable name.
        status: not_applicable is a typed outcome with its reason, not a pass.
        value: what was measured, null if not applicable.
        limit: what was asked, in words with the number; of a gate over folds, campaigns
            or pairs also how many of them have the figure.
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
    """A limit of its own, instead of the common one, and why."""

    limit: float
    reason: str


@dataclass(frozen=True)
class Limits:
    """Limits of the gates; every value comes from params.yaml, where each is explained.

    single_features_known: `<block>/<feature>` -> its own limit in that block.
    panel_known: slice -> its own limit.
    judged_share: least share of folds, campaigns or pairs that must have the figure.
    may_not_apply: gates without which a model may be registered where they have no
        figure; any other that has none has failed.
    """

    additivity: float
    baseline_lead: float
    depth3_lead: float
    auc_mean: float
    auc_worst: float
    recall_mean: float
    brier_skill_worst: float
    ece_mean: float
    ece_worst: float
    slope_low: float
    slope_high: float
    campaign_slope_low: float
    campaign_slope_high: float
    campaign_slopes_share: float
    intervals_held_share: float
    wrong_labels_auc_loss: float
    mask_only_low: float
    mask_only_high: float
    gaps_alone_auc: float
    gaps_lent_auc: float
    evened_auc_lent: float
    single_feature_auc: float
    single_features_known: Mapping[str, Known]
    control_origin_auc: float
    panel_fpr: float
    panel_known: Mapping[str, Known]
    language_ratio: float
    topic_swap_shift: float
    free_recall_share: float
    judged_share: float
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


def judged_over(
    gate: Gate, known: int, every: int, what: str, least_share: float
) -> Gate:
    """A gate over several of a kind, with how many of them it judged.

    It does not pass where too few have the figure; one that fails has failed whatever is
    not known of the others.

    Args:
        gate: its outcome on those with the figure.
        known: how many have it.
        every: how many there are.
        what: they are, in the plural.
        least_share: of them that must have it.
    """
    counted = replace(gate, limit=f"{gate.limit}; judged {known} of {every} {what}")
    # Not multiplied: 0.55 times 20 is more than 11.
    if gate.status != "passed" or not every or known / every >= least_share:
        return counted
    reason = f"{known} of {every} {what} have a figure, {least_share:g} of them needed"
    return unmeasured(gate.code, counted.limit, reason)


def required(gates: Sequence[Gate], may_not_apply: Collection[str]) -> list[Gate]:
    """Gates, failed where a figure is lacking that no model may go without."""
    return [
        replace(gate, status="failed", reason=f"not measured: {gate.reason}")
        if gate.status == "not_applicable" and gate.code not in may_not_apply
        else gate
        for gate in gates
    ]


def additivity_gate(error: float, accounts: int, limits: Limits) -> Gate:
    """Contributions add up to the served logit, of each of some accounts."""
    code, limit = "contributions_add_up", f"at most {limits.additivity:g}"
    if not accounts:
        return unmeasured(code, limit, NOBODY)
    return judged(
        code,
        error,
        limit,
        error <= limits.additivity,
        "base, shift and contributions do not sum to the logit",
    )


def parity_gate(differences: int, accounts: int) -> Gate:
    """An account scores the same alone as in a batch, bit for bit."""
    code = "batch_equals_single"
    limit = f"0 of {accounts} accounts differ"
    if not accounts:
        return unmeasured(code, limit, NOBODY)
    return judged(
        code,
        float(differences),
        limit,
        differences == 0,
        "scores depend on the accounts that are scored together",
    )


def naming_gate(differences: int, accounts: int) -> Gate:
    """An account scores the same under other ids and in another order, bit for bit."""
    code = "ids_not_read"
    limit = f"0 of {accounts} accounts differ under other ids, in another order"
    if not accounts:
        return unmeasured(code, limit, NOBODY)
    return judged(
        code,
        float(differences),
        limit,
        differences == 0,
        "scores depend on ids or on the order of rows",
    )


def rebuilt_gate(differing: Mapping[str, int], accounts: int) -> Gate:
    """What was trained on is what build_features gives for the same accounts.

    Args:
        differing: feature -> accounts whose stored value is another.
        accounts: how many were rebuilt.
    """
    code = "trained_on_what_is_served"
    limit = f"0 values of {accounts} accounts differ from their features, built again"
    if not accounts:
        return unmeasured(code, limit, NOBODY)
    shown = ", ".join(sorted(differing)[:5])
    return judged(
        code,
        float(sum(differing.values())),
        limit,
        not differing,
        f"the model was trained on values that its features do not give: {shown}",
    )
