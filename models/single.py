"""What one feature alone tells: of each campaign by itself, and of all together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from features.feature import Feature
from models.matrix import to_matrix

Flags = NDArray[np.bool_]

BINS: Final = 24
# Fewer known values in a class, and no figure is given.
_LEAST: Final = 20


@dataclass(frozen=True)
class Single:
    """One feature over one world; class 1 are takedown accounts, 0 their controls.

    Attributes:
        within: campaign -> AUC of the value itself against the controls of its block
            (below 0.5: controls are higher), null where a class has fewer than 20 known
            values.
        across: the same of all accounts together.
        missing: share of accounts without a value, by class.
        only: the value of every account that has one; null if there are several, or none.
        low: left end of the first bin, null if nothing is known.
        high: right end of the last bin; what lies outside stands in the end bins.
        shares: of the known values of each class in each bin.
    """

    within: dict[str, float | None]
    across: float | None
    missing: tuple[float, float]
    only: float | None
    low: float | None
    high: float | None
    shares: tuple[list[float], list[float]]


def judge(values: pl.DataFrame, features: Sequence[Feature]) -> dict[str, Single]:
    """Name of each feature -> what it tells.

    Args:
        values: label, block, campaign (null for controls) and a column a feature.
    """
    labels = values["label"].to_numpy()
    campaigns = _campaigns(values)
    matrix = to_matrix(values, features)
    return {
        feature.name: _judge_one(matrix[:, place].astype(np.float64), labels, campaigns)
        for place, feature in enumerate(features)
    }


def _campaigns(values: pl.DataFrame) -> dict[str, Flags]:
    """Campaign -> whether an account is of it, or a control of its block."""
    positive = pl.col("label") == 1
    blocks = values.filter(positive, pl.col("campaign").is_not_null()).select(
        "campaign", "block"
    )
    return {
        name: values.select(
            pl.when(positive)
            .then(pl.col("campaign").eq_missing(name))
            .otherwise(pl.col("block").is_in(of.get_column("block").unique().to_list()))
        )
        .to_series()
        .to_numpy()
        for (name,), of in sorted(blocks.partition_by("campaign", as_dict=True).items())
    }


def _judge_one(
    column: NDArray[np.float64],
    labels: NDArray[np.int8],
    campaigns: Mapping[str, Flags],
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
            name: _auc(column[inside], labels[inside])
            for name, inside in campaigns.items()
        },
        across=_auc(column, labels),
        missing=(
            float(1 - known[labels == 0].mean()),
            float(1 - known[labels == 1].mean()),
        ),
        only=float(column[known][0]) if _alike(column[known]) else None,
        low=low,
        high=high,
        shares=shares,
    )


def _alike(values: NDArray[np.float64]) -> bool:
    return len(values) > 0 and bool((values == values[0]).all())


def _shares(counts: NDArray[np.int64]) -> list[float]:
    return [float(count) for count in counts / max(1, counts.sum())]


def _auc(column: NDArray[np.float64], labels: NDArray[np.int8]) -> float | None:
    known = ~np.isnan(column)
    truth = labels[known]
    if min((truth == 0).sum(), (truth == 1).sum()) < _LEAST:
        return None
    return float(roc_auc_score(truth, column[known]))
