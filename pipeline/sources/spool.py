"""Rows of a source put on disk by account, so that it is read account by account.

Rows stay as they were read; only where they lie is decided here. Rows of a source that
fits into four parts never touch the disk.
"""

import math
import shutil
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from pipeline.sources import columns, records, streamed
from pipeline.sources.delimited import Delimited
from pipeline.sources.heaps import HEAP, HEAPS, Heaps, heap, put
from pipeline.sources.overlap import ahead
from pipeline.sources.part import Findings, Part, Whole
from pipeline.sources.progress import progress
from pipeline.sources.source import Source

# Rows of so many parts are held before they are put on disk. Parts that are read take
# as much memory, and none of them is read by then.
HELD_PARTS: Final = 4
_UNKNOWN: Final = Whole()


@dataclass
class _File:
    name: str
    key: str
    account: str
    # Names of the fields of records that are not cut yet; null: they are.
    uncut: list[str] | None
    empty: pl.DataFrame
    # Rows in memory, with the heap of each.
    held: list[pl.DataFrame] = field(default_factory=list)
    # Rows on disk, in the order in which they were read.
    spilled: list[Heaps] = field(default_factory=list)
    rejected: list[tuple[int, str, str, str]] = field(default_factory=list)
    repaired: dict[str, list[int]] = field(default_factory=dict)

    def rows(self, heaps: range) -> pl.DataFrame:
        """Rows of some heaps, cut into fields; those of one in the order of the file."""
        inside = pl.col(HEAP).is_between(heaps.start, heaps.stop - 1)
        held = [rows.filter(inside).drop(HEAP) for rows in self.held]
        spilled = [rows.read(heaps) for rows in self.spilled]
        if self.uncut is None:
            return pl.concat([self.empty, *map(pl.DataFrame, spilled), *held])
        return records.fields([*spilled, *map(records.table, held)], self.uncut)


@dataclass(frozen=True)
class Budget:
    """What is read together at most; more only where accounts cannot be told apart.

    Attributes:
        rows: of all files.
        bytes: of these rows in memory, by `weight`. Rows of one format weigh many times
            as much as those of another.
    """

    rows: int = 2_000_000
    bytes: int = 256 * 2**20


def weight(rows: pl.DataFrame, uncut: Sequence[str] | None = None) -> int:
    """Bytes of text and numbers, and of what points to the text of each cell.

    Args:
        rows: as they are held.
        uncut: names of the fields of their records; null: they are cut.
    """
    if uncut is None:
        return int(rows.estimated_size()) + 16 * rows.height * rows.width
    return records.size(rows, uncut) + 16 * rows.height * (len(uncut) + 1)


