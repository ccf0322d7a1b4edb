"""How the files of a format look: nothing but what its reader reads of them.

Each reader lists its kinds of file under `LOOKS`; what a file holds is compared with
all of them, and the one of which it has most is what the file is taken for.
"""

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, ClassVar, Final

from pipeline.sources import flat, paths
from pipeline.sources.columns import Columns, plain
from pipeline.sources.peek import Content, Elements, Header, Lines, Markup, Packed

# Rows of a file that are looked at.
_ROWS: Final = 50
# So many names in common are no accident; fewer must be most of what the file has.
_ENOUGH: Final = 3
# More than any table has columns: the folder of a group says more than they do.
_MOST: Final = 1_000


@dataclass(frozen=True)
class Fit:
    """What a file has of a look.

    fields: names used here of what was found.
    weight: how much was found; the look of greatest weight is the file's.
    why: a sentence for the user.
    """

    fields: frozenset[str]
    weight: int
    why: str


@dataclass(frozen=True)
class Table:
    """CSV or Parquet with a header.

    Attributes:
        table: canonical table that its rows become, or `labels`.
        required: columns that it must have.
        optional: columns that it may have.
        folders: names of the folders that it must lie in, which say the class.
        classed: its kind says the class.
    """

    table: str
    required: Columns
    optional: Columns = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    classed: bool = False

    def fit(self, content: Content, place: str) -> Fit | None:
        """What a file at this place has of the look; null if it does not fit."""
        if not isinstance(content, Header) or self._is_elsewhere(place):
            return None
        every, found = self._columns(content)
        if not set(self.required) <= found or _by_accident(found, content.names):
            return None
        why = f"it has {len(found)} of the {len(every)} columns that are read"
        return Fit(frozenset(found), len(found) + bool(self.folders), why)

    def nearly(self, content: Header, place: str) -> Fit | None:
        """What a file that lacks required columns has of the look; null if it fits.

        The weight is that of what it has above what it lacks.
        """
        every, found = self._columns(content)
        lacking = [
            spelt[0] for name, spelt in self.required.items() if name not in found
        ]
        if not lacking or self._is_elsewhere(place):
            return None
        why = (
            f"it has {len(found)} of the {len(every)} columns that are read, but not "
            f"{', '.join(lacking)}; name the column so, or fetch the file again"
        )
        return Fit(frozenset(found), len(found) - len(lacking), why)

    def _is_elsewhere(self, place: str) -> bool:
        return bool(self.folders) and not re.search(in_folder(self.folders), place)

    def _columns(self, content: Header) -> tuple[Columns, set[str]]:
        """All columns of the look, and the names of those that a file has."""
        every = {**self.required, **self.optional}
        found = {
            name
            for name, spelt in every.items()
            if content.names & set(map(plain, spelt))
        }
        return every, found


@dataclass(frozen=True)
class Json:
    """JSON.

    Attributes:
        shape: what is read of it.
        ids: pattern of the ids that only this format has, by the field they stand in.
    """

    shape: flat.Shape
    ids: Mapping[str, str] = field(default_factory=dict)
    classed: ClassVar[bool] = False

    @property
    def table(self) -> str:
        """Canonical table that its rows become."""
        return self.shape.table

    def fit(self, content: Content, place: str) -> Fit | None:
        """As Table.fit."""
        if not isinstance(content, Elements):
            return None
        every = {
            name: [paths.parse(path) for path in spelt]
            for name, spelt in self.shape.fields.items()
        }
        found: set[str] = set()
        keys: set[str] = set()
        complete = False
        for row in islice(self._rows(content), _ROWS):
            values = {name: _value(row, spelt) for name, spelt in every.items()}
            has = {name for name, value in values.items() if value is not None}
            for name, pattern in self.ids.items():
                if name in has and not re.fullmatch(pattern, str(values[name])):
                    return None
            complete |= set(self.shape.required) <= has
            found |= has
            keys |= set(row)
        if not complete or _by_accident(found, keys):
            return None
        why = f"it has {len(found)} of the {len(every)} fields that are read"
        return Fit(frozenset(found), len(found) + bool(self.ids), why)

    def _rows(self, content: Elements) -> Sequence[dict[str, Any]]:
        each = self.shape.each or (lambda element: [element])
        return [
            row
            for element in content.values
            for row in islice(each(element), _ROWS)
            if isinstance(row, dict)
        ]


@dataclass(frozen=True)
class Text:
    """Text without a header.

    Attributes:
        table: as of Table.
        fields: of a line, in their order.
        pattern: of a line; most of them must follow it.
        classed: as of Table.
    """

    table: str
    fields: tuple[str, ...]
    pattern: str
    classed: bool = False

    def fit(self, content: Content, place: str) -> Fit | None:
        """As Table.fit."""
        if not isinstance(content, Lines):
            return None
        known = [re.fullmatch(self.pattern, line) for line in content.texts]
        if 2 * sum(found is not None for found in known) <= len(known):
            return None
        why = f"its lines have the {len(self.fields)} fields that are read"
        return Fit(frozenset(self.fields), len(self.fields), why)


@dataclass(frozen=True)
class Xml:
    """A document with a root of this name."""

    table: str
    root: str
    classed: ClassVar[bool] = False

    def fit(self, content: Content, place: str) -> Fit | None:
        """As Table.fit."""
        if not isinstance(content, Markup) or content.root != self.root:
            return None
        return Fit(frozenset(), 1, f"its root is {self.root}")


@dataclass(frozen=True)
class Release:
    """A zip of tables in folders of these names, which say the class."""

    folders: tuple[str, ...]
    table: ClassVar[str] = "accounts"
    classed: ClassVar[bool] = True

    def fit(self, content: Content, place: str) -> Fit | None:
        """As Table.fit."""
        if not isinstance(content, Packed | Header) or content.users is None:
            return None
        folder = re.search(in_folder(self.folders), content.users)
        if folder is None:
            return None
        return Fit(frozenset(), _MOST, f"it holds users.csv in a folder {folder[1]}")


Look = Table | Json | Text | Xml | Release
# Kind of file, as in `files` of a source -> forms that it is published in.
Looks = Mapping[str, tuple[Look, ...]]


def in_folder(names: Sequence[str]) -> str:
    """Pattern of the place of a file in a folder whose name begins with one of these."""
    return rf"(?:^|/)({'|'.join(names)})\b[^/]*/[^/]*$"


def _by_accident(found: set[str], names: Set[str]) -> bool:
    return len(found) < _ENOUGH and 2 * len(found) <= len(names)


def _value(row: dict[str, Any], spelt: Sequence[tuple[paths.Step, ...]]) -> object:
    """Text, truth value or list at the first of the paths that has one."""
    found = (paths.find(row, steps) for steps in spelt)
    return next((one for one in found if isinstance(one, str | bool | list)), None)
