"""Score of a forecast: what was frozen compared with labels that came later."""

from pathlib import Path
from typing import Any, Final

import polars as pl

from features.errors import ArtefactError, InputError
from models.calibrator import logit
from models.metrics import figures, to_share
from pipeline.frozen import (
    DESCRIPTION,
    LEDGER,
    description,
    forecasts,
    frozen_entry,
    predictions,
)
from pipeline.ledger import read_ledger, writing
from pipeline.run_record import content_hash
from pipeline.stage import say

# A probability may be rounded to 0 or 1, where log-odds end.
_NEAR: Final = 1e-12


def score_forecast(
    folder: Path,
    name: str,
    labels: Path,
    expected: str | None = None,
    given: dict[str, Path] | None = None,
) -> dict[str, Any]:
    """Figures of a frozen forecast against labels, entered into the ledger once.

    Args:
        folder: of the forecasts and their ledger.
        name: of the forecast.
        labels: CSV or Parquet: account_id, label (1 or 0).
        expected: hash that was published at freezing; null to compare with none.
        given: the input by kind (accounts, posts), where it is still there; one that
            is not what was frozen is said and changes nothing.

    Returns:
        The entry; beside each figure that is null, `<figure>_reason`.

    Raises:
        ArtefactError: the ledger, or a file of the forecast, was changed, or is not
            what the hash was published for; names it.
        InputError: no such forecast; labels that fit none of its accounts.
    """
    described = checked(folder, name, expected)
    for kind, path in (given or {}).items():
        _compare(kind, path, described["input"].get(kind))
    known = _labels(labels)
    predicted = predictions(folder, name)
    joined = known.join(predicted, on="account_id", how="left", maintain_order="left")
    scored = joined.filter(pl.col("outcome") == "scored")
    truth = scored["label"].to_numpy()
    if len(set(truth.tolist())) < 2:
        raise InputError(
            f"{labels}: {scored.height} of {known.height} labels are of accounts that "
            f"were scored, and not of both classes; expected account_id as in the input "
            f"of forecast {name}, and labels 1 and 0"
        )
    probabilities = scored["bot_probability"].clip(_NEAR, 1 - _NEAR).to_numpy()
    logits = logit(probabilities) - scored["prevalence_shift"].to_numpy()
    found = figures(to_share(logits, described["anchor"], truth), truth)
    outcome = joined["outcome"]
    result: dict[str, Any] = {
        "event": "scored",
        "name": name,
        "forecast": content_hash(folder / name / DESCRIPTION),
        "labels": content_hash(labels),
        "n_pos": int(truth.sum()),
        "n_neg": int(len(truth) - truth.sum()),
        "abstained": int((outcome == "abstained").sum()),
        "not_predicted": outcome.null_count(),
        "not_labelled": described["scored"] - scored.height,
        **{
            figure: None if each.value is None else round(each.value, 6)
            for figure, each in found.items()
        },
    }
    ledger = folder / LEDGER
    with writing(ledger) as append:
        if any(result.items() <= entry.items() for entry in read_ledger(ledger)):
            say(f"forecast {name}: already in the ledger with these labels")
        else:
            append(result)
    reasons = {f"{figure}_reason": each.reason for figure, each in found.items()}
    return result | {key: reason for key, reason in reasons.items() if reason}


def checked(folder: Path, name: str, expected: str | None = None) -> dict[str, Any]:
    """forecast.json, if nothing that it speaks of was changed.

    Args:
        folder: of the forecasts and their ledger.
        name: of the forecast.
        expected: hash that was published at freezing; null to compare with none.

    Raises:
        ArtefactError: what differs, by name.
        InputError: there is no such forecast.
    """
    entry = frozen_entry(folder, name)
    if entry is None:
        known = ", ".join(row["name"] for row in forecasts(folder)) or "none"
        raise InputError(f"{folder / LEDGER}: no forecast {name}; known: {known}")
    if expected is not None and entry["hash"] != expected:
        raise ArtefactError(
            f"{folder / LEDGER}: forecast {name} was entered as {entry['hash']}, "
            f"expected {expected}; nothing is scored; bring the original back, or give "
            "the hash that was published at freezing"
        )
    return description(folder, entry)


def _compare(kind: str, path: Path, frozen: dict[str, str] | None) -> None:
    if frozen is None:
        say(f"warning: {path}: the forecast was made without {kind}")
    elif not path.exists():
        say(f"warning: {path}: no such file; {kind} not compared with what was frozen")
    elif content_hash(path) != frozen["sha256"]:
        say(
            f"warning: {path}: not the {kind} that were frozen ({frozen['file']}); "
            "figures are of what was frozen"
        )


def _labels(path: Path) -> pl.DataFrame:
    """account_id and label, each account once.

    Raises:
        InputError: columns missing, no account_id, another label than 1 or 0, an
            account twice.
    """
    try:
        if path.suffix == ".parquet":
            table = pl.read_parquet(path)
        else:
            # As text: a number would lose the zeros that an id begins with.
            table = pl.read_csv(path, infer_schema=False)
        if absent := {"account_id", "label"} - set(table.columns):
            raise InputError(
                f"{path}: no column {', '.join(sorted(absent))}; expected account_id, "
                "label"
            )
        known = table.select(
            pl.col("account_id").cast(pl.String),
            # Not to a whole number at once: 0.5 would become 0.
            pl.col("label").cast(pl.Float64, strict=False),
        )
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = str(error).splitlines()[0][:200]
        raise InputError(f"{path}: cannot be read ({reason})") from None
    nobody = known["account_id"].is_null()
    bad = ~known["label"].is_in([0.0, 1.0]).fill_null(False)
    again = known["account_id"].is_duplicated()
    for wrong, what in (
        (nobody, "account_id is empty"),
        (bad, "label is not 1 or 0"),
        (again, "account_id stands twice"),
    ):
        if wrong.any():
            row = int(wrong.arg_max() or 0) + 1
            raise InputError(f"{path}, row {row}: {what}")
    return known.with_columns(pl.col("label").cast(pl.Int8))
