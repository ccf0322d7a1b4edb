"""Forecast: predictions frozen before their labels are known, and scored once they are.

    python -m pipeline.forecast freeze --world W --accounts A --posts P --out FOLDER/NAME
    python -m pipeline.forecast score --name NAME --labels L
    python -m pipeline.forecast list

Freezing writes hashes of model, input and predictions into a ledger beside the forecast;
scoring refuses whatever was changed since.
"""

import argparse
from pathlib import Path
from typing import Any, Final

import polars as pl

from features.errors import ArtefactError, InputError
from models.bundle import bundle_hash
from models.calibrator import logit
from models.metrics import FIGURES, figures, to_share
from pipeline.files import atomic_directory, read_json, write_json, write_parquet
from pipeline.ledger import append, read_ledger
from pipeline.run_record import content_hash
from pipeline.score import score_given, score_parser
from pipeline.stage import run_stage, say

FOLDER: Final = Path("artifacts") / "forecasts"
LEDGER: Final = "ledger.jsonl"
_KEPT: Final = ("account_id", "as_of", "outcome", "bot_probability", "prevalence_shift")
# A probability may be rounded to 0 or 1, where log-odds end.
_NEAR: Final = 1e-12


def freeze(
    bundle: Path, accounts: Path, posts: Path | None, as_of: str | None, out: Path
) -> str:
    """Write predictions.parquet and forecast.json, and enter them; the ledger's hash.

    Args:
        bundle: directory of the model.
        accounts: canonical accounts, Parquet or CSV.
        posts: canonical posts, or null.
        as_of: moment of judging, if the accounts do not state it.
        out: directory to write; its name is that of the forecast.

    Raises:
        InputError: there is a forecast of this name.
    """
    ledger = out.parent / LEDGER
    if out.exists() or _frozen(ledger, out.name):
        raise InputError(f"{out}: there is a forecast of this name; choose another")
    given = {"accounts": accounts} | ({"posts": posts} if posts else {})
    arguments = [f"--{name}={path}" for name, path in given.items()]
    arguments += [f"--as-of={as_of}"] if as_of else []
    with atomic_directory(out) as working:
        whole = working / "scores.parquet"
        arguments += [f"--bundle={bundle}", f"--out={whole}"]
        model, counts = score_given(score_parser().parse_args(arguments))
        scores = pl.read_parquet(whole, columns=list(_KEPT))
        whole.unlink()
        write_parquet(scores, working / "predictions.parquet", ["account_id"])
        write_json(
            {
                "name": out.name,
                "world": model.description["world"],
                "anchor": model.calibrator.anchor,
                "latest": str(scores["as_of"].max()),
                **counts,
                "bundle": bundle_hash(bundle),
                "predictions": content_hash(working / "predictions.parquet"),
                "input": {
                    name: {"path": path.as_posix(), "sha256": content_hash(path)}
                    for name, path in given.items()
                },
            },
            working / "forecast.json",
        )
    entry = {"event": "frozen", "name": out.name}
    return append(ledger, entry | {"forecast": content_hash(out / "forecast.json")})


def score_forecast(folder: Path, name: str, labels: Path) -> dict[str, Any]:
    """Figures of a frozen forecast against labels, entered into the ledger once.

    Args:
        folder: of the forecasts and their ledger.
        name: of the forecast.
        labels: CSV or Parquet: account_id, label (1 or 0).

    Raises:
        ArtefactError: the ledger, or a file of the forecast, was changed; names it.
        InputError: no such forecast; labels that fit none of its accounts.
    """
    described = checked(folder, name)
    known = _labels(labels)
    predicted = pl.read_parquet(folder / name / "predictions.parquet")
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
        "forecast": content_hash(folder / name / "forecast.json"),
        "labels": content_hash(labels),
        "n_pos": int(truth.sum()),
        "n_neg": int(len(truth) - truth.sum()),
        "abstained": int((outcome == "abstained").sum()),
        "not_predicted": outcome.null_count() + int((outcome == "rejected").sum()),
        "not_labelled": described["scored"] - scored.height,
        **{
            figure: None if each.value is None else round(each.value, 6)
            for figure, each in found.items()
        },
    }
    ledger = folder / LEDGER
    same = [e for e in read_ledger(ledger) if result.items() <= e.items()]
    if same:
        say(f"forecast {name}: already in the ledger with these labels")
    else:
        append(ledger, result)
    return result


