"""Writes the run to MLflow and registers the model if no gate failed.

The only out is the model's hash: neither run nor version nor time, so that it is the
same wherever and however often the stage runs.
"""

import argparse
from pathlib import Path

from pipeline.files import write_json
from pipeline.run_record import Outputs, read_record
from pipeline.stage import run_stage, say, stage_parser, world_lock
from pipeline.tracking.runs import track
from pipeline.tracking.store import tracking_uri


def _arguments() -> argparse.Namespace:
    parser = stage_parser(__doc__)
    for name, meaning in {
        "lock": "dvc.lock; logged as it is at this moment, if it exists",
        "metrics": "metrics of the evaluation, with the gates",
        "bundle": "directory of the bundle",
        "plots": "directory of plot data",
        "card": "model card",
        "details": "report.json",
        "report": "report page",
        "out": "JSON file to write",
    }.items():
        parser.add_argument(f"--{name}", type=Path, required=True, help=meaning)
    parser.add_argument(
        "--data", type=Path, nargs="*", default=[], help="data whose hashes are kept"
    )
    lock = Path("serving/requirements.lock")
    parser.add_argument("--requirements", type=Path, default=lock, help="pins to log")
    return parser.parse_args()


def main() -> None:
    """Run the stage."""
    given = _arguments()
    outputs = Outputs(
        metrics=given.metrics,
        bundle=given.bundle,
        plots=given.plots,
        card=given.card,
        details=given.details,
        report=given.report,
        lock=given.lock,
        data=tuple(given.data),
    )
    with world_lock(given.world):
        record = read_record(given.world, outputs, given.params, given.requirements)
        registered = track(record, tracking_uri(Path.cwd()))
        write_json(
            {"model_hash": record.model_hash, "registered": registered}, given.out
        )
    say("`make ui` shows runs and registered models")


if __name__ == "__main__":
    run_stage(main)
