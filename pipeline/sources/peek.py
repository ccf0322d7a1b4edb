"""The beginning of a file of any form: what it takes to tell which table it is.

No more than the first elements, lines or names are ever held.
"""

import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any, Final

from pipeline.errors import SourceError
from pipeline.sources import archive, delimited, fields, parquet
from pipeline.sources.columns import plain
from pipeline.sources.elements import elements
from pipeline.sources.members import DAMAGE, Stream, damaged, members, streams

TEXT: Final = (".txt", ".tsv", ".dat")
# Endings of files that are looked into, plain; each but Parquet also in gzip.
SUFFIXES: Final = (".csv", ".parquet", *fields.SUFFIXES, *TEXT, ".xml")
# Elements and lines of a file that are looked at, and members of a zip.
_LOOKED = 20
_MEMBERS = 100
# Most of a file that is read for it, of JSON behind its first element.
_BYTES = 2**18
_ELEMENT_BYTES = 2**22
_DEPTH = 3
# Of a document, behind its declaration and comments.
_ROOT = re.compile(
    r"(?>\s|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>]*>)*+<([\w:.-]+)", re.DOTALL
)


@dataclass(frozen=True)
class Header:
    """Columns of a table, in plain letters.

    users: as of Packed, of a table that is alone in a zip.
    """

    names: frozenset[str]
    users: str | None = None

    @classmethod
    def of(cls, columns: Iterable[str], users: str | None = None) -> "Header":
        """The header with these columns."""
        return cls(frozenset(map(plain, columns)), users)


@dataclass(frozen=True)
class Elements:
    """First elements of a JSON file that can be read."""

    values: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Lines:
    """First lines of a text without a header."""

    texts: tuple[str, ...]


@dataclass(frozen=True)
class Markup:
    """Name of a document's root."""

    root: str


@dataclass(frozen=True)
class Packed:
    """Several tables in a zip, or in zips within it.

    users: where the first of them that is named `users.csv` would lie once unpacked;
        null if there is none.
    """

    users: str | None


def is_known(path: Path) -> bool:
    """Whether files of this ending are looked into."""
    return _form(path.name).endswith((*SUFFIXES, ".zip"))


Content = Header | Elements | Lines | Markup | Packed


def peek(path: Path) -> Iterator[tuple[str, Content]]:
    """Name of a file, or of each of the first members of a zip, and its beginning.

    Raises:
        SourceError: the file is empty, damaged, or of a form that no reader reads.
    """
    if path.stat().st_size == 0:
        raise SourceError(f"{path}: empty; fetch the file again")
    if not is_known(path):
        ending = f"ending in {path.suffix}" if path.suffix else "without an ending"
        raise SourceError(f"{path}: no format has files {ending}")
    form = _form(path.name)
    if form.endswith(".zip"):
        yield from _members(path)
    elif form.endswith(".parquet"):
        yield path.name, Header.of(parquet.columns(path))
    elif form.endswith(".csv"):
        yield path.name, Header.of(delimited.header(path))
    else:
        for stream in streams(path, path.parent, ()):
            yield path.name, _content(stream, PurePosixPath(form).suffix)


def _members(path: Path) -> Iterator[tuple[str, Content]]:
    try:
        with zipfile.ZipFile(path) as packed:
            endings = [_ending(info.filename) for info in members(packed)]
            tables = {".csv", ".zip"} & set(endings)
            users = _users(path, packed) if tables else None
    except DAMAGE as error:
        raise damaged(path, error) from None
    if endings == [".csv"]:
        yield path.name, Header.of(delimited.header(path), users)
    elif tables:
        yield path.name, Packed(users)
    known = {*fields.SUFFIXES, *TEXT, ".xml"} & set(endings)
    if not (known or tables):
        raise SourceError(f"{path}: holds no {', '.join(SUFFIXES)} file")
    if known:
        for stream in islice(
            streams(path, path.parent, tuple(sorted(known))), _MEMBERS
        ):
            yield stream.name, _content(stream, _ending(stream.name))


def _users(path: Path, packed: zipfile.ZipFile) -> str | None:
    tables = _tables(path, packed, path.name, 1)
    return next((name for name in tables if name.endswith("/users.csv")), None)


def _tables(
    path: Path, packed: zipfile.ZipFile, folder: str, depth: int
) -> Iterator[str]:
    """Where the tables of a zip would lie once unpacked, as `nested` does it."""
    for info in members(packed):
        place = f"{folder}/{info.filename}"
        if _ending(place) == ".csv":
            yield place
        elif _ending(place) == ".zip" and depth < _DEPTH:
            archive.check_expansion(path, info.file_size)
            with packed.open(info) as inner, zipfile.ZipFile(inner) as within:
                yield from _tables(path, within, place[: -len(".zip")], depth + 1)


def _content(stream: Stream, ending: str) -> Content:
    if ending in fields.SUFFIXES:
        return Elements(tuple(_elements(stream)))
    data = b""
    while len(data) < _BYTES and (more := stream.read(_BYTES)):
        data += more
    text = data.decode("utf-8-sig", "replace")
    if "<html" in text[:1000].lower() or "<!doctype html" in text[:1000].lower():
        raise SourceError(f"{stream.name}: a web page; fetch the file again")
    if ending == ".xml":
        root = _ROOT.match(text)
        return Markup(root[1] if root else "")
    # The last line may be cut.
    lines = text.split("\n") if len(data) < _BYTES else text.split("\n")[:-1]
    written = (line.rstrip("\r") for line in lines)
    return Lines(tuple(islice(filter(None, written), _LOOKED)))


def _elements(stream: Stream) -> Iterator[dict[str, Any]]:
    why = "it has no element"
    for number, element in enumerate(elements(stream, "utf-8"), 1):
        if element.value is not None:
            why = ""
            yield element.value
        elif why:
            why = f"no element can be read: {element.rule}, {element.detail}"
        if number == _LOOKED or stream.size > _ELEMENT_BYTES:
            break
    if why:
        raise SourceError(f"{stream.name}: {why}")


def _form(name: str) -> str:
    return name.lower().removesuffix(".gz")


def _ending(name: str) -> str:
    return PurePosixPath(name).suffix.lower()
