"""Campaign by campaign: figures, dates, reliability."""

from typing import Any, Final

from models.coverage import SERVED_RECALL
from pipeline import charts
from pipeline.markup import Cell, Html, heading, section, table, text
from pipeline.report_alerts import WORTH, worth
from pipeline.report_words import NAMES, SERVED, told, within

_RANKS: Final = (
    *("auc", "average_precision", "recall_at_fpr_0.01"),
    "partial_auc_at_fpr_0.01",
)
_CHANCES: Final = ("brier_skill", "log_loss", "ece", "slope", "intercept")


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
        served = metrics["abstention"]["campaigns"][name]
        sizes = [row["n_pos"], row["n_neg"], f"{row['base_rate']:.3f}"]
        silent = [1 - served["share"], served[SERVED_RECALL]]
        told_of = (within(value, None, None) for value in silent)
        ranks.append([name, *sizes, *(shown[key] for key in _RANKS), *told_of])
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
        "Each against all controls of its fold; all of them count, also those to whom "
        "the service gives no score. Scored: the share that gets one; beside it recall "
        "at the same threshold if nobody without a score is flagged, as in service. "
        "Intervals draw the accounts of the "
        "campaign and the controls anew: they say nothing about another campaign. The "
        "average precision of a model that knows nothing is the base rate, its partial "
        "AUC (area up to FPR 1 %, divided by it) 0.005; Brier skill, log loss, "
        "calibration error and slope are taken after the shift to that rate. The "
        "calibration error is biased upwards for few accounts.",
        table(
            [
                *("campaign", "accounts", "controls", "base rate"),
                *(NAMES[key] for key in _RANKS),
                *("scored", SERVED),
            ],
            ranks,
        ),
        heading("As probabilities"),
        table(["campaign", *(NAMES[key] for key in _CHANCES)], chances),
        Html("".join(f'<p class="quiet">Not reported: {text(r)}</p>' for r in reasons)),
        heading("Among 100,000 accounts"),
        Html(f'<p class="quiet">{text(WORTH)}</p>'),
        worth(
            "campaign",
            {
                name: row["point"]
                for name, row in details["campaigns"].items()
                if row["in_headline"]
            },
        ),
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
        *(
            (
                told([*head, "AUC, forward", "average precision, forward"], rows),
                charts.lines(
                    "AUC by date of disclosure",
                    [row["disclosed_at"][:7] for row in dated],
                    {name: found for name, found in points.items() if found},
                ),
            )
            if dated
            else (Html("<p>No headline campaign has a date of disclosure.</p>"),)
        ),
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
