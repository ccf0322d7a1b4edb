"""Which records of a CSV can be read at once: proved on the bytes, not assumed.

A quote opens a field at its very begin and closes it at its very end, or is doubled
inside; commas outside of quotes are as many as the header has; a carriage return stands
inside quotes or before a line feed. Of such bytes every reader makes the same records.
Polars and `csv` differ on all others, and neither says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.sources import lines

_LF, _CR, _QUOTE, _COMMA = b'\n\r",'

Positions = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Layout:
    """Where lines and quotes of a block stand.

    text: lines that each end with LF.
    data: its bytes, shape (n,).
    begins: offset of each line, and n, shape (n_lines + 1,).
    """

    text: bytes
    data: NDArray[np.uint8]
    begins: Positions
    _quotes: Flags
    # True after an odd number of quotes, the one at this place included.
    _inside: Flags

    @classmethod
    def of(cls, text: bytes) -> "Layout":
        """Layout of lines that each end with LF."""
        data = np.frombuffer(text, dtype=np.uint8)
        begins = np.concatenate([[0], np.flatnonzero(data == _LF) + 1])
        quotes = data == _QUOTE
        return cls(text, data, begins, quotes, np.logical_xor.accumulate(quotes))

    def texts(self, start: int, stop: int) -> Iterator[str]:
        """Lines from `start` to before `stop`, with their ends."""
        for line in range(start, stop):
            yield self.text[self.begins[line] : self.begins[line + 1]].decode()

    def records(self, width: int) -> Positions | None:
        """Numbers (from 0) of the lines on which records begin, and of the line behind.

        The first line begins a record. What follows the last complete record is left
        out. None if a single one of these records cannot be read at once.
        """
        closed = np.flatnonzero(~self._inside[self.begins[1:] - 1])
        if not closed.size:
            return None
        first = np.concatenate([[0], closed + 1])
        begins = self.begins[first]
        commas = _per(begins, (self.data == _COMMA) & ~self._inside)
        good = (
            (commas == width - 1).all()
            and np.diff(begins).max() <= lines.RECORD_BYTES
            and len(self.data) - begins[-1] <= lines.RECORD_BYTES
            and not self._blank(begins).any()
            and not self._misplaced(self._inside)[: begins[-1]].any()
        )
        return first if good else None

    def alone(self, width: int) -> Flags:
        """Lines that, read from their begin on, are one good record; shape (n_lines,).

        A line may fail only because its record goes on behind it.
        """
        begins = self.begins
        # Quotes are counted from the line's begin, not from the block's.
        before = np.concatenate([[False], self._inside[begins[1:-1] - 1]])
        inside = self._inside ^ np.repeat(before, np.diff(begins))
        good: Flags = (
            ~inside[begins[1:] - 1]
            & (_per(begins, self._misplaced(inside)) == 0)
            & (_per(begins, (self.data == _COMMA) & ~inside) == width - 1)
            & (np.diff(begins) <= lines.RECORD_BYTES)
            & ~self._blank(begins)
        )
        return good

    def _misplaced(self, inside: Flags) -> Flags:
        """Quotes that neither open nor close a field, and loose carriage returns."""
        data, quotes = self.data, self._quotes
        # Where a field may end and the next begin; a quote beside a quote is doubled.
        edge = quotes | (data == _COMMA) | (data == _LF)
        wrong = quotes & inside
        wrong[1:] &= ~edge[:-1]
        wrong[:1] = False
        if b"\r" in self.text:
            returns = data == _CR
            wrong[:-1] |= (returns & ~inside)[:-1] & (data[1:] != _LF)
            edge[:-1] |= returns[:-1] & (data[1:] == _LF)
        wrong[:-1] |= (quotes & ~inside)[:-1] & ~edge[1:]
        return wrong

    def _blank(self, begins: Positions) -> Flags:
        size = np.diff(begins)
        blank: Flags = (size == 1) | ((size == 2) & (self.data[begins[:-1]] == _CR))
        return blank


def _per(begins: Positions, flags: Flags) -> Positions:
    """How many are set between each offset and the next."""
    return np.diff(np.searchsorted(np.flatnonzero(flags), begins))