def checked(folder: Path, name: str) -> dict[str, Any]:
    """forecast.json, if nothing that it speaks of was changed.

    Raises:
        ArtefactError: what differs, by name.
        InputError: there is no such forecast.
    """
    home = folder / name
    entry = _frozen(folder / LEDGER, name)
    if entry is None:
        known = ", ".join(row["name"] for row in ledger_rows(folder)) or "none"
        raise InputError(f"{folder / LEDGER}: no forecast {name}; known: {known}")
    _unchanged(home / "forecast.json", entry["forecast"])
    described: dict[str, Any] = read_json(home / "forecast.json")
    _unchanged(home / "predictions.parquet", described["predictions"])
    for source in described["input"].values():
        # The input may be gone; if it is there, it is still what was scored.
        if Path(source["path"]).exists():
            _unchanged(Path(source["path"]), source["sha256"])
    return described


def ledger_rows(folder: Path = FOLDER) -> list[dict[str, Any]]:
    """A row a forecast, in the order of freezing, for a report.

    name, status (frozen or scored), and the latest figures, null until they are known.

    Raises:
        ArtefactError: the ledger was changed.
    """
    rows: dict[str, dict[str, Any]] = {}
    for entry in read_ledger(folder / LEDGER):
        row = rows.setdefault(entry["name"], {"name": entry["name"]})
        row["status"] = entry["event"]
        for key in ("n_pos", "n_neg", *FIGURES):
            row[key] = entry.get(key)
    return list(rows.values())


def _frozen(ledger: Path, name: str) -> dict[str, Any] | None:
    for entry in read_ledger(ledger):
        if entry["event"] == "frozen" and entry["name"] == name:
            return entry
    return None


def _unchanged(path: Path, expected: str) -> None:
    if not path.exists() or content_hash(path) != expected:
        raise ArtefactError(
            f"{path}: not what was frozen (changed, replaced or removed); nothing is "
            "scored; bring the original back"
        )


def _labels(path: Path) -> pl.DataFrame:
    """account_id and label, each account once.

    Raises:
        InputError: columns missing, another label than 1 or 0, an account twice.
    """
    try:
        read = pl.read_parquet if path.suffix == ".parquet" else pl.read_csv
        table = read(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = str(error).splitlines()[0][:200]
        raise InputError(f"{path}: cannot be read ({reason})") from None
    if absent := {"account_id", "label"} - set(table.columns):
        raise InputError(
            f"{path}: no column {', '.join(sorted(absent))}; expected account_id, label"
        )
    known = table.select(
        pl.col("account_id").cast(pl.String),
        pl.col("label").cast(pl.Int8, strict=False),
    )
    bad = ~known["label"].is_in([0, 1]).fill_null(False)
    again = known["account_id"].is_duplicated()
    for wrong, what in (
        (bad, "label is not 1 or 0"),
        (again, "account_id stands twice"),
    ):
        if wrong.any():
            row = int(wrong.arg_max() or 0) + 1
            raise InputError(f"{path}, row {row}: {what}")
    return known


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    actions = parser.add_subparsers(dest="action", required=True)
    freezing = actions.add_parser("freeze", help="predict before labels are known")
    freezing.add_argument("--world", required=True, help="whose champion predicts")
    freezing.add_argument("--bundle", type=Path, help="another model than the champion")
    freezing.add_argument("--accounts", type=Path, required=True, help="canonical")
    freezing.add_argument("--posts", type=Path, help="canonical; may be missing")
    freezing.add_argument("--as-of", help="moment, if the accounts do not state it")
    freezing.add_argument("--out", type=Path, required=True, help="directory to write")
    scoring = actions.add_parser("score", help="compare with labels")
    scoring.add_argument("--name", required=True, help="of the forecast")
    scoring.add_argument("--labels", type=Path, required=True, help="account_id, label")
    listing = actions.add_parser("list", help="what the ledger holds")
    for each in (scoring, listing):
        each.add_argument("--folder", type=Path, default=FOLDER, help="of forecasts")
    return parser.parse_args()


def main() -> None:
    """Run the command."""
    args = _arguments()
    if args.action == "freeze":
        bundle = args.bundle or Path("artifacts") / args.world / "champion" / "bundle"
        last = freeze(bundle, args.accounts, args.posts, args.as_of, args.out)
        say(f"{args.out}: frozen; publish this hash to prove when: {last}")
    elif args.action == "score":
        result = score_forecast(args.folder, args.name, args.labels)
        for key in ("n_pos", "n_neg", "abstained", "not_predicted", *FIGURES):
            say(f"{key:20} {'-' if result[key] is None else result[key]}")
    else:
        for row in ledger_rows(args.folder):
            shown = [f"{row[key]}" for key in FIGURES if row[key] is not None]
            say(f"{row['name']:24} {row['status']:8} {' '.join(shown)}")


if __name__ == "__main__":
    run_stage(main)
