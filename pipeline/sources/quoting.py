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

from pipeline.sources import bits, lines
from pipeline.sources.bits import Bits, Flags, Positions

_LF, _CR, _QUOTE, _COMMA = b'\n\r",'


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
    _ends: Bits
    _quotes: Bits
    _commas: Bits
    # True after an odd number of quotes, the one at this place included.
    _inside: Bits

    @classmethod
    def of(cls, text: bytes) -> "Layout":
        """Layout of lines that each end with LF."""
        data = np.frombuffer(text, dtype=np.uint8)
        ends, quotes, commas = (
            bits.packed(data == sign) for sign in (_LF, _QUOTE, _COMMA)
        )
        begins = np.concatenate([[0], bits.places(ends) + 1])
        return cls(text, data, begins, ends, quotes, commas, bits.odd(quotes))

    def texts(self, start: int, stop: int) -> Iterator[str]:
        """Lines from `start` to before `stop`, with their ends."""
        for line in range(start, stop):
            yield self.text[self.begins[line] : self.begins[line + 1]].decode()

    def records(self, width: int) -> Positions | None:
        """Numbers (from 0) of the lines on which records begin, and of the line behind.

        The first line begins a record. What follows the last complete record is left
        out. None if a single one of these records cannot be read at once.
        """
        closed = np.flatnonzero(~bits.at(self._inside, self.begins[1:] - 1))
        if not closed.size:
            return None
        first = np.concatenate([[0], closed + 1])
        begins = self.begins[first]
        commas = bits.between(self._commas & ~self._inside, begins)
        wrong = bits.between(self._misplaced(self._inside), begins[[0, -1]])
        good = (
            (commas == width - 1).all()
            and np.diff(begins).max() <= lines.RECORD_BYTES
            and len(self.data) - begins[-1] <= lines.RECORD_BYTES
            and not self._blank(begins).any()
            and not wrong.any()
        )
        return first if good else None

    def alone(self, width: int) -> Flags:
        """Lines that, read from their begin on, are one good record; shape (n_lines,).

        A line may fail only because its record goes on behind it.
        """
        begins = self.begins
        # Quotes are counted from the line's begin, not from the block's.
        before = bits.at(self._inside, begins[1:-1] - 1)
        turned = np.zeros(len(self.data), dtype=np.bool_)
        turned[begins[1:-1]] = before ^ np.append([False], before[:-1])
        inside = self._inside ^ bits.odd(bits.packed(turned))
        good: Flags = (
            ~bits.at(inside, begins[1:] - 1)
            & (bits.between(self._misplaced(inside), begins) == 0)
            & (bits.between(self._commas & ~inside, begins) == width - 1)
            & (np.diff(begins) <= lines.RECORD_BYTES)
            & ~self._blank(begins)
        )
        return good

    def _misplaced(self, inside: Bits) -> Bits:
        """Quotes that neither open nor close a field, and loose carriage returns."""
        quotes = self._quotes
        # Where a field may end and the next begin; a quote beside a quote is doubled.
        edge = quotes | self._commas | self._ends
        opening = bits.one_before(edge)
        opening[:1] |= 1
        wrong = quotes & inside & ~opening
        if b"\r" in self.text:
            returns = bits.packed(self.data == _CR)
            ending = returns & bits.one_behind(self._ends)
            wrong |= returns & ~inside & ~ending
            edge |= ending
        return wrong | (quotes & ~inside & ~bits.one_behind(edge))

    def _blank(self, begins: Positions) -> Flags:
        size = np.diff(begins)
        blank: Flags = (size == 1) | ((size == 2) & (self.data[begins[:-1]] == _CR))
        return blank
