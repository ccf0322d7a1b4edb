"""Rows on disk in order of heap, so that some heaps are read and no others.

Written and read by Arrow: Polars takes several times as long to find and unpack the
few batches of a stretch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow as pa
from pyarrow import ipc

# Accounts are dealt to so many heaps; parts are made of whole ones.
HEAPS = 1024
# Column of numbers of heaps. No column of a text file is named so.
HEAP: Final = "\0heap"
_NUMBERS: Final = pl.Series(range(HEAPS), dtype=pl.UInt16)
_LEAST_BATCH_ROWS = 64
# Other threads have work of their own. What is not compressed fills the disk's cache.
_WRITING: Final = ipc.IpcWriteOptions(compression="lz4", use_threads=False)
_READING: Final = ipc.IpcReadOptions(use_threads=False)


@dataclass(frozen=True)
class Heaps:
    """Rows on disk, those of a heap in the order that they came in.

    Attributes:
        path: Arrow file.
        starts: where each heap begins, and the end.
        batch_rows: of each of its batches but the last.
    """

    path: Path
    starts: Sequence[int]
    batch_rows: int

    def read(self, heaps: range) -> pa.Table:
        """Rows of heaps that follow one another."""
        start, stop = self.starts[heaps.start], self.starts[heaps.stop]
        first = start // self.batch_rows
        numbers = range(first, -(-stop // self.batch_rows))
        with pa.OSFile(str(self.path)) as file:
            reader = ipc.open_file(file, options=_READING)
            batches = [reader.get_batch(number) for number in numbers]
            table = pa.Table.from_batches(batches, reader.schema)
        return table.slice(start - first * self.batch_rows, stop - start)


def put(rows: pl.DataFrame, path: Path) -> Heaps:
    """Put rows on disk.

    Args:
        rows: with the column HEAP, which is left out.
        path: Arrow file to write.
    """
    dealt = rows.sort(HEAP, maintain_order=True)
    starts = [*dealt[HEAP].search_sorted(_NUMBERS).to_list(), dealt.height]
    # Whole batches are read: of about a heap, a part holds little that it does not
    # need, in however many files it lies.
    batch_rows = max(dealt.height // HEAPS, _LEAST_BATCH_ROWS)
    table = dealt.drop(HEAP).rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    with (
        pa.OSFile(str(path), "wb") as file,
        ipc.new_file(file, table.schema, options=_WRITING) as writer,
    ):
        writer.write_table(table, max_chunksize=batch_rows)
    return Heaps(path, starts, batch_rows)


def heap(account_id: pl.Series) -> pl.Series:
    """Heap of each id, wherever it stands; ` 12`, `12.0` and `u12` go where `12` does.

    The last two are one account where users have a prefix among users only (TwiBot-22).
    Which heap it is depends on the version of Polars, and no byte that is written on it.
    """
    ids = account_id.cast(pl.String).fill_null("").str.strip_chars()
    # Most have neither, and to replace what is not there takes longest.
    if ids.str.contains(".0", literal=True).any():
        ids = ids.str.replace(r"\.0+$", "")
    if ids.str.starts_with("u").any():
        ids = ids.str.strip_prefix("u")
    return (ids.hash() % HEAPS).cast(pl.UInt16)
