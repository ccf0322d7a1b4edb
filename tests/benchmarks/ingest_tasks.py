"""One task of the benchmarks of ingest, in a process of its own: seconds and GiB."""

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl

from pipeline.ingest import ingest
from tests.benchmarks import ingest_pandas
from tests.pipeline.sources.archives import make_source


def ours(raw: str, format_: str, posts: str) -> None:
    """The stage, on posts alone or with the accounts that the format asks for."""
    files = {"posts": [posts]} | (
        {"accounts": ["accounts.csv"]} if format_ == "ira" else {}
    )
    source = make_source(format_, files, zone="UTC")
    folder = Path(raw)
    ingest([source], folder, folder / "canonical", folder / "ingest.json")


def bare_csv(raw: str, posts: str) -> None:
    """Polars' CSV reader, sort by account, write Parquet."""
    frame = pl.read_csv(Path(raw) / posts, infer_schema=False)
    frame.sort("userid").write_parquet(Path(raw) / "bare.parquet")


def bare_parquet(raw: str, posts: str) -> None:
    """Polars' Parquet reader, sort by account, write Parquet."""
    frame = pl.read_parquet(Path(raw) / posts)
    frame.sort("author_id").write_parquet(Path(raw) / "bare.parquet")


TASKS: dict[str, Callable[..., None]] = {
    "ours": ours,
    "bare_csv": bare_csv,
    "bare_parquet": bare_parquet,
    "pandas_csv": ingest_pandas.twitter_io,
    "pandas_parquet": ingest_pandas.ira,
}


def main() -> None:
    """Run the task that the first word names with the other words."""
    name, *words = sys.argv[1:]
    started = time.perf_counter()
    TASKS[name](*words)
    seconds = time.perf_counter() - started
    kibibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(seconds, kibibytes / 2**20)


if __name__ == "__main__":
    main()
