"""What each family of features brings to campaigns never seen: without it, and alone."""

import tempfile
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from features.catalogue import FEATURES
from pipeline.evaluate import load_campaigns
from pipeline.files import write_parquet
from pipeline.params import Params
from pipeline.proofs.chain import score_world
from pipeline.proofs.families import FAMILIES
from pipeline.proofs.seeds import Figures, unseen

WITH_ALL: Final = "all families"


def ablate(
    folder: Path,
    params: Params,
    say: Callable[[str], None],
    families: Sequence[str] = FAMILIES,
) -> dict[str, Figures]:
    """Figures with all features, without each family, and with each alone.

    Boosters, trees and calibrators are made anew each time, as in the pipeline; which
    features exist is the only thing that changes.

    Args:
        folder: a world's labelled, folds and features.
        params: of training and evaluation.
        say: told one line a run.
        families: the ones looked at.
    """
    runs: dict[str, Collection[str]] = {WITH_ALL: FAMILIES}
    runs |= {f"without {one}": [f for f in FAMILIES if f != one] for one in families}
    runs |= {f"{one} alone": [one] for one in families}
    campaigns = load_campaigns(folder / "labelled")
    found = {}
    for name, kept in runs.items():
        with tempfile.TemporaryDirectory() as working:
            reduced = Path(working)
            for part in ("labelled", "folds"):
                (reduced / part).symlink_to((folder / part).resolve())
            _reduce(folder / "features", kept, reduced / "features")
            scored = score_world(
                reduced,
                ("loco",),
                params.train,
                params.calibrate,
                reduced / "scored",
            )
        found[name] = unseen(scored, campaigns, params.evaluate.rules())
        mean, worst = found[name]["auc"]
        say(f"{name}: auc {mean}, worst {worst}")
    return found


def _reduce(features: Path, families: Collection[str], target: Path) -> None:
    """Write the features with null for those of other families."""
    gone = [feature.name for feature in FEATURES if feature.family not in families]
    for name, order in {
        "features.parquet": ["account_id"],
        "fitted.parquet": ["training_set", "account_id"],
    }.items():
        table = pl.read_parquet(features / name)
        nothing = [
            pl.lit(None, dtype).alias(column)
            for column, dtype in table.schema.items()
            if column in gone
        ]
        write_parquet(table.with_columns(nothing), target / name, order)
