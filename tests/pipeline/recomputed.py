"""Every number of a block beside the one worked out again: what differs, what lacks."""

from collections.abc import Mapping
from typing import Any

from tests.pipeline.test_report_figures import CLOSE

# Where a number stands, and what it is; null where it is not reported.
Leaves = dict[str, float | None]


def leaves(value: Any, path: str = "") -> Leaves:
    """Every number and null below, by dotted path; rows of a list by what names them."""
    if isinstance(value, Mapping):
        entries = [(str(key), inner) for key, inner in value.items()]
    elif isinstance(value, list):
        names = [str(row.get("slice", row.get("prevalence"))) for row in value]
        entries = list(zip(names, value, strict=True))
    elif isinstance(value, str | bool):
        return {}
    else:
        return {path: value}
    return {
        place: leaf
        for key, inner in entries
        for place, leaf in leaves(inner, f"{path}.{key}".lstrip(".")).items()
    }


def differing(stored: Any, expected: Any, close: Mapping[str, float] = {}) -> list[str]:
    """Places of numbers that do not follow, and of those that nobody worked out.

    Args:
        stored: block of a report.
        expected: the same block, worked out again.
        close: last name of a path -> tolerance; 2e-6 for others.
    """
    ours, theirs = leaves(stored), leaves(expected)
    found = [f"{place}: not worked out" for place in sorted(set(ours) - set(theirs))]
    for place, value in theirs.items():
        if place not in ours:
            found.append(f"{place}: lacks, {value}")
            continue
        kept = ours[place]
        if kept is None or value is None:
            same = kept is value
        else:
            tolerance = close.get(place.rsplit(".", 1)[-1], CLOSE)
            same = abs(kept - value) <= tolerance
        if not same:
            found.append(f"{place}: {kept} and not {value}")
    return found
