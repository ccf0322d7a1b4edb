"""What being flagged is worth among people: PPV, NPV, alerts, a row a group of accounts."""

from collections.abc import Mapping
from typing import Any, Final

from models.alerts import PREVALENCES
from pipeline.markup import Cell, Html
from pipeline.report_words import told, within

WORTH: Final = (
    "Flagged at the thresholds that training sides set for FPR 1 %. PPV: share of "
    "those flagged that are of takedowns, if so many of all accounts are; NPV: share of "
    "the others that are ordinary; alerts: flagged of 100,000. FPR is what the thresholds gave here, and PPV takes the lower "
    "bound of one rate with the upper one of the other, and the other way round."
)


def worth(what: str, points: Mapping[str, dict[str, Any]]) -> Html:
    """PPV, NPV and alerts at each prevalence, or why they cannot be told.

    Args:
        what: the groups are.
        points: name -> as models.slices.flagged_point gives it.
    """
    shares = [f"{100 * share:g} %" for share in PREVALENCES]
    head = [what, "FPR", *(f"PPV at {share}" for share in shares)]
    head += [f"NPV at {share}" for share in shares]
    head += [*(f"alerts at {share}" for share in shares), "not reported"]
    rows: list[list[Cell]] = []
    for name, point in points.items():
        if "reason" in point:
            rows.append([name, *[None] * (len(head) - 2), point["reason"]])
            continue
        rows.append(
            [
                name,
                within(*(point[f"fpr{end}"] for end in ("", "_low", "_high"))),
                *(
                    within(row["ppv"], row["ppv_low"], row["ppv_high"])
                    for row in point["alerts"]
                ),
                *(
                    "–" if row["npv"] is None else f"{row['npv']:.4f}"
                    for row in point["alerts"]
                ),
                *(round(row["alerts"]) for row in point["alerts"]),
                None,
            ]
        )
    return told(head, rows)
