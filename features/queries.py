"""Queries: how expressions are run, for a million accounts and for one."""

from typing import Final

import polars as pl

_NONE: Final = pl.QueryOptFlags.none()


def as_written(query: pl.LazyFrame) -> pl.DataFrame:
    """The result of a query, run step by step as it stands.

    Several steps in one query spare what each query costs beside its work; to look for a
    better order of them takes one account longer than it could save, and could be
    another order in a larger table.
    """
    return query.collect(engine="in-memory", optimizations=_NONE)
