"""The only crossing from feature values to the array that a booster reads."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.errors import SchemaError
from features.feature import Feature

Matrix = NDArray[np.float32]


def to_matrix(values: pl.DataFrame, features: Sequence[Feature]) -> Matrix:
    """Contiguous float32 array, shape (n_accounts, n_features), NaN where null.

    Booleans become 0 and 1. LightGBM would take a frame too, and silently use the
    wrong column if the order differed; so columns are picked by name here.

    Raises:
        SchemaError: a feature's column is missing or of another type.
    """
    given = values.schema
    if absent := [f.name for f in features if f.name not in given]:
        raise SchemaError.missing("features", absent)
    for feature in features:
        if given[feature.name] != feature.dtype:
            raise SchemaError.dtype(
                "features", feature.name, feature.dtype, given[feature.name]
            )
    columns = values[[f.name for f in features]].with_columns(
        pl.col(pl.Boolean).cast(pl.Float32)
    )
    # Where there is null, to_numpy gives NaN.
    return np.ascontiguousarray(columns.to_numpy(), dtype=np.float32)
