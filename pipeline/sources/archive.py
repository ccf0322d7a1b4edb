"""Finding the files of an archive, and opening them: plain, gzip, or a zip of one."""

import gzip
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Final, cast

from pipeline.errors import SourceError
from pipeline.sources.source import Source

# A compressed file that expands beyond this, or to more than so many times its size, is
# taken for a decompression bomb; texts of posts shrink to a tenth or so.
MAX_EXPANDED_BYTES = 64 * 2**30
MAX_EXPANSION = 200
# No bomb: a small file that repeats itself.
_HARMLESS_BYTES = 16 * 2**20

_NAME = re.compile(r"^[A-Za-z]\w{0,40}$")
# What the standard library raises of bytes that it cannot expand; RuntimeError of a zip
# with a password, or packed by an unknown method.
DAMAGE: Final = (
    zipfile.BadZipFile,
    gzip.BadGzipFile,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    RuntimeError,
)
_EXPANDING = (".gz", ".zip")
_COMPRESSED = re.compile(r"\.(gz|zip)$")


def check_keys(
    source: Source, required: Iterable[str], optional: Iterable[str]
) -> None:
    """Refuse a source whose `files` does not have the keys of its format.

    `actions` may stand beside the files of any format (pipeline.sources.actions).

    Raises:
        SourceError: naming the keys missing or unknown.
    """
    required, known = set(required), {*required, *optional}
    given = set(source.files) - {"actions"}
    if absent := required - given:
        raise SourceError(
            f"source {source.name}, files: format {source.format} needs key(s) "
            f"{', '.join(sorted(absent))}; found {', '.join(sorted(given)) or 'none'}"
        )
    if unknown := given - known:
        raise SourceError(
            f"source {source.name}, files: format {source.format} has no key(s) "
            f"{', '.join(sorted(unknown))}; use {', '.join(sorted(known))}"
        )


def find(source: Source, raw: Path, key: str) -> list[Path]:
    """Files of one key, sorted by name; empty only if the source lacks the key.

    Raises:
        SourceError: a file is missing or empty, a pattern matches nothing, or the
            same part stands there twice.
    """
    if key not in source.files:
        return []
    found = [path for text in source.files[key] for path in _match(source, raw, text)]
    if not found:
        raise SourceError(f"source {source.name}, files.{key}: no file is listed")
    parts: dict[str, str] = {}
    for path in found:
        name = path.relative_to(raw).as_posix()
        part = _COMPRESSED.sub("", name)
        if part in parts:
            raise SourceError(
                f"source {source.name}, files.{key}: the same part stands there "
                f"twice: {parts[part]} and {name}; list it once"
            )
        parts[part] = name
        if path.stat().st_size == 0:
            raise SourceError(
                f"source {source.name}: {name} is empty; fetch the file again"
            )
    return sorted(found)


def _match(source: Source, raw: Path, text: str) -> list[Path]:
    pattern = PurePosixPath(text)
    if pattern.is_absolute() or ".." in pattern.parts:
        raise SourceError(
            f"source {source.name}: {text} leaves the raw directory; name files "
            "relative to it"
        )
    if any(sign in text for sign in "*?["):
        if matched := sorted(path for path in raw.glob(text) if path.is_file()):
            return matched
        raise SourceError(
            f"source {source.name}: no file matches {text} in {raw}; "
            "put the files there, or correct the pattern"
        )
    if not (raw / text).is_file():
        raise SourceError(
            f"source {source.name}: no file {text} in {raw}; put it there, or correct "
            "the name"
        )
    return [raw / text]


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """Bytes of a file, or of the only CSV in its archive.

    Raises:
        SourceError: another compression, a damaged archive, or not exactly one CSV.
    """
    with path.open("rb") as raw, expanded(path, raw) as handle:
        yield handle


@contextmanager
def expanded(path: Path, raw: IO[bytes]) -> Iterator[IO[bytes]]:
    """As `open_bytes`, of a file that is open already.

    Raises:
        SourceError: as open_bytes.
    """
    suffix = path.suffix.lower()
    if suffix in (".bz2", ".xz", ".zst", ".7z", ".rar", ".tar", ".tgz"):
        raise SourceError(f"{path}: {suffix} is not read; give it plain, .gz or .zip")
    try:
        if suffix == ".gz":
            with gzip.open(raw) as handle:
                yield cast(IO[bytes], handle)
        elif suffix == ".zip":
            with zipfile.ZipFile(raw) as archive, _opened(archive) as handle:
                yield handle
        else:
            yield raw
    except DAMAGE as error:
        raise SourceError(
            f"{path}: damaged archive ({error}); fetch it again"
        ) from None


def _opened(archive: zipfile.ZipFile) -> IO[bytes]:
    member = _member(archive)
    try:
        return archive.open(member)
    except OSError as error:  # The member's place in the file cannot be.
        raise zipfile.BadZipFile(str(error)) from None


def _member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = [
        info
        for info in archive.infolist()
        if not (info.is_dir() or added(PurePosixPath(info.filename)))
    ]
    if len(members) != 1 or not members[0].filename.lower().endswith(".csv"):
        raise SourceError(
            f"{archive.filename}: expected one CSV, found {len(members)} file(s); "
            "unpack it and list the files"
        )
    name = PurePosixPath(members[0].filename)
    if name.is_absolute() or ".." in name.parts:
        raise SourceError(
            f"{archive.filename}: a member leaves the target folder; if you trust it, "
            "unpack it and list the files"
        )
    check_expansion(Path(str(archive.filename)), members[0].file_size)
    return members[0]


def added(place: PurePosixPath) -> bool:
    """Whether an archiver put it beside the files of a folder, as `__MACOSX`."""
    return any(
        part != ".." and part.startswith((".", "__MACOSX")) for part in place.parts
    )


def names(header: Iterable[str]) -> str:
    """Column names for a message; a headerless file's texts never get into one."""
    plain = [name for name in header if _NAME.match(name) and name != "row"]
    return ", ".join(plain[:40]) or "no column names"


def check_expansion(path: Path, size: int) -> None:
    """Refuse a compressed file once `size` bytes of it are too many.

    Raises:
        SourceError: it expands beyond the limits.
    """
    if path.suffix.lower() not in _EXPANDING:
        return
    if size > MAX_EXPANDED_BYTES:
        limit = f"{MAX_EXPANDED_BYTES:,} bytes; split the file"
    elif size > max(_HARMLESS_BYTES, MAX_EXPANSION * path.stat().st_size):
        limit = f"{MAX_EXPANSION} times its size; fetch it again, or unpack it yourself"
    else:
        return
    raise SourceError(f"{path}: expands beyond {limit}")
