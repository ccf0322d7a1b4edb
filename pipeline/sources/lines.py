"""Whole lines of a text file in blocks of bounded size, decoded and cleaned."""

import re
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from pipeline.errors import SourceError
from pipeline.sources import archive

# Read at a time. No value depends on it; memory of larger blocks is asked of the system
# anew for each, which takes longer than to go through it.
BLOCK_BYTES = 4 * 2**20
# Longest record, quoted line breaks included. The longest profile or post of any
# platform is far below; what is longer is damage or an attack, and is never held.
RECORD_BYTES = 2**20

# Bytes that are not UTF-8, as the decoder's `surrogateescape` hands them over.
_INVALID = re.compile("[\udc80-\udcff]+")
_BOM = b"\xef\xbb\xbf"
# UTF-16, with its mark or without: without its NUL bytes it would look like damaged
# UTF-8, and every letter that is not Latin would be lost.
_WIDE = re.compile(rb"\xff\xfe|\xfe\xff|(?:[^\0]\0){2}|(?:\0[^\0]){2}")


@dataclass
class Block:
    """Lines of a file, one after the other.

    data: UTF-8, without NUL; every line ends with LF, also the last one of a file. A
        line above RECORD_BYTES may be cut, but not to RECORD_BYTES or less.
    first: number of its first line; the file's first one is 1.
    repaired: rule -> numbers of the lines that needed the repair.
    share: of the file's bytes, packed or not, read with its last line, from 0 to 1.
    """

    data: bytes
    first: int
    repaired: dict[str, list[int]] = field(default_factory=dict)
    share: float = 1.0


def blocks(path: Path, encoding: str) -> Generator[Block, None, None]:
    """All lines of a file, plain or compressed; memory does not grow with the file.

    Lines end at LF only: CR, and the other breaks of `str.splitlines`, may stand in a
    post.

    Raises:
        SourceError: the archive is damaged, or expands beyond the limits, or the file
            is UTF-16.
    """
    number, size = 1, max(path.stat().st_size, 1)
    with path.open("rb") as raw, archive.expanded(path, raw) as handle:
        for data in _whole_lines(path, handle):
            if number == 1:
                check_encoding(path, data)
            block = _clean(data, number, encoding)
            block.share = min(raw.tell() / size, 1.0)
            number += block.data.count(b"\n")
            yield block


def check_encoding(name: Path | str, begin: bytes) -> None:
    """Refuse text of which every second byte is none of its letters.

    Args:
        name: of the file.
        begin: its first bytes.

    Raises:
        SourceError: it is UTF-16.
    """
    if _WIDE.match(begin):
        raise SourceError(f"{name}: text in UTF-16; save it as UTF-8")


def _whole_lines(path: Path, handle: IO[bytes]) -> Iterator[bytes]:
    size, rest = 0, b""
    while piece := handle.read(BLOCK_BYTES):
        size += len(piece)
        archive.check_expansion(path, size)
        data = rest + piece
        end = data.rfind(b"\n") + 1
        # What is cut off belongs to a line that is too long already.
        rest = data[end : end + RECORD_BYTES + 1]
        if end:
            yield data[:end]
    if rest:
        yield rest + b"\n"


def _clean(data: bytes, first: int, encoding: str) -> Block:
    repaired = {}
    if encoding != "utf-8":
        data = data.decode(encoding).encode()
    else:
        data = data.removeprefix(_BOM) if first == 1 else data
        data, places = _valid(data)
        if places:
            repaired["invalid_utf8"] = _lines_of(places, data, first)
    if b"\0" in data:
        repaired["nul_removed"] = _lines_of(_nul(data), data, first)
        data = data.replace(b"\0", b"")
    return Block(data, first, repaired)


def _valid(data: bytes) -> tuple[bytes, list[int]]:
    """Text as UTF-8, and where lines begin of which bytes were replaced."""
    pieces, places, start, length = [], [], 0, 0
    # NOTE: a pattern over the whole text takes several times as long.
    while (place := _first_invalid(memoryview(data)[start:])) is not None:
        begin = data.rfind(b"\n", 0, start + place) + 1
        end = data.index(b"\n", start + place) + 1
        line = data[begin:end].decode("utf-8", "surrogateescape")
        pieces += [data[start:begin], _INVALID.sub("\ufffd", line).encode()]
        length += len(pieces[-2])
        places.append(length)
        length += len(pieces[-1])
        start = end
    return b"".join([*pieces, data[start:]]) if pieces else data, places


def _first_invalid(data: memoryview) -> int | None:
    try:
        str(data, "utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return None


def _nul(data: bytes) -> Iterator[int]:
    place = data.find(b"\0")
    while place >= 0:
        yield place
        place = data.find(b"\0", data.find(b"\n", place))


def _lines_of(places: Iterable[int], data: bytes, first: int) -> list[int]:
    """Number of the line of each offset; offsets grow from line to line."""
    numbers, last = [], 0
    for place in places:
        first += data.count(b"\n", last, place)
        last = place
        numbers.append(first)
    return numbers
