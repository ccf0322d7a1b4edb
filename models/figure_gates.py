"""Gates on unseen campaigns: found, better than trivial, calibrated, not by rote."""

from collections.abc import Collection, Mapping
from typing import Any

from models.coverage import ENOUGH
from models.evaluation import headline_lead, shared_campaigns
from models.gates import Gate, Limits, judged, judged_over, unmeasured


def baseline_gate(
    ours: Mapping[str, Any],
    baseline: Mapping[str, Any],
    name: str,
    least: float,
    limits: Limits,
) -> Gate:
    """Unseen campaigns are found better than by a trivial baseline.

    Args:
        ours: block `loco` of metrics.json.
        baseline: the same block of the baseline.
        name: of the baseline.
        least: mean lead that must be exceeded.
        limits: see Limits.
    """
    code = f"loco_beats_{name}"
    limit = f"mean lead in average precision above {least:g}"
    if "not_applicable" in baseline:
        return unmeasured(code, limit, baseline["not_applicable"])
    lead = headline_lead(ours, baseline, "average_precision")
    if lead is None:
        return unmeasured(code, limit, "no campaign has both figures")
    gate = judged(
        code, lead, limit, lead > least, f"{name} finds unseen campaigns as well"
    )
    every = sum(row["in_headline"] for row in ours["campaigns"].values())
    known = shared_campaigns(ours, baseline, "average_precision")
    return judged_over(gate, known, every, "campaigns", limits.judged_share)


def floor_gates(loco: Mapping[str, Any], limits: Limits) -> list[Gate]:
    """Unseen campaigns are found, on the mean and the worst; scores mean something.

    Args:
        loco: block `loco` of metrics.json.
        limits: see Limits.
    """
    share = limits.judged_share
    return [
        _floor(loco, "auc", "mean", limits.auc_mean, share),
        _floor(loco, "auc", "worst", limits.auc_worst, share),
        _floor(loco, "recall_at_fpr_0.01", "mean", limits.recall_mean, share),
        _floor(loco, "brier_skill", "worst", limits.brier_skill_worst, share),
        _ceiling(loco, "ece", "mean", limits.ece_mean, share),
        _ceiling(loco, "ece", "worst", limits.ece_worst, share),
    ]


def slope_gate(
    calibration: Mapping[str, Any], headline: Collection[str], limits: Limits
) -> Gate:
    """A step in the logit of an unseen account is worth a step.

    Args:
        calibration: see models.slopes.
        headline: campaigns that are judged.
        limits: see Limits.
    """
    code = "unseen_slope"
    limit = f"within [{limits.slope_low:g}, {limits.slope_high:g}] over all campaigns"
    slope = calibration["pooled_slope"]
    if slope is None:
        return unmeasured(code, limit, calibration["reason"])
    surer = "too sure" if slope < limits.slope_low else "not sure enough"
    gate = judged(
        code,
        slope,
        limit,
        limits.slope_low <= slope <= limits.slope_high,
        f"scores of unseen campaigns are {surer}",
    )
    # Campaigns of too few accounts are in no line.
    known = sum(name in calibration["campaigns"] for name in headline)
    return judged_over(gate, known, len(headline), "campaigns", limits.judged_share)


def campaign_slopes_gate(
    rows: Mapping[str, Mapping[str, Any]], headline: Collection[str], limits: Limits
) -> Gate:
    """A step in the logit is worth about a step in most unseen campaigns, one by one.

    Args:
        rows: campaign -> its slope, null where no line fits, which is none within.
        headline: campaigns that are judged.
        limits: see Limits.
    """
    low, high = limits.campaign_slope_low, limits.campaign_slope_high
    within = {
        name: row["slope"] is not None and low <= row["slope"] <= high
        for name, row in rows.items()
        if name in headline
    }
    gate = _share(
        "unseen_slope_by_campaign",
        within,
        limits.campaign_slopes_share,
        f"within [{low:g}, {high:g}]",
    )
    return judged_over(
        gate, len(within), len(headline), "campaigns", limits.judged_share
    )


