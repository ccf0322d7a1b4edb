"""Write the archives of a simulated world, and the truth about it apart from them."""

from pathlib import Path

from pipeline.files import atomic_directory, atomic_file
from pipeline.section import load_section
from pipeline.stage import run_stage, say, stage_parser, world_lock
from pipeline.world.settings import CALIBRATED, SimulateParams, knobs_digest
from pipeline.world.world import simulate


def main() -> None:
    """Run the stage."""
    parser = stage_parser(__doc__)
    parser.add_argument("--raw", type=Path, required=True, help="archives to write")
    parser.add_argument("--truth", type=Path, required=True, help="truth to write")
    args = parser.parse_args()
    params: SimulateParams = load_section(args.params, "simulate", SimulateParams)
    if knobs_digest(params) != CALIBRATED:
        say(
            "this is not the calibrated world: figures are not to be compared with "
            "those of docs/experiments.md"
        )
    with (
        world_lock(args.world),
        atomic_directory(args.raw) as raw,
        atomic_file(args.truth) as truth,
    ):
        simulate(params, raw, truth, say)


if __name__ == "__main__":
    run_stage(main)
