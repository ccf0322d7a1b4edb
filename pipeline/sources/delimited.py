"""CSV to strings: every good row is kept, every bad one named by line and rule.

What is provably well formed is read by Polars at once. Around every other record one
`csv.reader` decides, line by line; what it accepts, and what can be mended, is written
as well-formed CSV among the rest, so that Polars reads every kept row.
"""

import csv
import json
from bisect import bisect_left
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from pipeline.sources import heading, lines, records
from pipeline.sources.bits import Positions
from pipeline.sources.mending import MOST_LINES, mend
from pipeline.sources.overlap import ahead
from pipeline.sources.quoting import Layout

RAW_CHARACTERS = 300
_NONE: Final = np.array([], dtype=np.int64)

# The limit of a record is the one of `lines`, and none of the csv module's own.
csv.field_size_limit(lines.RECORD_BYTES)


@dataclass
class Delimited:
    """Rows of one CSV file, or of a part of it, all values strings.

    frame: the file's columns, and `row`, the line on which each record begins. Of
        records that are not cut into fields yet, `row`, the field that was asked for
        and the record (records.py).
    rejected: (row, rule, detail, raw) of the rows that cannot be read.
    repaired: rule -> lines on which records begin that needed the repair.
    share: of the file, read with the last of them, from 0 to 1; null: not known.
    uncut: names of the fields of records that are not cut yet; null: they are.
    """

    frame: pl.DataFrame
    rejected: list[tuple[int, str, str, str]] = field(default_factory=list)
    repaired: dict[str, list[int]] = field(default_factory=dict)
    share: float | None = None
    uncut: list[str] | None = None

    @property
    def columns(self) -> list[str]:
        """Columns of the rows once they are cut."""
        return self.frame.columns if self.uncut is None else [*self.uncut, "row"]

    def joined(self, others: Iterable["Delimited"]) -> "Delimited":
        """These rows and those of the parts behind them."""
        parts = [self, *others]
        whole = Delimited(pl.concat([part.frame for part in parts]))
        for part in parts:
            whole.rejected += part.rejected
            for rule, rows in part.repaired.items():
                whole.repaired.setdefault(rule, []).extend(rows)
        return whole


def read_csv(path: Path, encoding: str) -> Delimited:
    """All rows of a CSV file with a header.

    Raises:
        SourceError: the file has no header, a header names a column twice, or the
            archive is damaged.
    """
    first, *others = batches(path, encoding)
    return first.joined(others)


def batches(
    path: Path, encoding: str, only: Callable[[list[str]], str] | None = None
) -> Generator[Delimited, None, None]:
    """The rows of `read_csv` in order, in parts of bounded size; at least one part.

    Args:
        path: CSV file.
        encoding: of its text.
        only: given the header, names the one field that is cut out of each record now.

    Raises:
        SourceError: as read_csv.
    """
    with closing(ahead(lines.blocks(path, encoding))) as blocks:
        names, block = heading.read(path, next(blocks, lines.Block(b"", 1)))
        field = None if only is None else only(names)
        following: lines.Block | None = block
        while following is not None:
            following = next(blocks, None)
            part = _Part(names, block, field, final=following is None)
            yield part.read()
            if following is not None:
                block = part.joined(following)


def header(path: Path) -> list[str]:
    """Names of a CSV's columns.

    Raises:
        SourceError: as read_csv.
    """
    with closing(lines.blocks(path, "utf-8")) as blocks:
        return heading.read(path, next(blocks, lines.Block(b"", 1)))[0]


