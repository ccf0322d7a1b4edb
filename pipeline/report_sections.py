"""First half of the evaluation report: what decides whether a model is promoted."""

from collections.abc import Sequence
from typing import Any, Final

from models.comparison import Comparison
from models.metrics import HIGHER_IS_BETTER
from pipeline import charts
from pipeline.markup import Cell, Html, Marked, heading, section, table, text

NAMES: Final = {
    "auc": "AUC",
    "average_precision": "average precision",
    "recall_at_fpr_0.01": "recall at FPR 1 %",
    "brier_skill": "Brier skill",
    "ece": "calibration error",
    "slope": "slope",
    "intercept": "intercept",
}
_RANKS: Final = ("auc", "average_precision", "recall_at_fpr_0.01")
_CHANCES: Final = ("brier_skill", "ece", "slope", "intercept")
_STATUS: Final = {
    "passed": "passed",
    "failed": "FAILED",
    "not_applicable": "not applicable",
}


def within(value: float | None, low: float | None, high: float | None) -> str:
    """A value with its interval, or a dash."""
    if value is None:
        return "–"
    if low is None or high is None:
        return f"{value:.3f}"
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"


def told(head: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Html:
    """A table without the columns that say nothing in any row."""
    kept = [
        place
        for place in range(len(head))
        if not place or any(row[place] is not None for row in rows)
    ]
    return table(
        [head[place] for place in kept], [[row[p] for p in kept] for row in rows]
    )


def headline(metrics: dict[str, Any], details: dict[str, Any]) -> Html:
    """Gates, then mean and worst unseen campaign."""
    gates = metrics["gates"]
    failed = [gate for gate in gates if gate["status"] == "failed"]
    unknown = [gate for gate in gates if gate["status"] == "not_applicable"]
    if failed:
        codes = ", ".join(gate["code"] for gate in failed)
        verdict = (
            f"Not to be promoted: {len(failed)} of {len(gates)} gates failed ({codes})."
        )
    elif unknown:
        codes = ", ".join(gate["code"] for gate in unknown)
        verdict = (
            f"Not to be promoted: no gate failed, but {len(unknown)} of {len(gates)} could "
            f"not be applied ({codes}), and what was not measured has not passed."
        )
    else:
        verdict = (
            f"All {len(gates)} gates passed: it may be promoted, if it is better than "
            "the champion."
        )
    loco = metrics["loco"]
    rows: list[list[Cell]] = []
    for key in (name for name in NAMES if name in HIGHER_IS_BETTER):
        block = loco[key]
        rows.append(
            [
                NAMES[key],
                within(block["mean"], block["ci_low"], block["ci_high"]),
                within(block["worst"], None, None),
                _worst_name(loco["campaigns"], key, block["worst"]),
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
        "against. Intervals draw operators as wholes; with so few they are rough.",
        Html(f'<p class="verdict {mood}">{text(verdict)}</p>'),
        told(["figure", "mean", "worst", "worst campaign", "note"], rows),
        heading("Gates"),
        told(
            ["gate", "outcome", "value", "limit", "reason"],
            [
                [
                    gate["code"],
                    _STATUS.get(gate["status"], gate["status"]),
                    None if gate["value"] is None else f"{gate['value']:.4g}",
                    str(gate["limit"]),
                    gate["reason"],
                ]
                for gate in gates
            ],
        ),
    )


def _worst_name(
    campaigns: dict[str, Any], figure: str, worst: float | None
) -> str | None:
    if worst is None:
        return None
    names = [
        name
        for name, row in campaigns.items()
        if row["in_headline"] and row[figure] == worst
    ]
    return ", ".join(names)


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
            pair = row[figure], other[figure]
            lead = None if None in pair else pair[0] - pair[1]
            behind = lead is not None and lead < 0
            cells += [*pair, Marked(lead) if behind and lead is not None else lead]
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


def campaigns(metrics: dict[str, Any], details: dict[str, Any]) -> Html:
    """Figures of every campaign with intervals by account; confounded ones apart."""
    ranks: list[list[Cell]] = []
    chances: list[list[Cell]] = []
    for name, row in details["campaigns"].items():
        if not row["in_headline"]:
            continue
        shown = {
            key: within(*(figure[end] for end in ("value", "low", "high")))
            for key, figure in row["figures"].items()
        }
        sizes = [row["n_pos"], row["n_neg"], f"{row['base_rate']:.3f}"]
        ranks.append([name, *sizes, *(shown[key] for key in _RANKS)])
        chances.append([name, *(shown[key] for key in _CHANCES)])
    reasons = sorted(
        {
            f"{NAMES[key]} of {name}: {figure['reason']}"
            for name, row in details["campaigns"].items()
            if row["in_headline"]
            for key, figure in row["figures"].items()
            if "reason" in figure
        }
    )
    return section(
        "Campaigns",
        "Each against all controls of its fold. Intervals draw the accounts of the "
        "campaign and the controls anew: they say nothing about another campaign. The "
        "average precision of a model that knows nothing is the base rate; Brier skill, "
        "calibration error and slope are taken after the shift to that rate. The "
        "calibration error is biased upwards for few accounts.",
        table(
            [
                *("campaign", "accounts", "controls", "base rate"),
                *(NAMES[key] for key in _RANKS),
            ],
            ranks,
        ),
        heading("As probabilities"),
        table(["campaign", *(NAMES[key] for key in _CHANCES)], chances),
        Html("".join(f'<p class="quiet">Not reported: {text(r)}</p>' for r in reasons)),
        *(
            part
            for key in ("auc", "recall_at_fpr_0.01")
            for part in (
                heading(f"{NAMES[key]} with its interval"),
                charts.ranges(
                    f"{NAMES[key]} of each campaign",
                    [
                        (
                            name,
                            *(row["figures"][key][e] for e in ("value", "low", "high")),
                        )
                        for name, row in details["campaigns"].items()
                        if row["in_headline"]
                    ],
                ),
            )
        ),
        *_confounded(metrics, details),
    )


def _confounded(metrics: dict[str, Any], details: dict[str, Any]) -> list[Html]:
    """Campaigns without controls of their own collection, and why they are apart."""
    rows: list[list[Cell]] = []
    reasons: dict[str, list[str]] = {}
    for name, row in details["campaigns"].items():
        if row["in_headline"]:
            continue
        quoted = metrics["loco"]["campaigns"][name]
        by_source = quoted.get("recall_by_control_source", {})
        rows.append(
            [
                name,
                row["n_pos"],
                within(row["figures"]["auc"]["value"], None, None),
                within(quoted["recall_at_fpr_0.01"], None, None),
                ", ".join(
                    f"{source} {within(recall, None, None)}"
                    for source, recall in by_source.items()
                ),
            ]
        )
        reasons.setdefault(str(row["reason"]), []).append(name)
    if not rows:
        return []
    head = ["campaign", "accounts", "AUC", "recall at FPR 1 %, worst controls"]
    return [
        heading("In no mean and no worst"),
        *(
            Html(f'<p class="quiet">{text(", ".join(names))}: {text(reason)}.</p>')
            for reason, names in reasons.items()
        ),
        table([*head, "against each source of controls"], rows),
    ]


def forward(metrics: dict[str, Any], details: dict[str, Any]) -> Html:
    """Figures by date of disclosure."""
    rows: list[list[Cell]] = []
    points: dict[str, list[charts.Point]] = {"operator left out": [], "forward": []}
    dated = details["forward"]
    for place, row in enumerate(dated):
        cells: list[Cell] = [row["campaign"], row["disclosed_at"][:10]]
        for key, name in (("loco", "operator left out"), ("temporal", "forward")):
            found = row.get(key, {}).get("figures", {})
            for figure in ("auc", "average_precision"):
                ends = [found.get(figure, {}).get(e) for e in ("value", "low", "high")]
                cells.append(within(*ends) if found else None)
                if figure == "auc" and ends[0] is not None:
                    points[name].append((place, *ends))
        rows.append(cells)
    temporal = metrics["temporal"]
    why = temporal.get("not_applicable")
    known = temporal.get("operators_trained_on")
    intro = (
        f"Forward in time is not applicable: {why}."
        if why
        else "Left out: trained on every other operator, later ones too. Forward: trained "
        "on what was disclosed before the first campaign tested."
    )
    if known:
        intro += (
            f" Earlier campaigns of {', '.join(known)} were trained on, which is easier "
            "than an unseen operator."
        )
    head = ["campaign", "disclosed", "AUC, left out", "average precision, left out"]
    return section(
        "Forward in time",
        intro,
        told([*head, "AUC, forward", "average precision, forward"], rows),
        charts.lines(
            "AUC by date of disclosure",
            [row["disclosed_at"][:7] for row in dated],
            {name: found for name, found in points.items() if found},
        )
        if dated
        else Html("<p>No headline campaign has a date of disclosure.</p>"),
    )


def operating_points(details: dict[str, Any]) -> Html:
    """Recall where few controls are flagged, and what that means among people."""
    rows: list[list[Cell]] = []
    worth: list[Html] = []
    for point in details["operating_points"]:
        if "reason" in point:
            rows.append([point["aim"], None, None, None, None, point["reason"]])
            continue
        ends = ("", "_low", "_high")
        rows.append(
            [
                point["aim"],
                within(*(point[f"recall{end}"] for end in ends)),
                within(*(point[f"fpr{end}"] for end in ends)),
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
        told(["aim", "recall", "FPR", "found", "false alarms", "not reported"], rows),
        *worth,
    )


def calibration(details: dict[str, Any]) -> Html:
    """Reliability of each campaign."""
    return section(
        "Calibration on unseen operators",
        "Share that is positive over mean score, in 15 bins of as many accounts; on the "
        "diagonal, scores are what they say. Neither booster nor calibrator saw the "
        "operator; after the shift to each campaign's own share.",
        charts.reliability(
            {
                name: row["reliability"]
                for name, row in details["campaigns"].items()
                if row["in_headline"]
            }
        ),
    )
