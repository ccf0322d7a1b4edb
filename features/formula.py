"""Formula: what a feature computes, down to the columns of the canonical tables."""

import polars as pl

from features import measures, mixes, totals
from features.feature import Feature

VALUE = "value"


def formula(feature: Feature) -> dict[str, str]:
    """`value` and, after it, every total and measure behind it, each as text.

    What numbers are counted with in arrays (the hours of the clock) and fitted tables
    stand by their names alone.
    """
    sums = {**totals.COUNTS, **totals.SUMS, **measures.defined()}
    counted = mixes.defined()
    # Else of a list of names only the first and the last are printed, or as many as the
    # environment says.
    with pl.Config(fmt_table_cell_list_len=-1):
        return _written(feature, sums, counted)


def _written(
    feature: Feature,
    sums: dict[str, pl.Expr],
    counted: dict[str, tuple[pl.Expr, pl.Expr]],
) -> dict[str, str]:
    """See formula."""
    found = {VALUE: str(feature.expr)}
    asked = sorted(feature.inputs())
    while asked:
        name = asked.pop(0)
        if name in found:
            continue
        if name in counted:
            key, made = counted[name]
            found[name] = f"{made}, of the counts of each {key}"
            asked += sorted(key.meta.root_names())
        elif name in sums and str(sums[name]) != f'col("{name}")':
            found[name] = str(sums[name])
            asked += sorted(sums[name].meta.root_names())
    return found