class _Part:
    """The records of one block; `final` if no other block follows.

    Of each only `field` is cut out, if there is one.
    """

    def __init__(
        self, header: list[str], block: lines.Block, field: str | None, *, final: bool
    ) -> None:
        self._header = header
        self._field = field
        self._block = block
        self._layout = Layout.of(block.data)
        self._count = len(self._layout.begins) - 1
        # Lines from which on a record may end in the next block.
        size = len(block.data) - lines.RECORD_BYTES
        tail = int(np.searchsorted(self._layout.begins, size))
        self._tail = self._count if final else tail
        self._done = 0
        self._well_formed: list[bytes] = []
        # Of each record: the line on which it begins, and its bytes.
        self._rows, self._sizes = [_NONE], [_NONE]
        share = 1.0 if final else block.share
        uncut = None if field is None else header
        self._result = Delimited(pl.DataFrame(), share=share, uncut=uncut)

    def read(self) -> Delimited:
        """Every record that is complete within the block."""
        begins = self._layout.records(len(self._header))
        if begins is not None:
            self._take(0, int(begins[-1]), begins[:-1])
        if begins is None or self._tail == self._count:
            self._walk()
        self._result.frame = self._frame()
        self._reject_headers()
        self._own()
        return self._result

    def joined(self, following: lines.Block) -> lines.Block:
        """What is left of this block, and the next one."""
        first = self._block.first + self._done
        repaired = {
            rule: [number for number in numbers if number >= first]
            for rule, numbers in self._block.repaired.items()
        }
        for rule, numbers in following.repaired.items():
            repaired.setdefault(rule, []).extend(numbers)
        rest = self._block.data[self._layout.begins[self._done] :]
        return lines.Block(rest + following.data, first, repaired, following.share)

    def _take(self, start: int, stop: int, begins: Positions) -> None:
        offsets = self._layout.begins
        self._well_formed.append(self._block.data[offsets[start] : offsets[stop]])
        self._rows.append(begins + self._block.first)
        self._sizes.append(np.diff(offsets[np.append(begins, stop)]))
        self._done = stop

    def _walk(self) -> None:
        if self._done == self._count:
            return
        alone = self._layout.alone(len(self._header))
        doubtful = np.flatnonzero(~alone).tolist()
        while self._done < self._count:
            index = bisect_left(doubtful, self._done)
            stop = doubtful[index] if index < len(doubtful) else self._count
            if stop > self._done:
                self._take(self._done, stop, np.arange(self._done, stop))
            elif stop >= self._tail:
                return
            else:
                self._done = self._one(stop)

    def _one(self, line: int) -> int:
        """Decide on the record that begins on a line; returns the line behind it."""
        offsets, width = self._layout.begins, len(self._header)
        limit = offsets[line] + lines.RECORD_BYTES
        stop = int(np.searchsorted(offsets, limit, side="right")) - 1
        if stop == line:
            detail = f"longer than {lines.RECORD_BYTES:,} bytes"
            self._reject(line, "record_too_long", detail, [self._raw(line)])
            return line + 1
        reader = csv.reader(self._layout.texts(line, stop), strict=True)
        try:
            row = next(reader)
        except csv.Error as error:
            detail = str(error)
        else:
            behind = line + reader.line_num
            if len(row) == width:
                self._write(line, row)
            elif row and behind > line + 1:
                # It may be a stray quote that swallowed good rows: at most its first
                # line is given up.
                detail, behind = "quote not closed on its line", line
            elif row:
                detail = f"{len(row)} fields, header has {width}"
                self._reject(line, "field_count", detail, row)
            if behind > line:
                return behind
        nearby = list(self._layout.texts(line, min(stop, line + MOST_LINES)))
        if mended := mend(nearby, width):
            self._write(line, mended.fields)
            rows = self._result.repaired.setdefault(mended.rule, [])
            rows.append(self._block.first + line)
            return line + mended.lines
        self._reject(line, "broken_quote", detail, [self._raw(line)])
        return line + 1

    def _raw(self, line: int) -> str:
        start, stop = self._layout.begins[line : line + 2]
        cut = self._block.data[start : min(stop, start + 4 * RAW_CHARACTERS)]
        return cut.decode(errors="replace")[:RAW_CHARACTERS]

    def _write(self, line: int, row: list[str]) -> None:
        cells = [f'"{value}"' for value in (cell.replace('"', '""') for cell in row)]
        self._well_formed.append((",".join(cells) + "\n").encode())
        self._rows.append(np.array([self._block.first + line]))
        self._sizes.append(np.array([len(self._well_formed[-1])]))

    def _reject(self, line: int, rule: str, detail: str, row: list[str]) -> None:
        raw = json.dumps(row, ensure_ascii=False)[:RAW_CHARACTERS]
        number = self._block.first + line
        self._result.rejected.append((number, rule, detail, raw))

    def _frame(self) -> pl.DataFrame:
        text = b"".join(self._well_formed)
        # The first one tells a header from a record.
        first, field = self._header[0], self._field
        wanted = None if field is None else dict.fromkeys([first, field])
        frame = records.cut(text, self._header, wanted)
        frame = frame.with_columns(pl.Series("row", np.concatenate(self._rows)))
        if field is None:
            return frame
        return records.beside(frame, text, np.concatenate(self._sizes))

    def _reject_headers(self) -> None:
        frame, header = self._result.frame, self._header
        alike = frame.filter(pl.col(header[0]).str.strip_chars() == header[0])
        if alike.is_empty():
            return
        whole = alike
        if self._field is not None:
            whole = records.fields([records.table(alike)], header)
        same = whole.filter(
            pl.all_horizontal(pl.col(name).str.strip_chars() == name for name in header)
        )
        for *row, number in same.iter_rows():
            raw = json.dumps(row, ensure_ascii=False)[:RAW_CHARACTERS]
            self._result.rejected.append((number, "repeated_header", "", raw))
        self._result.rejected.sort()
        again = pl.col("row").is_in(same["row"].implode())
        self._result.frame = frame.filter(~again)

    def _own(self) -> None:
        """Map repaired lines to the kept records that they belong to."""
        kept = self._result.frame["row"].to_numpy()
        begins = np.sort([*kept, *(row for row, *_ in self._result.rejected)])
        for rule, numbers in self._block.repaired.items():
            done = [n for n in numbers if n < self._block.first + self._done]
            index = np.searchsorted(begins, done, side="right") - 1
            owners = np.unique(begins[index[index >= 0]])
            rows = owners[np.isin(owners, kept)].tolist()
            if rows:
                self._result.repaired.setdefault(rule, []).extend(rows)
