"""What was frozen: the forecasts of a folder, as its ledger and their files tell."""

from pathlib import Path
from typing import Any, Final

from features.errors import ArtefactError
from pipeline.files import read_json
from pipeline.ledger import read_ledger
from pipeline.run_record import content_hash

LEDGER: Final = "ledger.jsonl"
DESCRIPTION: Final = "forecast.json"
PREDICTIONS: Final = "predictions.parquet"


def frozen_entry(folder: Path, name: str) -> dict[str, Any] | None:
    """The entry by which a forecast was frozen; null if there is none of this name.

    Raises:
        ArtefactError: the ledger was changed.
    """
    for entry in read_ledger(folder / LEDGER):
        if entry["event"] == "frozen" and entry["name"] == name:
            return entry
    return None


def description(folder: Path, entry: dict[str, Any]) -> dict[str, Any]:
    """forecast.json, if it and the predictions are what was frozen.

    Args:
        folder: of the forecasts and their ledger.
        entry: by which the forecast was frozen.

    Raises:
        ArtefactError: what was changed, by name.
    """
    home = folder / str(entry["name"])
    _unchanged(home / DESCRIPTION, entry["forecast"])
    described: dict[str, Any] = read_json(home / DESCRIPTION)
    _unchanged(home / PREDICTIONS, described["predictions"])
    return described


def forecasts(folder: Path) -> list[dict[str, Any]]:
    """What is known of each forecast, in the order of freezing.

    name; hash, of the entry that froze it; description, forecast.json, or null with
    the reason in `changed` if a file is no more what was frozen; scorings, an entry
    for each set of labels, oldest first.

    Raises:
        ArtefactError: the ledger was changed.
    """
    found: dict[str, dict[str, Any]] = {}
    for entry in read_ledger(folder / LEDGER):
        if entry["event"] == "scored":
            found[entry["name"]]["scorings"].append(entry)
            continue
        row = {"name": entry["name"], "hash": entry["hash"], "scorings": []}
        try:
            row |= {"description": description(folder, entry), "changed": None}
        except ArtefactError as error:
            row |= {"description": None, "changed": str(error)}
        found[entry["name"]] = row
    return list(found.values())


def _unchanged(path: Path, expected: str) -> None:
    if not path.exists() or content_hash(path) != expected:
        raise ArtefactError(
            f"{path}: not what was frozen (changed, replaced or removed); nothing is "
            "scored; bring the original back"
        )
