"""Split: folds that leave out whole operators, forward in time, and at random."""

from pathlib import Path
from typing import Annotated

import polars as pl
from pydantic import Field

from models.split import make_folds
from models.training_sets import judged
from pipeline.files import atomic_directory, write_json, write_parquet
from pipeline.section import Section, load_section
from pipeline.stage import run_stage, say, stage_parser, world_lock


class SplitParams(Section):
    """Section `split` of params.yaml."""

    random_folds: Annotated[int, Field(ge=3, le=10)]
    temporal_share: Annotated[float, Field(gt=0, lt=1)]
    gap_days: Annotated[int, Field(ge=0)]


def split(labels_path: Path, params: SplitParams, out: Path) -> dict[str, int]:
    """Write folds.parquet and not_applicable.json; accounts tested, by protocol/fold."""
    folds = make_folds(
        pl.read_parquet(labels_path),
        random_folds=params.random_folds,
        temporal_share=params.temporal_share,
        gap_days=params.gap_days,
    )
    with atomic_directory(out) as working:
        keys = ["protocol", "fold", "account_id"]
        write_parquet(folds.table, working / "folds.parquet", keys)
        write_json(folds.not_applicable, working / "not_applicable.json")
    _say_left_out(folds.table)
    tested = folds.table.filter(pl.col("side") == "test")
    counts = tested.group_by("protocol", "fold").len().sort("protocol", "fold")
    return {f"{protocol}/{fold}": n for protocol, fold, n in counts.iter_rows()}


def _say_left_out(folds: pl.DataFrame) -> None:
    """Tell how often an account is not trained on, for it or a copy is tested."""
    loco = judged(folds)
    missing = loco["account_id"].n_unique() * loco["fold"].n_unique() - loco.height
    if missing:
        say(
            f"{missing:,} time(s) an account is left out of training, because it or a "
            "copy of it is tested"
        )


def main() -> None:
    """Run the command."""
    parser = stage_parser(__doc__)
    parser.add_argument("--labels", type=Path, required=True, help="labels.parquet")
    parser.add_argument("--out", type=Path, required=True, help="directory to write")
    args = parser.parse_args()
    params = load_section(args.params, "split", SplitParams)
    with world_lock(args.world):
        for fold, count in split(args.labels, params, args.out).items():
            say(f"{fold}: {count:,} accounts tested")


if __name__ == "__main__":
    run_stage(main)
