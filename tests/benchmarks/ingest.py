"""What reading archives costs: against bare Polars, against pandas, by size, in memory."""

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks import ingest_archives as archives
from tests.benchmarks.row import Row, against

ROWS = 1_000_000
LARGE = 10_000_000


def ingest_csv() -> list[Row]:
    """One release of Twitter's archive, clean and with damage."""
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder)
        archives.twitter_io(raw / "clean.csv", ROWS)
        archives.damaged(raw / "clean.csv", raw / "damaged.csv")
        bare = _run("bare_csv", raw, "clean.csv")
        vectorised = _run("pandas_csv", raw, "clean.csv")
        clean = _run("ours", raw, "twitter_io", "clean.csv")
        damaged = _run("ours", raw, "twitter_io", "damaged.csv")
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
        bare = _run("bare_parquet", raw, "posts.parquet")
        vectorised = _run("pandas_parquet", raw, "posts.parquet")
        ours = _run("ours", raw, "ira", "posts.parquet")
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
        small = _run("ours", raw, "twitter_io", "small.csv")
        archives.twitter_io(raw / "large.csv", LARGE)
        large = _run("ours", raw, "twitter_io", "large.csv", repeat=1)
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


def _run(task: str, *words: object, repeat: int = 3) -> tuple[float, float]:
    """Median seconds of the runs, and GiB of the largest, each in its own process."""
    command = [sys.executable, "-m", "tests.benchmarks.ingest_tasks", task]
    found = []
    for _ in range(repeat):
        done = subprocess.run(
            [*command, *map(str, words)], check=True, capture_output=True, text=True
        )
        seconds, memory = done.stdout.splitlines()[-1].split()
        found.append((float(seconds), float(memory)))
    return sorted(found)[repeat // 2][0], max(memory for _, memory in found)