def intervals_gate(
    rows: Mapping[str, Mapping[str, Any]], headline: Collection[str], limits: Limits
) -> Gate:
    """Intervals hold on most unseen campaigns.

    Args:
        rows: campaign -> `bins_held`, the share of its bins that hold; null where it
            has too few accounts to say.
        headline: campaigns that are judged.
        limits: see Limits.
    """
    held = {
        name: row["bins_held"] >= ENOUGH
        for name, row in rows.items()
        if name in headline and row["bins_held"] is not None
    }
    gate = _share(
        "unseen_intervals_held",
        held,
        limits.intervals_held_share,
        f"with intervals that hold in {ENOUGH:g} of the bins",
    )
    return judged_over(gate, len(held), len(headline), "campaigns", limits.judged_share)


def label_noise_gate(
    noise: Mapping[str, Any], folds: Collection[str], limits: Limits
) -> Gate:
    """Some wrong labels in training leave the order of unseen accounts nearly as it is.

    Args:
        noise: block `label_noise` of metrics.json.
        folds: with a headline campaign; not all of them need be trained again.
        limits: see Limits.
    """
    code = "auc_lost_to_wrong_labels"
    limit = (
        f"at most {limits.wrong_labels_auc_loss:g} where {noise['share']:.0%} of the "
        "labels trained on are wrong"
    )
    loss = noise["auc_loss"]
    if loss is None:
        return unmeasured(code, limit, noise["reason"])
    gate = judged(
        code,
        loss,
        limit,
        loss <= limits.wrong_labels_auc_loss,
        "wrong labels are learnt with the right ones; pull leaves more, or make them "
        "larger (train.lambda_l2, train.min_data_in_leaf)",
    )
    again = len(noise["curve"][0]["folds"])
    return judged_over(gate, again, len(folds), "folds", limits.judged_share)


def _share(code: str, met: Mapping[str, bool], least: float, what: str) -> Gate:
    """Gate of how many campaigns meet something."""
    limit = f"at least {least:g} of the campaigns {what}"
    if not met:
        return unmeasured(code, limit, "no headline campaign has accounts enough")
    share = sum(met.values()) / len(met)
    others = ", ".join(sorted(name for name, is_met in met.items() if not is_met))
    return judged(code, share, limit, share >= least, f"not so in {others}")


def _floor(
    loco: Mapping[str, Any], figure: str, which: str, least: float, share: float
) -> Gate:
    value, limit = loco[figure][which], f"at least {least:g}"
    holds = value is not None and value >= least
    return _unseen(loco, figure, which, limit, holds, "too low", share)


def _ceiling(
    loco: Mapping[str, Any], figure: str, which: str, most: float, share: float
) -> Gate:
    value, limit = loco[figure][which], f"at most {most:g}"
    holds = value is not None and value <= most
    return _unseen(loco, figure, which, limit, holds, "too high", share)


def _unseen(
    loco: Mapping[str, Any],
    figure: str,
    which: str,
    limit: str,
    holds: bool,
    wrong: str,
    share: float,
) -> Gate:
    """Gate of a mean or worst, over as many campaigns as it is of."""
    code, block = f"unseen_{figure}_{which}", loco[figure]
    if block[which] is None:
        return unmeasured(code, limit, block["reason"])
    reason = f"{wrong}{_campaign(loco, figure, which)}"
    gate = judged(code, block[which], limit, holds, reason)
    known = block["over" if which == "mean" else "worst_over"]
    return judged_over(gate, known, block["of"], "campaigns", share)


def _campaign(loco: Mapping[str, Any], figure: str, which: str) -> str:
    """`: campaign <name>` of the worst one; empty for a mean."""
    if which == "mean":
        return ""
    value = loco[figure][which]
    found = [name for name, row in loco["campaigns"].items() if row[figure] == value]
    return f": campaign {found[0]}" if found else ""
