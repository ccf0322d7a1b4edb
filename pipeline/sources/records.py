"""Records of a CSV in one cell each, cut into fields only where they are read.

To pick rows and to put them on disk costs as much for an empty field as for a text. So
records are moved as they stand in the file, and no more of them is looked at than whose
they are.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa

from pipeline.sources.bits import Positions

# No column of a CSV is named so: blanks around a name are left out.
_RECORD: Final = " record"
_BOM: Final = b"\xef\xbb\xbf"


def cut(
    text: bytes, header: Sequence[str], wanted: Iterable[str] | None = None
) -> pl.DataFrame:
    """Fields of records that every reader of CSV cuts alike, all strings.

    Args:
        text: records, each with its line end.
        header: names of the fields.
        wanted: fields to give; null: all of them.
    """
    # Polars refuses no text at all, and leaves out what looks like a byte order mark: a
    # record of our own comes first.
    led = not text or text.startswith(_BOM)
    first = b",".join([b'""'] * len(header)) + b"\n"
    frame = pl.read_csv(
        first + text if led else text,
        has_header=False,
        schema=dict.fromkeys(header, pl.String()),
        columns=None if wanted is None else [header.index(name) for name in wanted],
        empty_string_is_null=False,
    )
    return frame[1:] if led else frame


def beside(rows: pl.DataFrame, text: bytes, sizes: Positions) -> pl.DataFrame:
    """The same rows with the whole record of each.

    Args:
        rows: one a record.
        text: the records.
        sizes: bytes of each record, shape (n,).
    """
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(text)]
    cells = pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(sizes), buffers)
    return rows.with_columns(pl.Series(_RECORD, cells))


def alone(rows: pl.DataFrame) -> pl.DataFrame:
    """The same rows with nothing but what `fields` needs of them."""
    return rows.select(_RECORD, "row")


def table(rows: pl.DataFrame) -> pa.Table:
    """Such rows as `fields` takes them, and as they are put on disk."""
    return rows.to_arrow(compat_level=pl.CompatLevel.oldest())


def fields(tables: Iterable[pa.Table], header: Sequence[str]) -> pl.DataFrame:
    """All fields of the records of such rows, and `row`.

    Args:
        tables: one or more, of `table`.
        header: names of the fields.
    """
    rows = pa.concat_tables(tables)
    text = b"".join(_text(records) for records in rows[_RECORD].chunks)
    return cut(text, header).with_columns(pl.Series("row", rows["row"]))


def _text(records: pa.LargeBinaryArray) -> memoryview:
    _, offsets, text = records.buffers()
    if text is None:
        return memoryview(b"")
    ends = [records.offset, records.offset + len(records)]
    start, stop = np.frombuffer(offsets, np.int64)[ends]
    return memoryview(text)[start:stop]


def size(rows: pl.DataFrame, header: Sequence[str]) -> int:
    """Bytes of the fields of such rows, and of quotes about them."""
    text: int = rows.select(pl.col(_RECORD).bin.size().sum()).item()
    return text - rows.height * len(header)
