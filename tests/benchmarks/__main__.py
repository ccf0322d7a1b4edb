"""Prints the table of benchmarks and writes artifacts/bench.json."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from pipeline.files import write_json
from tests.benchmarks.canonical_writer import canonical_writer
from tests.benchmarks.row import Row
from tests.benchmarks.serving_http import serving_http, serving_start

# A function is named like its row, or like what its rows have in common.
BENCHMARKS: tuple[Callable[[], list[Row]], ...] = (
    canonical_writer,
    serving_http,
    serving_start,
)


def show(row: Row) -> None:
    """Print one line of the table."""
    line = f"{row.id:<24} {row.value:>12,.4g} {row.unit:<8}"
    if row.ratio is not None:
        line += f" {row.ratio:>7.2f} x {row.versus}"
    if row.bar is not None:
        line += f" ({row.bar}: {'holds' if row.holds else 'BROKEN'})"
    print(f"{line}\n    {row.what}", flush=True)


def main() -> int:
    """Run the benchmarks; returns 1 if a bar is broken, 2 if there is no such one."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--only", help="id of the one benchmark to run")
    parser.add_argument("--out", type=Path, default=Path("artifacts/bench.json"))
    given = parser.parse_args()
    chosen = [each for each in BENCHMARKS if given.only in (None, each.__name__)]
    if not chosen:
        known = ", ".join(each.__name__ for each in BENCHMARKS)
        print(f"error: no benchmark {given.only}; known: {known}", file=sys.stderr)
        return 2
    rows = []
    for benchmark in chosen:
        for row in benchmark():
            show(row)
            rows.append(row)
    write_json([asdict(row) for row in rows], given.out)
    return int(any(row.holds is False for row in rows))


if __name__ == "__main__":
    sys.exit(main())
