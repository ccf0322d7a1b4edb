"""What reading archives costs: against bare Polars, against pandas, by size, in memory."""

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks import ingest_archives as archives
from tests.benchmarks.row import Row, against

ROWS = 1_000_000
LARGE = 10_000_000
# Runs of each task.
TURNS = 3


def ingest_csv() -> list[Row]:
    """One release of Twitter's archive, clean and with damage."""
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder)
        archives.twitter_io(raw / "clean.csv", ROWS)
        archives.damaged(raw / "clean.csv", raw / "damaged.csv")
        bare, vectorised, clean, damaged = _in_turns(
            ("bare_csv", raw, "clean.csv"),
            ("pandas_csv", raw, "clean.csv"),
            ("ours", raw, "twitter_io", "clean.csv"),
            ("ours", raw, "twitter_io", "damaged.csv"),
        )
    what = f"ingest of {ROWS:,} rows of Twitter's archive as CSV"
    polars = "Polars' CSV reader, sort by account, write"
    return [
        against("ingest_csv", what, clean[0], "s", polars, bare[0], 4),
        against(
            "ingest_csv_damaged",
            f"{what}, 1 % of the rows damaged",
            damaged[0],
            "s",
            polars,
            bare[0],
            10,
        ),
        against(
            "ingest_csv_pandas",
            f"{what}, against the same mapping in pandas",
            clean[0],
            "s",
            "vectorised pandas",
            vectorised[0],
            0.5,
        ),
    ]


def ingest_parquet() -> list[Row]:
    """One release in the form of the IRA posts, as Parquet."""
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder)
        archives.ira(raw, ROWS)
        bare, vectorised, ours = _in_turns(
            ("bare_parquet", raw, "posts.parquet"),
            ("pandas_parquet", raw, "posts.parquet"),
            ("ours", raw, "ira", "posts.parquet"),
        )
    what = f"ingest of {ROWS:,} rows in the form of the IRA posts as Parquet"
    return [
        against(
            "ingest_parquet",
            what,
            ours[0],
            "s",
            "Polars' Parquet reader, sort by account, write",
            bare[0],
            3,
        ),
        against(
            "ingest_parquet_pandas",
            f"{what}, against the same mapping in pandas",
            ours[0],
            "s",
            "vectorised pandas",
            vectorised[0],
            0.5,
        ),
    ]


def ingest_large() -> list[Row]:
    """Ten million rows: time a row against one million, and memory."""
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder)
        archives.twitter_io(raw / "small.csv", ROWS)
        archives.twitter_io(raw / "large.csv", LARGE)
        small, large = _in_turns(
            ("ours", raw, "twitter_io", "small.csv"),
            ("ours", raw, "twitter_io", "large.csv"),
        )
    what = f"ingest of {LARGE:,} rows of Twitter's archive as CSV"
    return [
        against(
            "ingest_large",
            f"{what}, time a row",
            large[0] / LARGE * 1e6,
            "us",
            f"{ROWS:,} rows",
            small[0] / ROWS * 1e6,
            1.3,
        ),
        against(
            "ingest_memory",
            f"{what}, largest resident memory",
            large[1],
            "GiB",
            "limit",
            3.0,
            1,
        ),
    ]


def _in_turns(*tasks: tuple[object, ...]) -> list[tuple[float, float]]:
    """Seconds of the shortest run of each task, and GiB of its largest.

    Each run has a process of its own. In turns, so that a machine that others slow down
    does not slow down one task alone; the shortest, because what it adds is never
    negative.
    """
    runs = [[_run(*task) for task in tasks] for _ in range(TURNS)]
    return [
        (min(seconds for seconds, _ in each), max(memory for _, memory in each))
        for each in zip(*runs, strict=True)
    ]


def _run(task: object, *words: object) -> tuple[float, float]:
    """Seconds and GiB of one run."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.benchmarks.ingest_tasks",
            *map(str, (task, *words)),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    seconds, memory = done.stdout.splitlines()[-1].split()
    return float(seconds), float(memory)
