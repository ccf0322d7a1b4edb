from typing import Any

import numpy as np
import polars as pl
import pytest

from features.catalogue import FEATURES
from features.errors import SchemaError
from models.matrix import to_matrix

BOOLEAN = next(f for f in FEATURES if f.dtype == pl.Boolean())
NUMBER = next(f for f in FEATURES if f.dtype == pl.Float32())


def values(**columns: Any) -> pl.DataFrame:
    dtypes = {BOOLEAN.name: pl.Boolean, NUMBER.name: pl.Float32}
    return pl.DataFrame(columns).cast({n: dtypes[n] for n in columns if n in dtypes})


def test_null_becomes_nan_and_booleans_numbers() -> None:
    table = values(**{BOOLEAN.name: [True, None, False], NUMBER.name: [1.5, 0.0, None]})

    matrix = to_matrix(table, [NUMBER, BOOLEAN])

    expected = np.array([[1.5, 1], [0, np.nan], [np.nan, 0]], dtype=np.float32)
    np.testing.assert_array_equal(matrix, expected)
    assert matrix.dtype == np.float32
    assert matrix.flags.c_contiguous


def test_columns_are_taken_by_name() -> None:
    table = values(**{BOOLEAN.name: [True], NUMBER.name: [2.0]})

    swapped = to_matrix(table.select(table.columns[::-1]), [NUMBER, BOOLEAN])

    np.testing.assert_array_equal(swapped, to_matrix(table, [NUMBER, BOOLEAN]))


def test_a_missing_column_is_named() -> None:
    with pytest.raises(SchemaError, match=BOOLEAN.name):
        to_matrix(values(**{NUMBER.name: [2.0]}), [NUMBER, BOOLEAN])


def test_another_type_is_named() -> None:
    table = pl.DataFrame({NUMBER.name: ["2.0"]})

    with pytest.raises(SchemaError, match=f"{NUMBER.name}.*Float32.*String"):
        to_matrix(table, [NUMBER])
