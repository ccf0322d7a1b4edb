"""What went wrong on unseen accounts, in sentences that follow from the figures."""

from typing import Any, Final

from models.metrics import FPR
from pipeline.calibration_report import CAMPAIGN_SLOPE

# AUC that missing values have by chance, at most: with labels dealt out anew .54 was the
# highest of seven blocks (docs/experiments.md).
_BY_CHANCE: Final = 0.55
# AUC lent by evening that is worth a sentence.
_LENT: Final = 0.005


def shortcomings(metrics: dict[str, Any], details: dict[str, Any]) -> list[str]:
    """A sentence each for what fails on these accounts; none where nothing does.

    Args:
        metrics: metrics.json.
        details: report.json.
    """
    found = [
        _missing_together(metrics),
        _evened(metrics["audit"]["evened"]),
        _lines_that_failed(details),
        _look_alikes(metrics),
        _without_a_number(metrics),
        _never_judged(metrics),
        _judged_by_withholding(metrics),
        _wrong_slopes(metrics),
        _without_a_role(details),
        _too_few_posts(details),
    ]
    return [sentence for sentence in found if sentence]


def _missing_together(metrics: dict[str, Any]) -> str | None:
    known = metrics["audit"]["mask_only_auc_with_noise"]
    telling = {name: auc for name, auc in known.items() if (auc or 0) > _BY_CHANCE}
    if not telling:
        return None
    most = max(telling, key=lambda name: telling[name])
    return (
        "One by one, values are missing alike in both classes; which of them are missing "
        f"together still tells the classes of {len(telling)} of {len(known)} blocks apart "
        f"(AUC of a model that sees nothing else up to {telling[most]:.2f}, {most}). "
        f"{_lent(metrics['audit']['missing_together']['lent'])}"
    )


def _evened(evened: dict[str, Any]) -> str | None:
    if (evened["lent"] or 0) <= _LENT:
        return None
    return (
        "So that gaps tell nothing, values are taken from the class that has more of them; "
        "nobody does that to a request. Unseen accounts have AUC "
        f"{evened['judged']:.3f} as they are judged here and {evened['seen']:.3f} as they "
        "were seen, means over operators."
    )


def _lent(lent: dict[str, Any]) -> str:
    """What these gaps lend to the model that is judged."""
    if lent["ci_low"] is None:
        return "What that lends to this model was not measured."
    return (
        f"To this model that lends {lent['mean']:+.4f} AUC on the mean "
        f"({lent['ci_low']:+.4f} to {lent['ci_high']:+.4f})."
    )


def _lines_that_failed(details: dict[str, Any]) -> str | None:
    as_served = details["operating_points"][-1]
    if (as_served.get("fpr_low") or 0) <= FPR:
        return None
    return (
        f"Lines set on the training side at FPR {FPR:.0%} flagged {as_served['fpr']:.1%} "
        "of the unseen controls: ordinary accounts of one archive are not those of the "
        "next."
    )


def _look_alikes(metrics: dict[str, Any]) -> str | None:
    panel = metrics["audit"]["panel"]
    flagged = [
        f"{name} ({row['fpr']:.0%})"
        for name, row in panel["slices"].items()
        if (row["low"] or 0) > panel["fpr"]
    ]
    if not flagged:
        return None
    return (
        "Honest look-alikes that are surely flagged more often than the "
        f"{panel['fpr']:.1%} aimed at: {', '.join(flagged)}."
    )


def _without_a_number(metrics: dict[str, Any]) -> str | None:
    silent = [
        f"{name} ({1 - row['share']:.0%} do)"
        for name, row in metrics["abstention"]["campaigns"].items()
        if row["share"] > 0.5
    ]
    if not silent:
        return None
    return (
        f"Most accounts get no number in service: {', '.join(silent)}. All of them "
        "count in the figures above all the same."
    )


def _never_judged(metrics: dict[str, Any]) -> str | None:
    silent = metrics["abstention"]["unjudged_evidence"]
    if not silent:
        return None
    return (
        "No figure says how accounts fare of which just this is known, and they get no "
        f"number in service: {', '.join(silent)} (number of posts, families of "
        "features, times of posts)."
    )


def _judged_by_withholding(metrics: dict[str, Any]) -> str | None:
    abstention = metrics["abstention"]
    silent = abstention["unjudged_evidence"]
    withheld = [s for s in abstention["withheld_evidence"] if s not in silent]
    if not withheld:
        return None
    return (
        "No figure says how accounts fare of which just this is known; how far their "
        "scores are pulled towards the base rate, and how wide their intervals are, "
        "comes from other accounts, scored again with that evidence withheld: "
        f"{', '.join(withheld)} (number of posts, families of features, times of "
        "posts). Who lacks two of them gets no number."
    )


def _wrong_slopes(metrics: dict[str, Any]) -> str | None:
    low, high = CAMPAIGN_SLOPE
    wrong = [
        f"{name} ({row['slope']:.1f}, "
        f"{'too sure' if row['slope'] < low else 'not sure enough'})"
        for name, row in metrics["calibration_states"]["campaign"].items()
        if row["slope"] is not None and not low <= row["slope"] <= high
    ]
    if not wrong:
        return None
    return f"Log-odds off by more than a factor of two, by their slope: {', '.join(wrong)}."


def _without_a_role(details: dict[str, Any]) -> str | None:
    if details["slices"]["role"]:
        return None
    return (
        "No archive says which role an account played: a network may be found as a "
        "whole and its small roles missed."
    )


def _too_few_posts(details: dict[str, Any]) -> str | None:
    least = details["least_posts"]
    if not least["harmful"]:
        return None
    posts = ", ".join(map(str, least["harmful"]))
    return (
        f"With {posts} posts an account is scored, and surely more than "
        f"{least['most']:.1%} of the ordinary ones are flagged that all their posts "
        "would not flag: `calibrate.abstention.least_posts` is too low."
    )
