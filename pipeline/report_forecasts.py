"""The report's section on forecasts: what was frozen, and how it came out."""

from pathlib import Path
from typing import Any

from features.errors import InputError
from models.metrics import FIGURES
from pipeline.frozen import LEDGER, forecasts
from pipeline.markup import Html, heading, section
from pipeline.report_words import NAMES, told


def frozen_forecasts(folder: Path) -> Html:
    """Every forecast of a ledger, and every scoring of it, the poor ones too.

    Args:
        folder: of the forecasts and their ledger.

    Raises:
        ArtefactError: the ledger was changed.
        InputError: there is no ledger.
    """
    if not (folder / LEDGER).exists():
        raise InputError(
            f"{folder / LEDGER}: no such ledger; give the folder that "
            "python -m pipeline.forecast freeze writes into"
        )
    known = forecasts(folder)
    described = [row["description"] or {} for row in known]
    head = ["forecast", "world", "accounts judged until", "scored", "abstained"]
    rows = [
        [
            row["name"],
            facts.get("world"),
            facts.get("latest"),
            facts.get("scored"),
            facts.get("abstained"),
            facts.get("rejected"),
            _status(row),
            row["hash"],
        ]
        for row, facts in zip(known, described, strict=True)
    ]
    outcomes = [
        [
            row["name"],
            *(scoring[key] for key in ("n_pos", "n_neg")),
            *(scoring[key] for key in ("abstained", "not_predicted", "not_labelled")),
            *(
                # Scored before a figure was counted among these, a forecast has none.
                None if (value := scoring.get(figure)) is None else f"{value:.3f}"
                for figure in FIGURES
            ),
            scoring["labels"],
        ]
        for row in known
        for scoring in row["scorings"]
    ]
    counted = ["labelled 1", "labelled 0", "abstained", "not predicted", "not labelled"]
    return section(
        "Forecasts",
        "Predictions written down before their labels were known. The hash proves that "
        "only if it was published then: the ledger alone can be written anew.",
        told([*head, "rejected", "status", "hash"], rows),
        heading("How they came out"),
        told(
            ["forecast", *counted, *(NAMES[figure] for figure in FIGURES), "labels"],
            outcomes,
        ),
        Html(
            '<p class="quiet">At the share of positives of the labels. One row for each '
            "set of labels that a forecast was scored with; labels are told by their "
            "hash. Only accounts that got a number are judged; what is asked at FPR 1 % "
            "needs 300 of them labelled 0.</p>"
        ),
    )


def _status(row: dict[str, Any]) -> str:
    if row["changed"]:
        return "a file was changed since"
    return "scored" if row["scorings"] else "waits for labels"
