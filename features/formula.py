"""Formula: what a feature computes, down to the columns of the canonical tables."""

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
