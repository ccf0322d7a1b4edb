"""What one feature alone tells: within each campaign's block, and over all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from features.feature import Feature
from models.matrix import to_matrix

BINS: Final = 24
# Fewer known values in a class, and no figure is given.
_LEAST: Final = 20


@dataclass(frozen=True)
class Single:
    """One feature over one world; class 1 are takedown accounts, 0 their controls.

    Attributes:
        within: block -> AUC of the value itself (below 0.5: controls are higher), null
            where a class has fewer than 20 known values.
        across: the same over all blocks together.
        missing: share of accounts without a value, by class.
        low: left end of the first bin, null if nothing is known.
        high: right end of the last bin; what lies outside stands in the end bins.
        shares: of the known values of each class in each bin.
    """

    within: dict[str, float | None]
    across: float | None
    missing: tuple[float, float]
    low: float | None
    high: float | None
    shares: tuple[list[float], list[float]]


def judge(values: pl.DataFrame, features: Sequence[Feature]) -> dict[str, Single]:
    """Name of each feature -> what it tells.

    Args:
        values: label, block and a column a feature.
    """
    labels = values["label"].to_numpy()
    blocks = values["block"].to_numpy().astype(str)
    matrix = to_matrix(values, features)
    return {
        feature.name: _judge_one(matrix[:, place].astype(np.float64), labels, blocks)
        for place, feature in enumerate(features)
    }


def _judge_one(
    column: NDArray[np.float64], labels: NDArray[np.int8], blocks: NDArray[np.str_]
) -> Single:
    known = ~np.isnan(column)
    sides = [column[known & (labels == side)] for side in (0, 1)]
    low = high = None
    shares: tuple[list[float], list[float]] = ([], [])
    if known.any():
        # Of the classes alike: the larger one would set the ends.
        ends = [np.quantile(side, [0.01, 0.99]) for side in sides if len(side)]
        low, high = (float(f([e[i] for e in ends])) for i, f in ((0, min), (1, max)))
        edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
        counts = [np.histogram(np.clip(s, low, high), edges)[0] for s in sides]
        shares = (_shares(counts[0]), _shares(counts[1]))
    return Single(
        within={
            str(block): _auc(column[blocks == block], labels[blocks == block])
            for block in np.unique(blocks)
        },
        across=_auc(column, labels),
        missing=(
            float(1 - known[labels == 0].mean()),
            float(1 - known[labels == 1].mean()),
        ),
        low=low,
        high=high,
        shares=shares,
    )


def _shares(counts: NDArray[np.int64]) -> list[float]:
    return [float(count) for count in counts / max(1, counts.sum())]


def _auc(column: NDArray[np.float64], labels: NDArray[np.int8]) -> float | None:
    known = ~np.isnan(column)
    truth = labels[known]
    if min((truth == 0).sum(), (truth == 1).sum()) < _LEAST:
        return None
    return float(roc_auc_score(truth, column[known]))
