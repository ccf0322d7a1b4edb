"""What one fixed order of rows costs: the canonical writer against a bare one."""

import tempfile
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.files import write_parquet
from tests.benchmarks.row import Row, against, seconds

ROWS = 1_000_000


def canonical_writer() -> list[Row]:
    """Write and read one million rows of four columns."""
    generator = np.random.default_rng(0)
    frame = pl.DataFrame(
        {
            "account_id": generator.integers(0, 50_000, ROWS),
            "post_id": generator.permutation(ROWS),
            "likes": generator.integers(0, 1000, ROWS),
            "score": generator.normal(size=ROWS),
        }
    ).with_columns(pl.col("account_id", "post_id").cast(pl.String))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"

        def canonical() -> None:
            write_parquet(frame, path, ["account_id", "post_id"])
            pl.read_parquet(path)

        def bare() -> None:
            frame.write_parquet(path)
            pl.read_parquet(path)

        taken, baseline = seconds(canonical), seconds(bare)
    return [
        against(
            "canonical_writer",
            "write and read 1,000,000 rows in canonical order",
            taken,
            "s",
            "polars without an order",
            baseline,
            # Sorting by two text columns is most of it.
            most=6,
        )
    ]
