"""Rows of JSON elements: values found by path, in batches of bounded size."""

import json
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from features import schema
from pipeline.errors import SourceError
from pipeline.sources import archive, paths
from pipeline.sources.delimited import RAW_CHARACTERS, Delimited
from pipeline.sources.elements import MAX_CHARACTERS, Element, cleaned, elements
from pipeline.sources.members import Stream

# Name used here -> paths as published; the first one that holds a value is taken.
Fields = Mapping[str, tuple[str, ...]]
# Rows that one element of a file holds; null for an entry that is no row.
Each = Callable[[dict[str, Any]], Iterable[object]]

# Column beside those of a shape: a list or object stood in the place of a value.
UNREADABLE = "_unreadable"
# Kept as Python values, which take several times as much memory as those of a frame.
_BATCH_ROWS = 2_000
_LISTS = {
    name
    for columns in schema.TABLES.values()
    for name, dtype in columns.items()
    if dtype == schema.STRINGS
}


@dataclass(frozen=True)
class Shape:
    """How the elements of one kind of file become rows.

    Attributes:
        key: kind of file.
        table: canonical table that the rows become.
        required: fields that a row must have: without one it is rejected.
        optional: fields that a row may have.
        each: rows that an element holds; null: the element is the row.
        counted: elements that cannot be read are rejected rows; False where another
            shape of the same file counts them.
    """

    key: str
    table: str
    required: Fields
    optional: Fields = field(default_factory=dict)
    each: Each | None = None
    counted: bool = True

    @property
    def fields(self) -> Fields:
        """All fields of a row, in the order of its columns."""
        return {**self.required, **self.optional}


def batches(
    stream: Stream, encoding: str, shape: Shape
) -> Generator[Delimited, None, None]:
    """Rows of a stream in order, in parts of bounded size; at least one part.

    Columns are those of the shape, strings, absent null; a list is JSON text, for
    `lists.json_cells`. `row` is the number of the row in the stream, from 1.

    Raises:
        SourceError: the stream is no JSON, or no row of it has a required field.
    """
    rows = _Rows(stream.name, shape)
    for element in elements(stream, encoding):
        if element.value is None and not shape.counted:
            continue
        rows.take(element)
        if rows.height >= _BATCH_ROWS:
            yield rows.batch()
    rows.check()
    yield rows.batch()


class _Rows:
    """Rows of one stream since the last batch, and what is known of all before."""

    def __init__(self, file: str, shape: Shape) -> None:
        self._file = file
        self._each = shape.each
        self._required = frozenset(shape.required)
        self._paths = {
            name: [paths.parse(path) for path in spelt]
            for name, spelt in shape.fields.items()
        }
        self._number = self._kept = 0
        self._lacking: dict[str, int] = {}
        self._seen: set[str] = set()
        self._clear()

    def _clear(self) -> None:
        self._columns: dict[str, list[str | None]] = {name: [] for name in self._paths}
        self._row: list[int] = []
        self._unreadable: list[bool] = []
        self._rejected: list[tuple[int, str, str, str]] = []
        self._repaired: dict[str, list[int]] = {}

    @property
    def height(self) -> int:
        """Rows held."""
        return len(self._row)

    def batch(self) -> Delimited:
        """The rows held, as a frame; they are held no longer."""
        frame = pl.DataFrame(
            [
                *(
                    pl.Series(name, cells, dtype=pl.String)
                    for name, cells in self._columns.items()
                ),
                pl.Series("row", self._row, dtype=pl.Int64),
                pl.Series(UNREADABLE, self._unreadable, dtype=pl.Boolean),
            ]
        )
        made = Delimited(frame, self._rejected, self._repaired)
        self._clear()
        return made

    def take(self, element: Element) -> None:
        """Add the rows of an element.

        Raises:
            SourceError: the element is a page beyond the limit.
        """
        if self._each is not None and element.rule == "element_too_large":
            raise SourceError(
                f"{self._file}: a page of more than {MAX_CHARACTERS // 2**20} Mi "
                "characters; write its entries as an array or one a line"
            )
        for value in self._values(element):
            self._number += 1
            if not isinstance(value, dict):
                self._rejected.append((self._number, *_why(element)))
                continue
            rules: list[str] = []
            if element.suspect:
                value, rules = cleaned(value)
            if self._kept == 0:
                self._seen |= set(value)
            absent = self._add(value)
            if absent:
                self._lacking[absent] = self._lacking.get(absent, 0) + 1
                detail = f"{self._paths[absent][0][-1].key} is missing"
                self._rejected.append(
                    (self._number, "field_missing", detail, _raw(value))
                )
                continue
            for rule in rules:
                self._repaired.setdefault(rule, []).append(self._number)

    def _values(self, element: Element) -> Iterable[object]:
        if element.value is None or self._each is None:
            return [element.value]
        return self._each(element.value)

    def _add(self, value: dict[str, Any]) -> str | None:
        """Add a row; or the name of the required field that it lacks."""
        cells: list[str | None] = []
        unreadable = False
        for name, spellings in self._paths.items():
            cell: Any = None
            for steps in spellings:
                cell = paths.find(value, steps)
                if cell is not None:
                    break
            if cell is not None and type(cell) is not str:
                cell = _text(cell, name)
                unreadable |= cell is None
            if cell is None and name in self._required:
                return name
            cells.append(cell)
        for column, cell in zip(self._columns.values(), cells, strict=True):
            column.append(cell)
        self._row.append(self._number)
        self._unreadable.append(unreadable)
        self._kept += 1
        return None

    def check(self) -> None:
        """Refuse a stream all of whose rows lack the same field.

        Raises:
            SourceError: naming the field and what was found in its place.
        """
        for name, count in self._lacking.items():
            if count == self._kept + sum(self._lacking.values()):
                raise SourceError(
                    f"{self._file}: no row has the field "
                    f"{'.'.join(step.key for step in self._paths[name][0])}; found "
                    f"{archive.names(sorted(self._seen))}; choose another format"
                )


def _why(element: Element) -> tuple[str, str, str]:
    if element.value is None:
        return element.rule, element.detail, element.raw
    return "not_an_object", "an entry of the page is no object", ""


def _text(cell: object, name: str) -> str | None:
    """Of a truth value or of a list where one is meant; null for anything else."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, list) and name in _LISTS:
        return json.dumps(cell, ensure_ascii=False) if cell else "[]"
    return None


def _raw(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)[:RAW_CHARACTERS]