class Spool:
    """Rows of all files of one source.

    Args:
        source: declaration; `streamed.is_streamed`.
        raw: directory that its file names are relative to.
        folder: where rows may be put; not yet there.
        budget: what a part holds.
        say: told how far reading is.
    """

    def __init__(
        self,
        source: Source,
        raw: Path,
        folder: Path,
        budget: Budget,
        say: Callable[[str], None],
    ) -> None:
        self._source, raw = streamed.unpacked(source, raw, folder / "unpacked")
        self._folder = folder
        self._budget = budget
        self._files: list[_File] = []
        self._filled: set[tuple[str, str]] = set()
        self._heights = np.zeros(HEAPS, dtype=np.int64)
        self._weights = np.zeros(HEAPS)
        self._held = self._weight = 0
        self._spilled = False
        # One is put on disk while the next is read.
        with closing(ahead(self._loads(raw, say), 1)) as loads:
            for file, rows in loads:
                self._put(file, rows)
                rows.clear()

    def _loads(
        self, raw: Path, say: Callable[[str], None]
    ) -> Generator[tuple[_File, list[pl.DataFrame]], None, None]:
        """Rows to be put on disk together; none where all of them can be held."""
        for key, name, account, batches in streamed.files(self._source, raw):
            file: _File | None = None
            with (
                progress(f"{self._source.name}, {name}", say) as tell,
                closing(ahead(batches)) as read,
            ):
                for batch in read:
                    if file is None:
                        file = _begun(batch, name, key, account)
                        self._files.append(file)
                    self._hold(file, batch)
                    tell(batch.frame.height, batch.share)
                    # Once some are on disk, the rest follows part by part.
                    parts = 1 if self._spilled else HELD_PARTS
                    if self._is_above(parts):
                        yield from self._given_up(parts)
        if self._spilled:
            yield from self._given_up(1)

    def _hold(self, file: _File, batch: Delimited) -> None:
        rows = batch.frame
        for column in batch.columns:
            # A field of a record is no null.
            nulls = rows[column].null_count() if batch.uncut is None else 0
            if nulls < rows.height:
                self._filled.add((file.key, columns.plain(column)))
        heaps = heap(rows[file.account])
        if batch.uncut is not None:
            rows = records.alone(rows)
        file.held.append(rows.with_columns(heaps.alias(HEAP)))
        file.rejected += batch.rejected
        for rule, numbers in batch.repaired.items():
            file.repaired.setdefault(rule, []).extend(numbers)
        weighs = weight(rows, file.uncut)
        heights = np.bincount(heaps, minlength=HEAPS)
        self._heights += heights
        self._weights += heights * (weighs / max(rows.height, 1))
        self._held += rows.height
        self._weight += weighs

    def _is_above(self, parts: int) -> bool:
        budget = self._budget
        return self._held > parts * budget.rows or self._weight > parts * budget.bytes

    def _given_up(
        self, parts: int
    ) -> Generator[tuple[_File, list[pl.DataFrame]], None, None]:
        """All rows held, in about so many loads: each is in memory twice for a while."""
        self._spilled = True
        for file in self._files:
            size = max(-(-len(file.held) // parts), 1)
            while file.held:
                some = file.held[:size]
                del file.held[:size]
                yield file, some
        self._held = self._weight = 0

    def _put(self, file: _File, rows: list[pl.DataFrame]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"{self._files.index(file)}.{len(file.spilled)}.arrow"
        file.spilled.append(put(pl.concat(rows), self._folder / name))

    def parts(self, known: Whole = _UNKNOWN) -> Iterator[Part]:
        """Parts of the source, each with all rows of its accounts; at least one.

        Args:
            known: of the whole source, besides what was seen while rows were dealt.
        """
        known = replace(known, filled=frozenset(self._filled))
        for index, heaps in enumerate(self._groups()):
            yield Part.model_construct(
                **dict(self._source),
                whole=known,
                rows=partial(self._rows, heaps, index == 0),
                findings=Findings(),
                labelled=self._source.needs_labels,
            )

    def remove(self) -> None:
        """Take what was put on disk away."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _groups(self) -> list[range]:
        """Heaps of each part, which follow one another; parts of about one size.

        Of parts worked on together none waits for a larger one.
        """
        # Of what a part may hold: the share that each heap takes.
        shares = np.maximum(
            self._heights / self._budget.rows, self._weights / self._budget.bytes
        )
        # A part goes over its due by less than a heap.
        due = max(1 - shares.max(), 0.5)
        parts = max(math.ceil(shares.sum() / due), 1)
        before = (shares.cumsum() - shares) / max(shares.sum(), 1e-9)
        numbers = np.minimum((before * parts).astype(int), parts - 1)
        starts = np.flatnonzero(np.diff(numbers, prepend=-1)).tolist()
        return [range(*ends) for ends in pairwise([*starts, HEAPS])]

    def _rows(self, heaps: range, first: bool, key: str) -> list[tuple[str, Delimited]]:
        found = []
        for file in self._files:
            if file.key != key:
                continue
            rows = file.rows(heaps)
            # In one piece nearly all that a reader asks takes a fifth less time.
            rows = rows.rechunk()
            rejected = file.rejected if first else []
            found.append((file.name, Delimited(rows, rejected, file.repaired)))
        return found


def _begun(batch: Delimited, name: str, key: str, spellings: tuple[str, ...]) -> _File:
    found = columns.match(name, batch.columns, {"account": spellings}, {"account"})
    return _File(name, key, found["account"], batch.uncut, batch.frame.clear())
