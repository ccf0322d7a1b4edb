"""Forecast: predictions frozen before their labels are known, and scored once they are.

    python -m pipeline.forecast freeze --world W --accounts A --posts P --out FOLDER/NAME
    python -m pipeline.forecast score --name NAME --labels L --expect HASH
    python -m pipeline.forecast list

Freezing writes hashes of model, input and predictions into a ledger beside the forecast;
scoring refuses what no longer fits them. Who can write the folder can make them fit:
only the hash published at freezing, and expected at scoring, proves anything.
"""

import argparse
from pathlib import Path
from typing import Final

from features.errors import InputError
from models.metrics import FIGURES
from pipeline.forecast_freeze import freeze
from pipeline.forecast_score import score_forecast
from pipeline.frozen import forecasts
from pipeline.stage import run_stage, say

FOLDER: Final = Path("artifacts") / "forecasts"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    actions = parser.add_subparsers(dest="action", required=True)
    freezing = actions.add_parser("freeze", help="predict before labels are known")
    model = freezing.add_mutually_exclusive_group(required=True)
    model.add_argument("--world", help="whose champion predicts")
    model.add_argument("--bundle", type=Path, help="another model than a champion")
    freezing.add_argument("--accounts", type=Path, required=True, help="canonical")
    freezing.add_argument(
        "--posts", type=Path, help="canonical, file or folder; may be missing"
    )
    freezing.add_argument("--as-of", help="moment, if the accounts do not state it")
    freezing.add_argument("--out", type=Path, required=True, help="directory to write")
    scoring = actions.add_parser("score", help="compare with labels")
    scoring.add_argument("--name", required=True, help="of the forecast")
    scoring.add_argument("--labels", type=Path, required=True, help="account_id, label")
    scoring.add_argument("--expect", metavar="HASH", help="published at freezing")
    scoring.add_argument("--accounts", type=Path, help="to compare with those frozen")
    scoring.add_argument("--posts", type=Path, help="to compare with those frozen")
    listing = actions.add_parser("list", help="what the ledger holds")
    for each in (scoring, listing):
        each.add_argument("--folder", type=Path, default=FOLDER, help="of forecasts")
    return parser.parse_args()


def _champion(world: str) -> Path:
    """The bundle of a world's champion.

    Raises:
        InputError: it has none.
    """
    bundle = Path("artifacts") / world / "champion" / "bundle"
    if not bundle.is_dir():
        raise InputError(
            f"{bundle}: no champion of world {world}; `make promote WORLD={world}` makes "
            "one, or says why not; --bundle takes another model"
        )
    return bundle


def main() -> None:
    """Run the command."""
    args = _arguments()
    if args.action == "freeze":
        bundle = args.bundle or _champion(args.world)
        entered = freeze(bundle, args.accounts, args.posts, args.as_of, args.out)
        say(f"{args.out}: frozen; publish this hash to prove when: {entered}")
    elif args.action == "score":
        kinds = {"accounts": args.accounts, "posts": args.posts}
        given = {kind: path for kind, path in kinds.items() if path is not None}
        result = score_forecast(args.folder, args.name, args.labels, args.expect, given)
        for key in ("n_pos", "n_neg", "abstained", "not_predicted", *FIGURES):
            value = result[key]
            why = f"- ({result.get(f'{key}_reason')})"
            say(f"{key:24} {why if value is None else value}")
    else:
        known = forecasts(args.folder)
        if not known:
            say(f"{args.folder}: no forecast yet")
        for row in known:
            status = "scored" if row["scorings"] else "frozen"
            say(f"{row['name']:24} {row['changed'] or status:8} {row['hash']}")
            for scoring in row["scorings"]:
                pairs = [(key, scoring.get(key)) for key in FIGURES]
                shown = [f"{key} {value}" for key, value in pairs if value is not None]
                say(f"  {' '.join(shown)}")


if __name__ == "__main__":
    run_stage(main)
