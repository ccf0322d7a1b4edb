"""What was frozen: the forecasts of a folder, as its ledger and their files tell."""

from pathlib import Path
from typing import Any, Final

import polars as pl

from features.errors import ArtefactError, InputError
from pipeline.files import read_json
from pipeline.ledger import read_ledger
from pipeline.ledger_entries import Description, checked_entries, fitting
from pipeline.run_record import content_hash

LEDGER: Final = "ledger.jsonl"
DESCRIPTION: Final = "forecast.json"
PREDICTIONS: Final = "predictions.parquet"
# Columns of the predictions that are compared with labels.
COLUMNS: Final = pl.Schema(
    {
        "account_id": pl.String(),
        "outcome": pl.String(),
        "bot_probability": pl.Float64(),
        "prevalence_shift": pl.Float64(),
    }
)


def frozen_entry(folder: Path, name: str) -> dict[str, Any] | None:
    """The entry by which a forecast was frozen; null if there is none of this name.

    Raises:
        ArtefactError: the ledger was changed.
    """
    for entry in _entries(folder):
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
    try:
        described: dict[str, Any] = read_json(home / DESCRIPTION)
    except InputError as error:
        raise ArtefactError(str(error)) from None
    fitting(str(home / DESCRIPTION), described, Description)
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
    for entry in _entries(folder):
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


def predictions(folder: Path, name: str) -> pl.DataFrame:
    """What was predicted of each account, columns as COLUMNS; see `description` first.

    Accounts that were rejected are left out: an id may stand among them many times.

    Raises:
        ArtefactError: the file is no such table.
    """
    path = folder / name / PREDICTIONS
    try:
        table = pl.read_parquet(path, columns=list(COLUMNS)).cast(COLUMNS)
        table = table.filter(pl.col("outcome") != "rejected")
        reason = _fault(table)
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = str(error).splitlines()[0][:200]
    if reason:
        raise ArtefactError(
            f"{path}: not a table of predictions ({reason}); bring the original back"
        )
    return table


def _fault(table: pl.DataFrame) -> str | None:
    """What is wrong with predictions; null for nothing."""
    if table["account_id"].is_duplicated().any():
        return "an account stands twice"
    numbers = pl.col("bot_probability", "prevalence_shift")
    scored = table.filter(pl.col("outcome") == "scored").select(numbers.is_finite())
    if not scored.select(pl.all_horizontal(pl.all().fill_null(False)).all()).item():
        return "an account is scored and has no number"
    return None


def _entries(folder: Path) -> list[dict[str, Any]]:
    return checked_entries(folder / LEDGER, read_ledger(folder / LEDGER))


def _unchanged(path: Path, expected: str) -> None:
    if not path.exists() or content_hash(path) != expected:
        raise ArtefactError(
            f"{path}: not what was frozen (changed, replaced or removed); nothing is "
            "scored; bring the original back"
        )
