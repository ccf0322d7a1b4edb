"""Who is flagged, and who is judged worse: operating points, look-alikes, slices."""

from typing import Any, Final

from models.evaluation import headline_lead, shared_campaigns
from models.metrics import FPR
from pipeline.markup import Cell, Html, MarkedText, folded, heading, section, table
from pipeline.report_alerts import WORTH, worth
from pipeline.report_words import NAMES, told, within

_ENDS: Final = ("", "_low", "_high")
_SLICES: Final = {
    "role": "Role of takedown accounts, against the controls of their folds",
    "language": "Language",
    "posts": "Number of posts, as the model saw them",
    "evidence": "What is known of the account",
    "source": "Source, each against the other class of its folds",
}


def operating_points(details: dict[str, Any]) -> Html:
    """Recall where few controls are flagged, and what that means among people."""
    rows: list[list[Cell]] = []
    worth: list[Html] = []
    for point in details["operating_points"]:
        if "reason" in point:
            rows.append([point["aim"], *[None] * 5, point["reason"]])
            continue
        ends = ("", "_low", "_high")
        rows.append(
            [
                point["aim"],
                within(*(point[f"recall{end}"] for end in ends)),
                within(*(point[f"fpr{end}"] for end in ends)),
                within(area, None, None)
                if (area := point.get("partial_auc")) is not None
                else None,
                point["tp"],
                point["fp"],
                None,
            ]
        )
        among: list[list[Cell]] = [
            [
                f"{row['prevalence']:.1%}",
                round(row["alerts"]),
                within(row["ppv"], row["ppv_low"], row["ppv_high"]),
                "–" if row["npv"] is None else f"{row['npv']:.4f}",
            ]
            for row in point["alerts"]
        ]
        worth += [
            heading(f"Among 100,000 accounts: {point['aim']}"),
            table(["share of positives", "alerts", "PPV", "NPV"], among),
        ]
    return section(
        "Few false alarms",
        "Over all headline campaigns and their controls, with Wilson intervals, which "
        "take accounts for independent: the true ones are no narrower. Large campaigns "
        "weigh most. The first two thresholds are set on the controls they are counted "
        "on.",
        told(
            [
                *("aim", "recall", "FPR", "partial AUC up to it", "found"),
                *("false alarms", "not reported"),
            ],
            rows,
        ),
        *worth,
    )


def panel(metrics: dict[str, Any]) -> Html:
    """Honest look-alikes that would be flagged, at two aims."""
    gated = metrics["audit"]["panel"]
    return section(
        "Look-alikes",
        "Honest accounts of kinds that are easily mistaken, never trained on; share "
        "flagged at the threshold that each fold's training side sets for an aim. "
        "Marked: surely flagged more often than that aim, the whole interval above it.",
        heading(f"Aim: FPR {FPR:.1%}"),
        _panel(metrics["panel"], FPR),
        heading(f"Aim: FPR {gated['fpr']:.1%}, that of the gate"),
        _panel(gated["slices"], gated["fpr"]),
    )


def _panel(slices: dict[str, Any], aim: float) -> Html:
    rows: list[list[Cell]] = [
        [
            name,
            row["n"],
            row["flagged"],
            _marked(within(row["fpr"], None, None), (row["low"] or 0) > aim),
            None if row["low"] is None else f"[{row['low']:.3f}, {row['high']:.3f}]",
            row.get("reason"),
        ]
        for name, row in slices.items()
    ]
    return told(["slice", "accounts", "flagged", "share", "interval", "because"], rows)


def _marked(shown: str, mark: bool) -> str:
    return MarkedText(shown) if mark else shown


