"""Prints the table of benchmarks and writes artifacts/bench.json."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from pipeline.files import write_json
from tests.benchmarks.canonical_writer import canonical_writer
from tests.benchmarks.feature_batch import feature_batch, feature_tenfold
from tests.benchmarks.feature_pandas import feature_pandas
from tests.benchmarks.feature_single import feature_single
from tests.benchmarks.grouped_bootstrap import grouped_bootstrap
from tests.benchmarks.ingest import ingest_csv, ingest_large, ingest_parquet
from tests.benchmarks.row import Row
from tests.benchmarks.second_repro import second_repro
from tests.benchmarks.serving_http import serving_http, serving_start
from tests.benchmarks.simulator import simulator
from tests.benchmarks.training import training
from tests.benchmarks.whole_repro import whole_repro

# Function -> beginnings of the ids of its rows; --only takes an id or a function's name.
BENCHMARKS: dict[Callable[[], list[Row]], tuple[str, ...]] = {
    canonical_writer: ("canonical_writer",),
    ingest_csv: ("ingest_csv",),
    ingest_parquet: ("ingest_parquet",),
    ingest_large: ("ingest_large", "ingest_memory"),
    feature_batch: ("feature_post_features", "feature_coactivity"),
    feature_tenfold: ("feature_tenfold",),
    feature_single: ("feature_single",),
    feature_pandas: ("feature_pandas",),
    grouped_bootstrap: ("grouped_bootstrap",),
    second_repro: ("second_repro",),
    whole_repro: ("whole_repro",),
    simulator: ("simulator",),
    training: ("training",),
    serving_http: ("serving_",),
    serving_start: ("serving_start",),
}


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
    parser.add_argument("--only", help="id of one row, or name of a benchmark")
    parser.add_argument("--out", type=Path, default=Path("artifacts/bench.json"))
    given = parser.parse_args()
    only = given.only
    rows, known = [], False
    for benchmark, ids in BENCHMARKS.items():
        if only not in (None, benchmark.__name__) and not only.startswith(ids):
            continue
        made = benchmark()
        # One that is skipped says so itself.
        known |= not made or only in (None, benchmark.__name__)
        for row in made:
            if only in (None, benchmark.__name__, row.id):
                show(row)
                rows.append(row)
    if not (rows or known):
        every = ", ".join(f"{each.__name__}: {ids}" for each, ids in BENCHMARKS.items())
        print(f"error: no benchmark {only}; known: {every}", file=sys.stderr)
        return 2
    write_json([asdict(row) for row in rows], given.out)
    return int(any(row.holds is False for row in rows))


if __name__ == "__main__":
    sys.exit(main())
