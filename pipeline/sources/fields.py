"""JSON files of one key as one frame: values found by path, as `columns` does by name."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from features import schema
from pipeline.errors import SourceError
from pipeline.sources import archive, paths
from pipeline.sources.delimited import RAW_CHARACTERS
from pipeline.sources.elements import MAX_CHARACTERS, Element, cleaned, elements
from pipeline.sources.members import Stream, streams
from pipeline.sources.reading import Reading
from pipeline.sources.source import Source

# Name used here -> paths as published; the first one that holds a value is taken.
Fields = Mapping[str, tuple[str, ...]]
# Rows that one element of a file holds; null for an entry that is no row.
Each = Callable[[dict[str, Any]], Iterable[object]]

SUFFIXES = (".json", ".jsonl", ".ndjson")
# Kept as Python values before they become a frame.
_CHUNK_ROWS = 50_000
_LISTS = {
    name
    for columns in schema.TABLES.values()
    for name, dtype in columns.items()
    if dtype == schema.STRINGS
}
_Paths = Mapping[str, list[tuple[paths.Step, ...]]]


@dataclass
class _Rows:
    """Rows of one file, and what happened to them, by row number."""

    columns: dict[str, list[str | None]]
    row: list[int] = field(default_factory=list)
    frames: list[pl.DataFrame] = field(default_factory=list)
    rejected: list[tuple[int, str, str, str]] = field(default_factory=list)
    repaired: dict[str, list[int]] = field(default_factory=dict)
    unreadable: list[int] = field(default_factory=list)
    number: int = 0

    def flush(self) -> None:
        """Turn the rows held into a frame."""
        data = [
            pl.Series(name, cells, dtype=pl.String)
            for name, cells in self.columns.items()
        ]
        self.frames.append(
            pl.DataFrame([*data, pl.Series("row", self.row, dtype=pl.Int64)])
        )
        self.columns = {name: [] for name in self.columns}
        self.row = []


def load(
    source: Source,
    raw: Path,
    key: str,
    table: str,
    required: Fields,
    optional: Fields | None = None,
    each: Each | None = None,
    *,
    counted: bool = True,
) -> Reading:
    """Rows of all files of one key, under the names used here; strings, absent null.

    A list becomes JSON text, for `lists.json_cells`. `row` is the number of the row in
    its file, from 1.

    Args:
        source: declaration.
        raw: directory that its file names are relative to.
        key: kind of file.
        table: canonical table that the rows become.
        required: fields that a row must have: without one it is rejected.
        optional: fields that a row may have.
        each: rows that an element holds; null: the element is the row.
        counted: elements that cannot be read are rejected rows; False where another
            reading of the same file has counted them.

    Raises:
        SourceError: a file is missing or no JSON, or no row of it has a required field.
    """
    wanted = {**required, **(optional or {})}
    found = {
        name: [paths.parse(path) for path in spelt] for name, spelt in wanted.items()
    }
    read: dict[str, _Rows] = {}
    for path in archive.find(source, raw, key):
        for stream in streams(path, raw, SUFFIXES):
            read[stream.name] = _rows(
                _elements(stream, source, counted), stream.name, found, required, each
            )
    reading = Reading(source, table, _frame(read))
    for file, rows in read.items():
        reading.add_file(file, len(rows.rejected))
        of_file = pl.col("file") == file
        for rule, numbers in rows.repaired.items():
            reading.note(rule, of_file & pl.col("row").is_in(numbers))
        reading.note(
            "field_unreadable", of_file & pl.col("row").is_in(rows.unreadable), "nulled"
        )
    rejected = [
        (source.name, file, *row)
        for file, rows in read.items()
        for row in rows.rejected
    ]
    reading.add_rejected(
        pl.DataFrame(rejected, schema=schema.REJECTED, orient="row")
        if rejected
        else schema.empty("rejected")
    )
    return reading


def _elements(stream: Stream, source: Source, counted: bool) -> Iterator[Element]:
    """Elements of a stream; without those that cannot be read, unless `counted`."""
    return (
        element
        for element in elements(stream, source.encoding)
        if counted or element.value is not None
    )


def names(path: Path) -> list[str]:
    """Fields of the first element of a JSON file that can be read.

    Raises:
        SourceError: the file is no JSON.
    """
    for stream in streams(path, path.parent, SUFFIXES):
        for element in elements(stream, "utf-8"):
            if element.value is not None:
                return list(element.value)
    return []


def _frame(read: Mapping[str, _Rows]) -> pl.DataFrame:
    return pl.concat(
        frame.with_columns(file=pl.lit(file)).select(pl.exclude("row"), "row")
        for file, rows in read.items()
        for frame in rows.frames
    )


def _rows(
    found_in: Iterable[Element],
    file: str,
    found: _Paths,
    required: Fields,
    each: Each | None,
) -> _Rows:
    rows = _Rows({name: [] for name in found})
    lacking: dict[str, int] = {}
    seen: set[str] = set()
    for element in found_in:
        for value in _values(element, each):
            rows.number += 1
            if each is not None and element.rule == "element_too_large":
                raise SourceError(
                    f"{file}: a page of more than {MAX_CHARACTERS // 2**20} Mi "
                    "characters; write its entries as an array or one a line"
                )
            if not isinstance(value, dict):
                rows.rejected.append((rows.number, *_why(element)))
                continue
            rules: list[str] = []
            if element.suspect:
                value, rules = cleaned(value)
            if not rows.row and not rows.frames:
                seen |= set(value)
            absent = _add(rows, value, found, required)
            if absent:
                lacking[absent] = lacking.get(absent, 0) + 1
                detail = f"{found[absent][0][-1].key} is missing"
                rows.rejected.append(
                    (rows.number, "field_missing", detail, _raw(value))
                )
                continue
            for rule in rules:
                rows.repaired.setdefault(rule, []).append(rows.number)
            if len(rows.row) == _CHUNK_ROWS:
                rows.flush()
    for name, count in lacking.items():
        if count == rows.number - len(rows.rejected) + sum(lacking.values()):
            raise SourceError(
                f"{file}: no row has the field "
                f"{'.'.join(step.key for step in found[name][0])}; found "
                f"{archive.names(sorted(seen))}; choose another format"
            )
    rows.flush()
    return rows


def _values(element: Element, each: Each | None) -> Iterable[object]:
    if element.value is None or each is None:
        return [element.value]
    return each(element.value)


def _why(element: Element) -> tuple[str, str, str]:
    if element.value is None:
        return element.rule, element.detail, element.raw
    return "not_an_object", "an entry of the page is no object", ""


def _add(
    rows: _Rows,
    value: dict[str, Any],
    found: _Paths,
    required: Fields,
) -> str | None:
    """Add a row; or the name of the required field that it lacks."""
    cells: list[str | None] = []
    unreadable = False
    for name, spellings in found.items():
        cell: Any = None
        for steps in spellings:
            cell = paths.find(value, steps)
            if cell is not None:
                break
        if cell is not None and type(cell) is not str:
            cell = _text(cell, name)
            unreadable |= cell is None
        if cell is None and name in required:
            return name
        cells.append(cell)
    for column, cell in zip(rows.columns.values(), cells, strict=True):
        column.append(cell)
    rows.row.append(rows.number)
    if unreadable:
        rows.unreadable.append(rows.number)
    return None


def _text(cell: object, name: str) -> str | None:
    """Of a truth value or of a list where one is meant; null for anything else."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, list) and name in _LISTS:
        return json.dumps(cell, ensure_ascii=False) if cell else "[]"
    return None


def _raw(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)[:RAW_CHARACTERS]