def slices(details: dict[str, Any]) -> Html:
    """Figures by role, language, posts, evidence, source."""
    parts = []
    for name, title in _SLICES.items():
        rows: list[list[Cell]] = [
            [
                row["slice"],
                row["n_pos"],
                row["n_neg"],
                within(row["auc"], None, None),
                within(*(row[f"recall{end}"] for end in _ENDS)),
                within(*(row[f"fpr{end}"] for end in _ENDS)),
                *(
                    within(row[key], None, None)
                    for key in ("brier_skill", "log_loss", "ece")
                ),
            ]
            for row in details["slices"][name]
        ]
        head = ["slice", "accounts", "controls", "AUC", "recall", "FPR"]
        parts += [
            heading(title),
            table([*head, "Brier skill", "log loss", "calibration error"], rows)
            if rows
            else Html(
                "<p>Not known in this world: its archives name none.</p>"
                if name == "role"
                else "<p>Not known in this world.</p>"
            ),
        ]
        if rows:
            points = {row["slice"]: row["point"] for row in details["slices"][name]}
            parts.append(
                folded(f"Among 100,000 accounts, by {name}", worth(name, points))
            )
    return section(
        "Slices",
        "Unseen accounts of the headline campaigns and their controls. AUC compares "
        "accounts of one fold; recall and FPR are at the thresholds that training sides "
        "set for FPR 1 %, with Wilson intervals; no figure of ranks or probabilities "
        f"under 30 accounts of a class. {WORTH} A slice of one class borrows the rate of "
        "the other class of its folds.",
        *parts,
    )


def baselines(metrics: dict[str, Any]) -> Html:
    """Trivial models on the same folds."""
    loco = metrics["loco"]
    rows: list[list[Cell]] = []
    for name, block in metrics["baselines"].items():
        if "not_applicable" in block:
            rows.append([name, *[None] * 5, block["not_applicable"]])
            continue
        leads = [
            headline_lead(loco, block, key) for key in ("auc", "average_precision")
        ]
        rows.append(
            [
                name,
                within(*(block["auc"][key] for key in ("mean", "ci_low", "ci_high"))),
                within(block["auc"]["worst"], None, None),
                *("–" if lead is None else f"{lead:+.3f}" for lead in leads),
                shared_campaigns(loco, block, "auc"),
                "; ".join(
                    f"{fold}: {why}"
                    for fold, why in block.get("not_applicable_in", {}).items()
                )
                or None,
            ]
        )
    strongest: list[list[Cell]] = [
        [
            fold,
            row["strongest"],
            within(row["theirs"], None, None),
            within(row["ours"], None, None),
            f"{row['lead']:+.3f}",
        ]
        for fold, row in metrics["lead_on_strongest"]["auc"]["folds"].items()
    ]
    mean = metrics["lead_on_strongest"]["auc"]["mean"]
    head = ["baseline", "AUC, mean", "AUC, worst", "our lead in AUC"]
    head += ["our lead in average precision", "campaigns", "not applicable"]
    return section(
        "Trivial baselines",
        "Trained and judged on the same folds. Leads are paired, over the headline "
        "campaigns that the baseline can score. rate_only knows posts a day alone; "
        "last_release reads all features, and learns from what was disclosed last of "
        "the operators trained on, and from their controls.",
        told(head, rows),
        heading(
            "Strongest baseline of each fold"
            + ("" if mean is None else f": mean lead in AUC {mean:+.3f}")
        ),
        table(["fold", "strongest", "its AUC", "our AUC", "lead"], strongest),
    )


def optimism(metrics: dict[str, Any]) -> Html:
    """What a random split would have claimed; last, and not to be quoted."""
    why = metrics["random"].get("not_applicable")
    if why:
        return section("Not to be quoted: a random split", f"Not applicable: {why}.")
    rows: list[list[Cell]] = [
        [
            NAMES[key],
            within(metrics["random"][key]["mean"], None, None),
            within(metrics["loco"][key]["mean"], None, None),
            "–" if gap is None else f"{gap:+.3f}",
        ]
        for key, gap in metrics["optimism_gap"].items()
        if key in NAMES
    ]
    return section(
        "Not to be quoted: a random split",
        "Accounts of one campaign are near-copies of one another; a split that puts some "
        "of them on either side flatters. Shown for its distance alone.",
        table(["figure", "random split", "operator left out", "gap"], rows),
    )
