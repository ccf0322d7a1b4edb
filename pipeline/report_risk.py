"""Selective risk in the evaluation report: how wrong the surest answers are."""

from typing import Any, Final

from models.metrics import ERRORS
from pipeline import charts
from pipeline.markup import Cell, Html, section
from pipeline.report_words import told, within

_PROTOCOLS: Final = {
    "loco": "operator left out",
    "temporal": "forward",
    "random": "random split, not to be quoted",
}
# Ends of the scale: errors are small, and from 0 to 1 all would lie on the floor.
_ENDS: Final = (0.04, 0.08, 0.2, 0.4, 0.8, 1.0)
# Steps that are named under the curve; there is no room for all.
_NAMED: Final = (0.25, *ERRORS.values())


def selective_risk(metrics: dict[str, Any], details: dict[str, Any]) -> Html:
    """Error at each coverage under each protocol, and the curves."""
    rows: list[list[Cell]] = []
    for protocol, name in _PROTOCOLS.items():
        block = metrics[protocol].get("selective_risk")
        if block is None:
            why = metrics[protocol]["not_applicable"]
            rows.append([name, None, None, None, f"not applicable: {why}"])
            continue
        for key, coverage in ERRORS.items():
            found = block[key]
            rows.append(
                [
                    name,
                    f"{coverage:.0%}",
                    within(*(found[end] for end in ("mean", "ci_low", "ci_high"))),
                    within(found["worst"], None, None),
                    found.get("reason"),
                ]
            )
    steps = details["selective_risk"]
    series: dict[str, list[charts.Point]] = {
        name: [
            (place, row[protocol], None, None)
            for place, row in enumerate(steps)
            if row[protocol] is not None
        ]
        for protocol, name in _PROTOCOLS.items()
    }
    shown = {name: points for name, points in series.items() if points}
    most = max((y for points in shown.values() for _, y, _, _ in points), default=1.0)
    return section(
        "The surest answers",
        "A score answers by lying above or below one half, at the share of positives of "
        "each campaign and its controls, and is the surer the farther it lies from "
        "there. Coverage: the share of accounts that are answered, the surest first; "
        "error: of these, the share that is answered wrongly. If the error does not fall "
        "with the coverage, how sure a score is says nothing. Mean over the headline "
        "campaigns with its interval by operator, and the worst campaign. Accounts that "
        "get no score in service count here too.",
        told(["protocol", "coverage", "error, mean", "worst", "note"], rows),
        charts.lines(
            "Error by coverage, the surest accounts first",
            [
                f"{row['coverage']:.0%}" if row["coverage"] in _NAMED else ""
                for row in steps
            ],
            shown,
            next(end for end in _ENDS if end >= most),
        ),
    )
