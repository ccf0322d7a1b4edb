"""Byte streams of a file: plain, gzip, or each fitting member of a zip, never unpacked."""

import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Final

from pipeline.errors import SourceError
from pipeline.sources import archive
from pipeline.sources.lines import check_encoding

# OSError of a place in the file that cannot be.
DAMAGE: Final = (*archive.DAMAGE, OSError)
_UNPACK: Final = "if you trust it, unpack it and list the files"


class Stream:
    """Bytes that are bounded, and whose damage is named.

    Attributes:
        name: file below the raw directory, and the member in it.
        size: bytes that were read.
    """

    def __init__(self, path: Path, name: str, handle: IO[bytes]) -> None:
        self.path = path
        self.name = name
        self._handle = handle
        self.size = 0

    def read(self, size: int) -> bytes:
        """The next `size` bytes at most; none at the end.

        Raises:
            SourceError: the archive is damaged, or expands beyond the limit, or the
                file is UTF-16.
        """
        try:
            data = self._handle.read(size)
        except DAMAGE as error:
            raise damaged(self.path, error) from None
        if not self.size:
            check_encoding(self.name, data)
        self.size += len(data)
        archive.check_expansion(self.path, self.size)
        return data


def streams(path: Path, raw: Path, suffixes: tuple[str, ...]) -> Iterator[Stream]:
    """One stream for a file, or for each member of a zip with one of the endings.

    Raises:
        SourceError: another compression, a damaged archive, or no member fits.
    """
    name = path.relative_to(raw).as_posix()
    if path.suffix.lower() != ".zip":
        with archive.open_bytes(path) as handle:
            yield Stream(path, name, handle)
        return
    try:
        packed = zipfile.ZipFile(path)
    except DAMAGE as error:
        raise damaged(path, error) from None
    with packed:
        fitting = [info for info in members(packed) if _fits(info.filename, suffixes)]
        if not fitting:
            raise SourceError(f"{path}: holds no {' or '.join(suffixes)} file")
        for info in fitting:
            try:
                handle = packed.open(info)
            except DAMAGE as error:
                raise damaged(path, error) from None
            with handle:
                member = f"{name}/{info.filename}"
                yield Stream(path, member, handle)


def members(packed: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Files of a zip in order of name, without what archivers add.

    Raises:
        SourceError: a member leaves the folder that it would be unpacked into, has a
            name that a terminal would not show as it is, or stands there twice.
    """
    kept: list[zipfile.ZipInfo] = []
    for info in sorted(packed.infolist(), key=lambda one: one.filename):
        place = PurePosixPath(info.filename)
        if not info.filename.isprintable():
            raise SourceError(
                f"{packed.filename}: a member's name is not printable; {_UNPACK}"
            )
        if place.is_absolute() or ".." in place.parts or "\\" in info.filename:
            raise SourceError(
                f"{packed.filename}: a member leaves the target folder; {_UNPACK}"
            )
        if kept and kept[-1].filename == info.filename:
            raise SourceError(
                f"{packed.filename}: {info.filename} stands there twice; {_UNPACK}"
            )
        if not (info.is_dir() or archive.added(place)):
            kept.append(info)
    return kept


def damaged(path: Path, error: Exception) -> SourceError:
    """Error for an archive whose bytes are not what its compression says."""
    return SourceError(f"{path}: damaged archive ({error}); fetch it again")


def _fits(name: str, suffixes: tuple[str, ...]) -> bool:
    return PurePosixPath(name).suffix.lower() in suffixes
