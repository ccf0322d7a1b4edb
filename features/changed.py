"""Changed: some values of a column alone, the others not even read.

A mask is not enough: what is masked stays beneath it, and most kernels read it.
"""

from collections.abc import Callable

import polars as pl


def changed(
    some: pl.Expr, column: pl.Expr, change: Callable[[pl.Expr], pl.Expr]
) -> pl.Expr:
    """The column, changed where some says so; null elsewhere.

    Args:
        some: where; null for nowhere.
        column: of any type.
        change: gives a value for each value, whatever stands beside it.
    """
    places = pl.when(some).then(some.cum_sum().cast(pl.Int64) - 1)
    return change(column.filter(some)).gather(places)
