"""Feature values of the labelled accounts, with the fitted tables of a training set."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.catalogue import FEATURES
from models.evidence import Bools, evidence_states
from models.matrix import Matrix, to_matrix


@dataclass(frozen=True)
class Values:
    """Feature values of the labelled accounts.

    Attributes:
        static: account_id, n_posts, features without fitted tables.
        fitted: the others, a row a training set and account.
    """

    static: pl.DataFrame
    fitted: pl.DataFrame

    @classmethod
    def read(cls, features: Path) -> "Values":
        """Those that featurize wrote."""
        return cls(
            pl.read_parquet(features / "features.parquet"),
            pl.read_parquet(features / "fitted.parquet"),
        )

    def of(self, key: str) -> pl.DataFrame:
        """Values with the tables of one training set."""
        rows = self.fitted.filter(pl.col("training_set") == key)
        return self.static.join(rows.drop("training_set"), on="account_id")

    def rows(
        self, key: str, account_ids: pl.Series
    ) -> tuple[Matrix, NDArray[np.int64]]:
        """Matrix and posts of some accounts, in their order."""
        found = account_ids.to_frame("account_id").join(
            self.of(key), on="account_id", how="left", maintain_order="left"
        )
        return to_matrix(found, FEATURES), found["n_posts"].to_numpy()

    def states(self, key: str, account_ids: pl.Series) -> Bools:
        """Evidence states of some accounts, in their order."""
        return evidence_states(*self.rows(key, account_ids))
