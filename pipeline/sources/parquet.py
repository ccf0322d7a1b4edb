"""Parquet files from outside, whose bytes nobody vouches for."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import SourceError

# Rows of a batch, of which some are held at a time; no value depends on it.
_ROWS = 50_000


def read_batches(path: Path) -> Iterator[pl.DataFrame]:
    """Rows of a Parquet file in order, in the file's own types; at least one batch.

    NOTE: Polars 2.1 ends the whole process at one flipped bit in the header of a page
    (a negative count of values). Arrow raises an error there, and checks what it read.

    Raises:
        SourceError: the file is no Parquet, or damaged.
    """
    with _opened(path) as file:
        yield _as_frame(file.schema_arrow.empty_table())
        for batch in file.iter_batches(_ROWS):
            batch.validate(full=True)
            yield _as_frame(pa.Table.from_batches([batch]))


def height(path: Path) -> int:
    """Rows that a Parquet file says it has.

    Raises:
        SourceError: the file is no Parquet, or damaged.
    """
    with _opened(path) as file:
        return int(file.metadata.num_rows)


@contextmanager
def _opened(path: Path) -> Iterator[pq.ParquetFile]:
    try:
        with pq.ParquetFile(path) as file:
            yield file
    except (
        pa.ArrowException,
        OSError,
        UnicodeDecodeError,
        pl.exceptions.PolarsError,
        pl.exceptions.PanicException,
    ):
        raise SourceError(
            f"{path}: not Parquet, or damaged; fetch the file again"
        ) from None


def _as_frame(table: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame
