"""One line of the table of benchmarks."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """What one benchmark found.

    `ratio` is value / value of the baseline; `bar` the limit that the ratio must keep.
    An absolute figure has neither baseline nor bar.
    """

    id: str
    what: str
    value: float
    unit: str
    versus: str | None = None
    ratio: float | None = None
    bar: str | None = None
    holds: bool | None = None


def seconds(work: Callable[[], object], repeat: int = 5) -> float:
    """Shortest of several durations: what the machine adds is never negative."""
    work()
    durations = []
    for _ in range(repeat):
        started = time.perf_counter()
        work()
        durations.append(time.perf_counter() - started)
    return min(durations)


def against(
    id: str,
    what: str,
    value: float,
    unit: str,
    versus: str,
    baseline: float,
    most: float,
) -> Row:
    """Row whose value may be at most `most` times that of the baseline."""
    ratio = value / baseline
    return Row(
        id=id,
        what=what,
        value=round(value, 4),
        unit=unit,
        versus=f"{versus}: {baseline:.4g} {unit}",
        ratio=round(ratio, 3),
        bar=f"<= {most}",
        holds=ratio <= most,
    )
