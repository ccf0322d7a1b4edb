"""A world as split and featurize left it, ready for boosters to be trained on again."""

import hashlib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import polars as pl

from features.errors import InputError
from models.bundle import code_hash
from models.evaluation import Campaign
from models.nested import Data, final_members
from models.training_sets import TrainingSet, training_sets
from pipeline.evaluate import load_campaigns
from pipeline.run_record import content_hash
from pipeline.train import load_data


@dataclass(frozen=True)
class StoredWorld:
    """What every booster of a world is trained and judged on.

    Attributes:
        data: accounts with their features.
        labels: canonical labels.
        folds: of the protocol loco.
        sets: training sets of those folds.
        campaigns: as declared.
        digest: of labels, folds, features and the code that reads them.
    """

    data: Data
    labels: pl.DataFrame
    folds: pl.DataFrame
    sets: list[TrainingSet]
    campaigns: list[Campaign]
    digest: str

    @property
    def headline(self) -> list[str]:
        """Operators whose figures may be put into a mean, sorted."""
        return sorted({c.operator for c in self.campaigns if c.in_headline})

    def members(self, fold: str | None) -> pl.DataFrame:
        """Members of a loco fold, or of the final model: account_id, side, unit."""
        if fold is None:
            return final_members(self.data, self.folds)
        return self.folds.filter(pl.col("fold") == fold)


def load_world(folder: Path) -> StoredWorld:
    """The world whose stages wrote into `folder`: labelled, folds and features.

    Raises:
        InputError: one of these stages has not run.
    """
    paths = [
        folder / "labelled" / "labels.parquet",
        folder / "folds" / "folds.parquet",
        folder / "features" / "features.parquet",
        folder / "features" / "fitted.parquet",
    ]
    if absent := [str(path) for path in paths if not path.exists()]:
        raise InputError(
            f"{absent[0]}: no such file; `make repro` of this world writes it"
        )
    labels = pl.read_parquet(paths[0])
    folds = pl.read_parquet(paths[1]).filter(pl.col("protocol") == "loco")
    data = load_data(folder / "features", labels)
    hashes = [code_hash(), *(content_hash(path) for path in paths)]
    return StoredWorld(
        # Trials read the same values again and again.
        replace(data, values=cache(data.values)),
        labels,
        folds,
        training_sets(folds),
        load_campaigns(folder / "labelled"),
        hashlib.sha256("\n".join(hashes).encode()).hexdigest(),
    )
