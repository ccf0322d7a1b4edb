"""Inner scores of a fold once more, with the evidence of a state withheld.

By the very boosters that gave them, which had not seen the operator: no account that
the fold left out has a part in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import lightgbm as lgb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.matrix import Matrix
from models.training import Floats, raw_scores
from models.training_sets import set_key
from models.withheld import WITHHELD, withhold
from pipeline.files import read_json
from pipeline.values import Values


def training_set(fold: str, unit: str | None = None) -> str:
    """Key of a leave-one-out fold's training set, or of that without one unit.

    Args:
        fold: name; `all` for the final model.
        unit: of the fold's training side.
    """
    return set_key("loco", None if fold == "all" else fold, unit)


@dataclass(frozen=True)
class Boosters:
    """Boosters of the training sets.

    Attributes:
        folder: of their texts.
        trees: protocol and fold -> trees that its scores read.
    """

    folder: Path
    trees: Mapping[str, int]

    @classmethod
    def read(cls, trained: Path) -> "Boosters":
        """Those that train wrote."""
        return cls(trained / "boosters", read_json(trained / "trees.json"))

    def load(self, key: str) -> lgb.Booster:
        """Booster of a training set, with all its trees."""
        return lgb.Booster(model_file=self.folder / f"{key}.txt")


@dataclass(frozen=True)
class Unit:
    """Inner rows of one unit.

    Attributes:
        rows: their places among those of the fold.
        booster: that had not seen the unit.
        matrix: feature values, with the fitted tables of that booster.
        n_posts: posts of each account that count.
    """

    rows: NDArray[np.int64]
    booster: lgb.Booster
    matrix: Matrix
    n_posts: NDArray[np.int64]


@dataclass(frozen=True)
class InnerScorer:
    """Scores the inner rows of a leave-one-out fold again.

    Attributes:
        unseen: unit and account_id of the inner rows.
        values: feature values.
        boosters: of all training sets.
        fold: name; `all` for the final model.
    """

    unseen: pl.DataFrame
    values: Values
    boosters: Boosters
    fold: str

    def __call__(self, state: str) -> Floats | None:
        """Raw scores, shape (n_accounts,), NaN where there is nothing to withhold.

        Null for states that cannot be made by withholding.
        """
        if state not in WITHHELD:
            return None
        scores = np.full(self.unseen.height, np.nan)
        for unit in self.units:
            left, inside = withhold(state, unit.matrix, unit.n_posts)
            if inside.any():
                scores[unit.rows[inside]] = self.score(unit, left[inside])
        return scores

    def score(self, unit: Unit, matrix: Matrix) -> Floats:
        """Raw scores of feature values by the booster that had not seen the unit."""
        trees = self.boosters.trees[f"loco/{self.fold}"]
        return raw_scores(unit.booster, matrix, trees)

    @cached_property
    def units(self) -> list[Unit]:
        """Of the fold's training side, by name; read when first asked for."""
        found = []
        names = self.unseen["unit"].to_numpy()
        for name in np.unique(names):
            key = training_set(self.fold, str(name))
            rows = np.flatnonzero(names == name)
            matrix, n_posts = self.values.rows(key, self.unseen["account_id"][rows])
            found.append(Unit(rows, self.boosters.load(key), matrix, n_posts))
        return found
