"""Control values: which values features have among controls, by band of posts.

A value counts for nothing by itself; beside those of ordinary accounts about which as
much is known it says whether it is unusual. Counts of parts merge into those of the
whole, and the same accounts in any order give the same quantiles, byte for byte.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.feature import Feature
from models.bands import BANDS, band_name

# Whole percents.
QUANTILES: Final = 101

# Different values of a feature, rising, and the accounts that have each.
Counts = tuple[NDArray[np.float64], NDArray[np.int64]]


@dataclass(frozen=True)
class ControlValues:
    """Counts of accounts.

    Attributes:
        bands: band of posts -> feature -> its different values and their counts; no
            feature stands in a band in which nobody has a value.
    """

    bands: Mapping[str, Mapping[str, Counts]]

    @classmethod
    def count(
        cls, values: pl.DataFrame, features: Sequence[Feature]
    ) -> "ControlValues":
        """Counts of these accounts; no account may stand in two tables to merge.

        Args:
            values: controls that were trained on: n_posts and a column a feature.
            features: in order.
        """
        found: dict[str, dict[str, Counts]] = {}
        for low, high in BANDS:
            inside = pl.col("n_posts") >= low
            if high is not None:
                inside &= pl.col("n_posts") <= high
            rows = values.filter(inside)
            found[band_name(low, high)] = of_band = {}
            for feature in features:
                known = rows[feature.name].drop_nulls().cast(pl.Float64).to_numpy()
                if len(known):
                    of_band[feature.name] = np.unique(known, return_counts=True)
        return cls(found)

    def merge(self, other: "ControlValues") -> "ControlValues":
        """Counts as if made of the accounts of both."""
        merged: dict[str, dict[str, Counts]] = {}
        for band in self.bands:
            one, another = self.bands[band], other.bands[band]
            names = [*one, *(name for name in another if name not in one)]
            merged[band] = {
                name: _merged([part[name] for part in (one, another) if name in part])
                for name in names
            }
        return ControlValues(merged)

    def quantiles(self) -> dict[str, dict[str, list[float]]]:
        """Band of posts -> feature -> values at the `QUANTILES`, each one that occurs."""
        return {
            band: {name: _cuts(*counts) for name, counts in sorted(of_band.items())}
            for band, of_band in self.bands.items()
        }


def _merged(parts: Sequence[Counts]) -> Counts:
    values = np.concatenate([values for values, _ in parts])
    counts = np.concatenate([counts for _, counts in parts])
    different, place = np.unique(values, return_inverse=True)
    total = np.zeros(len(different), dtype=np.int64)
    np.add.at(total, place, counts)
    return different, total


def _cuts(values: NDArray[np.float64], counts: NDArray[np.int64]) -> list[float]:
    """The value nearest to each quantile; of two as near, the one at an even place."""
    upto = counts.cumsum()
    places = np.rint(np.linspace(0, 1, QUANTILES) * (upto[-1] - 1))
    chosen = values[np.searchsorted(upto, places, side="right")]
    return [float(value) for value in chosen]
