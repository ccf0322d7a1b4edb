"""Top of the evaluation report: what decides whether a model is promoted."""

from typing import Any, Final

from models.comparison import Comparison
from models.metrics import FIGURES
from pipeline.markup import Cell, Html, MarkedText, heading, section, table, text
from pipeline.report_words import NAMES, told, within

_STATUS: Final = {
    "passed": "passed",
    "failed": "FAILED",
    "not_applicable": "not applicable",
}


def headline(metrics: dict[str, Any], details: dict[str, Any]) -> Html:
    """Gates, then mean and worst unseen campaign."""
    gates = metrics["gates"]
    failed = [gate for gate in gates if gate["status"] == "failed"]
    unknown = [gate for gate in gates if gate["status"] == "not_applicable"]
    passed = [gate for gate in gates if gate["status"] == "passed"]
    excepted = [gate["code"] for gate in passed if gate["reason"]]
    only = f"only by exceptions ({', '.join(excepted)})"
    if failed:
        codes = ", ".join(gate["code"] for gate in failed)
        verdict = (
            f"Not to be promoted: {len(failed)} of {len(gates)} gates failed ({codes})."
        )
    elif unknown:
        codes = ", ".join(gate["code"] for gate in unknown)
        verdict = (
            f"No gate failed, but {len(unknown)} of {len(gates)} could not be applied "
            f"({codes}){f'; {len(excepted)} passed {only}' if excepted else ''}: "
            "`make promote` decides whether that is enough."
        )
    else:
        verdict = (
            f"All {len(gates)} gates passed"
            f"{f', {len(excepted)} of them {only}' if excepted else ''}: it may be "
            "promoted, if it is better than the champion."
        )
    loco = metrics["loco"]
    rows: list[list[Cell]] = []
    for key in (name for name in NAMES if name in FIGURES):
        block = loco[key]
        worst = _worst_names(loco["campaigns"], key, block["worst"])
        rows.append(
            [
                NAMES[key],
                within(block["mean"], block["ci_low"], block["ci_high"]),
                f"{block['over']} of {block['of']}",
                _worst(details, worst, key, block["worst"]),
                ", ".join(worst) or None,
                block.get("reason"),
            ]
        )
    counted = sum(row["in_headline"] for row in details["campaigns"].values())
    operators = {
        row["fold"] for row in loco["campaigns"].values() if row["in_headline"]
    }
    mood = "one" if failed or unknown else "two"
    return section(
        "Unseen takedowns",
        f"{counted} campaigns of {len(operators)} operators, each scored by a model that "
        "had seen none of its operator's accounts and none of the controls it is judged "
        "against. Intervals of the mean draw operators as wholes; with so few they are "
        "rough. That of the worst draws its accounts and controls anew, and says nothing "
        "of a campaign that is worse still. A campaign that lacks a figure is in no mean of "
        "it: recall and partial AUC at FPR 1 % need 300 controls.",
        Html(f'<p class="verdict {mood}">{text(verdict)}</p>'),
        told(["figure", "mean", "campaigns", "worst", "worst campaign", "note"], rows),
        heading("Gates"),
        told(
            ["gate", "outcome", "value", "limit", "reason"],
            [
                [
                    gate["code"],
                    _STATUS.get(gate["status"], gate["status"]),
                    _measured(gate["value"]),
                    str(gate["limit"]),
                    gate["reason"],
                ]
                for gate in gates
            ],
        ),
    )


def _measured(value: object) -> str | None:
    if isinstance(value, (int, float)):
        return f"{value:.4g}"
    return None if value is None else str(value)


def _worst(
    details: dict[str, Any], names: list[str], figure: str, worst: float | None
) -> str:
    """The worst campaign's figure within its own interval, if it is one campaign."""
    if len(names) != 1:
        return within(worst, None, None)
    own = details["campaigns"][names[0]]["figures"][figure]
    return within(worst, own["low"], own["high"])


def _worst_names(
    campaigns: dict[str, Any], figure: str, worst: float | None
) -> list[str]:
    if worst is None:
        return []
    return [
        name
        for name, row in campaigns.items()
        if row["in_headline"] and row[figure] == worst
    ]


def is_champion() -> Html:
    """What stands beside the champion's own figures."""
    return section(
        "Beside the champion",
        "The champion has the very same figures: nothing to compare.",
    )


def beside_champion(
    ours: dict[str, Any], theirs: dict[str, Any], found: Comparison
) -> Html:
    """Campaign by campaign against another model's metrics."""
    rows: list[list[Cell]] = []
    for name, row in ours["loco"]["campaigns"].items():
        other = theirs["loco"]["campaigns"].get(name)
        if other is None:
            continue
        cells: list[Cell] = [name]
        for figure in ("average_precision", "auc", "brier_skill"):
            # Older code may have measured less.
            pair = row[figure], other.get(figure)
            lead = None if None in pair else pair[0] - pair[1]
            cells += [within(value, None, None) for value in pair]
            told_lead = "–" if lead is None else f"{lead:+.3f}"
            behind = lead is not None and lead < 0
            cells.append(MarkedText(told_lead) if behind else told_lead)
        rows.append(cells)
    head = ["campaign"]
    for name in ("average precision", "AUC", "Brier skill"):
        head += [name, "theirs", "lead"]
    outcome = "It is better." if found.better else "It is not shown to be better."
    return section(
        "Beside the champion",
        f"{found}. {outcome} Marked: campaigns on which it is behind.",
        table(head, rows),
    )
