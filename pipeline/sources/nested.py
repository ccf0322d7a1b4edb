"""A zip within a zip, put on disk for the time of reading: only there can it be read."""

import zipfile
from pathlib import Path, PurePosixPath
from typing import IO

from pipeline.errors import SourceError
from pipeline.sources import archive
from pipeline.sources.members import DAMAGE, damaged, members

_CHUNK = 2**20
# The release has a zip of zips; more is an attempt to exhaust whoever reads it.
_MAX_DEPTH = 3


def unpack(path: Path, folder: Path, suffixes: tuple[str, ...]) -> None:
    """Write the members with these endings, also those of zips inside, below `folder`.

    Raises:
        SourceError: the archive is damaged, leaves its folder, or expands beyond the
            limit; or no member fits.
    """
    spent = [0]
    try:
        _unpack(path, path, folder, suffixes, spent, 1)
    except DAMAGE as error:
        raise damaged(path, error) from None
    if not any(file.is_file() for file in folder.rglob("*")):
        raise SourceError(f"{path}: holds no {' or '.join(suffixes)} file")


def _unpack(
    outer: Path,
    handle: Path | IO[bytes],
    folder: Path,
    suffixes: tuple[str, ...],
    spent: list[int],
    depth: int,
) -> None:
    if depth > _MAX_DEPTH:
        raise SourceError(f"{outer}: zips within zips within zips; unpack it yourself")
    with zipfile.ZipFile(handle) as packed:
        for info in members(packed):
            suffix = PurePosixPath(info.filename).suffix.lower()
            target = folder / info.filename
            if suffix not in (*suffixes, ".zip"):
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with packed.open(info) as inner:
                if suffix == ".zip":
                    _unpack(
                        outer, inner, target.with_suffix(""), suffixes, spent, depth + 1
                    )
                else:
                    _write(outer, inner, target, spent)


def _write(outer: Path, inner: IO[bytes], target: Path, spent: list[int]) -> None:
    with target.open("wb") as out:
        while data := inner.read(_CHUNK):
            spent[0] += len(data)
            archive.check_expansion(outer, spent[0])
            out.write(data)
