"""Summary: the headline figures of a world and where to look next."""

import argparse
from pathlib import Path
from typing import Any

from models.evaluation import headline_lead, shared_campaigns
from pipeline.files import read_json
from pipeline.stage import run_stage

_ROWS = (
    ("auc", "AUC"),
    ("average_precision", "average precision"),
    ("recall_at_fpr_0.01", "recall at FPR 1 %"),
    ("brier_skill", "Brier skill"),
    ("ece", "calibration error"),
)


def summary_lines(world: str, metrics: dict[str, Any]) -> list[str]:
    """Lines for a person: unseen campaigns first, worst beside mean, then gates."""
    loco = metrics["loco"]
    lines = [
        f"world {world}: takedowns that the model never saw (mean, worst, interval, "
        "campaigns in the mean)"
    ]
    for key, label in _ROWS:
        block = loco[key]
        interval = f"[{_text(block['ci_low'])}, {_text(block['ci_high'])}]"
        lines.append(
            f"  {label:20} {_text(block['mean'])}  worst {_text(block['worst'])}  "
            f"{interval}  {block['over']} of {block['of']} campaigns"
        )
    lines.append("  campaign: AUC, average precision; what it is judged against")
    for name, row in loco["campaigns"].items():
        note = "" if row["in_headline"] else f"  not in the headline: {row['reason']}"
        lines.append(
            f"    {name:24} {_text(row['auc'])} {_text(row['average_precision'])}  "
            f"{row['n_pos']:,} accounts, {row['n_neg']:,} controls{note}"
        )
    lines.append("  trivial baselines: mean AUC, average precision; our lead in AUC")
    for name, block in metrics["baselines"].items():
        if "not_applicable" in block:
            lines.append(f"    {name:24} not applicable: {block['not_applicable']}")
        else:
            lines.append(
                f"    {name:24} {_text(block['auc']['mean'])} "
                f"{_text(block['average_precision']['mean'])}  "
                f"{_text(headline_lead(loco, block, 'auc'), '+.3f')} over "
                f"{shared_campaigns(loco, block, 'auc')} campaigns"
            )
    lead = metrics["lead_on_strongest"]["auc"]["mean"]
    lines.append(
        f"  mean lead in AUC on each fold's strongest baseline: {_text(lead, '+.3f')}"
    )
    gap = metrics["optimism_gap"].get("auc")
    lines.append(f"  a random split would have claimed {_text(gap, '+.3f')} AUC more")
    for gate in metrics["gates"]:
        value = "" if gate["value"] is None else f" {gate['value']:.4g}"
        reason = f" ({gate['reason']})" if gate["reason"] else ""
        lines.append(
            f"  gate {gate['code']:24} {gate['status']}{value}; {gate['limit']}{reason}"
        )
    return lines


def next_steps(world: str) -> list[str]:
    """Where to look and what to run next."""
    suffix = "" if world == "demo" else f" WORLD={world}"
    lines = [
        "look next:",
        *(
            f"  {what:36}{why}"
            for what, why in (
                (
                    f"artifacts/{world}/report.html",
                    "whether to promote, and how it was judged",
                ),
                (
                    f"artifacts/{world}/beside.html",
                    "the same, with the champion of before beside it",
                ),
                (f"artifacts/{world}/model_card.md", "what this model is and is not"),
                (
                    f"artifacts/{world}/data.html",
                    "what it was trained on, gaps and all",
                ),
                (f"artifacts/{world}/features.html", "what each feature tells alone"),
                ("dvc plots show", "curves in the browser"),
                (f"make ui{suffix}", "runs and registered models"),
                (f"make counts{suffix}", "rows read, kept and rejected"),
            )
        ),
    ]
    if world == "demo":
        lines.append("this world is simulated: the figures test the machinery only")
    return lines


def _text(value: float | None, form: str = ".3f") -> str:
    return "   - " if value is None else format(value, form)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--world", required=True, help="a world of params.yaml")
    args = parser.parse_args()
    metrics = read_json(Path("artifacts") / args.world / "metrics.json")
    for line in [*summary_lines(args.world, metrics), *next_steps(args.world)]:
        print(line)


if __name__ == "__main__":
    run_stage(main)
