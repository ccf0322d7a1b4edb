"""Parquet files from outside, whose bytes nobody vouches for."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import SourceError

# Of a batch, of which some are held at a time; no value depends on it. Small batches take
# longer, all in all: much is done once for each.
_BYTES = 32 * 2**20
_ROWS = range(100, 200_000)


def read_batches(path: Path) -> Iterator[pl.DataFrame]:
    """Rows of a Parquet file in order, in the file's own types; at least one batch.

    NOTE: Polars 2.1 ends the whole process at one flipped bit in the header of a page
    (a negative count of values). Arrow raises an error there, and checks what it read.

    Raises:
        SourceError: the file is no Parquet, or damaged.
    """
    with _opened(path) as file:
        yield _as_frame(file.schema_arrow.empty_table())
        for batch in file.iter_batches(_rows(file.metadata)):
            batch.validate(full=True)
            yield _as_frame(pa.Table.from_batches([batch]))


def _rows(told: pq.FileMetaData) -> int:
    """Rows of a batch, by what the file says of their size."""
    groups = range(told.num_row_groups)
    size = sum(told.row_group(number).total_byte_size for number in groups)
    rows = _BYTES * told.num_rows // max(size, 1)
    return int(min(max(rows, _ROWS.start), _ROWS.stop))


def columns(path: Path) -> tuple[str, ...]:
    """Names of a Parquet file's columns.

    Raises:
        SourceError: the file is no Parquet, or damaged.
    """
    with _opened(path) as file:
        return tuple(file.schema_arrow.names)


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
