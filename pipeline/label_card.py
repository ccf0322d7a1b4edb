"""Model card: how far the labels can be believed that it learnt from and is judged by."""

from typing import Any

from models.label_errors import CLASSES
from pipeline.agreement import AGREEMENT, SOURCE


def label_lines(metrics: dict[str, Any]) -> list[str]:
    """Markdown of wrong labels, suspected ones, and what people agree on."""
    noise, errors = metrics["label_noise"], metrics["label_errors"]
    lost = (
        f"not measured, {noise['reason']}"
        if noise["auc_loss"] is None
        else f"{noise['auc_loss']:.3f}"
    )
    counts = [
        f"{errors[name]['suspected']} of {errors[name]['judged']} "
        f"{name.replace('_', ' ')} ({errors[name]['expected']:.1f} expected)"
        for name in CLASSES.values()
    ]
    return [
        "## How far its labels can be believed",
        "",
        f"AUC on right labels lost where {noise['share']:.0%} of the labels trained on "
        f"are wrong: {lost}. Labels that are no likelier than "
        f"{errors['least_likely']:.0%} by the score of a model that never saw the "
        f"operator: {', '.join(counts)}; expected are as many if every label is right. "
        "They are listed for review; none was removed.",
        "",
        f"People agree little on such accounts ({SOURCE}):",
        "",
        "| who judged | accounts | what they chose from | Fleiss' kappa |",
        "|---|---|---|---|",
        *(
            f"| {who} | {count:,} | {choice} | {kappa} |"
            for who, count, choice, kappa in AGREEMENT
        ),
        "",
    ]
