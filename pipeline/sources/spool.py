"""Rows of a source put on disk by account, so that it is read account by account.

Rows stay as they were read; only where they lie is decided here. Rows of a source that
fits into four parts never touch the disk.
"""

import math
import shutil
from collections.abc import Callable, Iterator, Sequence
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
from pipeline.sources.overlap import ahead
from pipeline.sources.part import Findings, Part, Whole
from pipeline.sources.progress import Tell, progress
from pipeline.sources.source import Source

# Accounts are dealt to so many heaps; parts are made of whole ones.
HEAPS = 1024
_NUMBERS: Final = pl.Series(range(HEAPS), dtype=pl.UInt16)
# No column of a text file is named so.
_HEAP: Final = "\0heap"
# Rows of so many parts are held before they are put on disk. Parts that are read take
# as much memory, and none of them is read by then.
HELD_PARTS: Final = 4
# Batches read while one part is put on disk.
_AHEAD = 6
_LEAST_BATCH_ROWS = 64
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
    # Arrow file of rows in order of heap -> where each heap begins in it, and the end.
    spilled: dict[Path, list[int]] = field(default_factory=dict)
    rejected: list[tuple[int, str, str, str]] = field(default_factory=list)
    repaired: dict[str, list[int]] = field(default_factory=dict)


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
        for key, name, account, batches in streamed.files(self._source, raw):
            with (
                progress(f"{source.name}, {name}", say) as tell,
                closing(ahead(batches, _AHEAD)) as rows,
            ):
                self._read(rows, name, key, account, tell)
        if self._spilled:
            self._spill(1)

    def _read(
        self,
        batches: Iterator[Delimited],
        name: str,
        key: str,
        spellings: tuple[str, ...],
        tell: Tell,
    ) -> None:
        file: _File | None = None
        for batch in batches:
            frame = batch.frame
            if file is None:
                wanted = {"account": spellings}
                found = columns.match(name, batch.columns, wanted, {"account"})
                account = found["account"]
                file = _File(name, key, account, batch.uncut, frame.clear())
                self._files.append(file)
            self._hold(file, frame)
            file.rejected += batch.rejected
            for rule, rows in batch.repaired.items():
                file.repaired.setdefault(rule, []).extend(rows)
            for column in batch.columns:
                # A field of a record is no null.
                nulls = frame[column].null_count() if batch.uncut is None else 0
                if nulls < frame.height:
                    self._filled.add((key, columns.plain(column)))
            tell(frame.height, batch.share)

    def _hold(self, file: _File, rows: pl.DataFrame) -> None:
        heaps = heap(rows[file.account])
        file.held.append(rows.with_columns(heaps.alias(_HEAP)))
        weighs = weight(rows, file.uncut)
        heights = np.bincount(heaps, minlength=HEAPS)
        self._heights += heights
        self._weights += heights * (weighs / max(rows.height, 1))
        self._held += rows.height
        self._weight += weighs
        # Once some are on disk, the rest follows part by part, while others are read.
        parts = 1 if self._spilled else HELD_PARTS
        most = (parts * self._budget.rows, parts * self._budget.bytes)
        if self._held > most[0] or self._weight > most[1]:
            self._spill(parts)

    def _spill(self, parts: int) -> None:
        for file in self._files:
            # Not all at once: rows are in memory twice while they are put in order.
            size = max(-(-len(file.held) // parts), 1)
            while file.held:
                some = file.held[:size]
                del file.held[:size]
                self._write(file, pl.concat(some).sort(_HEAP))
        self._held = self._weight = 0
        self._spilled = True

    def _write(self, file: _File, rows: pl.DataFrame) -> None:
        starts = [*rows[_HEAP].search_sorted(_NUMBERS).to_list(), rows.height]
        self._folder.mkdir(parents=True, exist_ok=True)
        place = f"{self._files.index(file)}.{len(file.spilled)}.arrow"
        # One file and not one a heap: a part reads the stretch of it that it needs.
        # Whole batches are read: of about a heap, a part holds little that it does not
        # need, in however many files it lies.
        size = max(rows.height // HEAPS, _LEAST_BATCH_ROWS)
        # NOTE: rows that are not compressed are mapped, and whole files with them.
        rows.drop(_HEAP).write_ipc(
            self._folder / place, compression="lz4", record_batch_size=size
        )
        file.spilled[self._folder / place] = starts

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
            stretches = [
                pl.scan_ipc(path)
                .slice(starts[heaps.start], starts[heaps.stop] - starts[heaps.start])
                .collect()
                for path, starts in file.spilled.items()
            ]
            held = [
                rows.filter(pl.col(_HEAP).is_between(heaps.start, heaps.stop - 1))
                for rows in file.held
            ]
            rows = pl.concat(
                [file.empty, *stretches, *(one.drop(_HEAP) for one in held)]
            )
            if stretches:
                rows = rows.sort("row")
            if file.uncut is not None:
                rows = records.fields(rows, file.uncut)
            # In one piece nearly all that a reader asks takes a fifth less time.
            rows = rows.rechunk()
            rejected = file.rejected if first else []
            found.append((file.name, Delimited(rows, rejected, file.repaired)))
        return found


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
