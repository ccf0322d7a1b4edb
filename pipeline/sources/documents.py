"""Posts from XML files, one an author: `<author><documents><document>text</document>`."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

import polars as pl

from features import schema
from pipeline.errors import SourceError
from pipeline.sources import archive
from pipeline.sources.delimited import RAW_CHARACTERS
from pipeline.sources.members import Stream, streams
from pipeline.sources.reading import Reading
from pipeline.sources.source import Source

# Of one author's file; a hundred posts take some ten thousand bytes.
_MAX_BYTES = 16 * 2**20
_SCHEMA = {
    "account_id": pl.String(),
    "number": pl.String(),
    "text": pl.String(),
    "file": pl.String(),
    "row": pl.Int64(),
}


class _Unreadable(Exception):
    """An author's file as a whole is no row: its rule, and why."""


def load(source: Source, raw: Path, key: str) -> Reading:
    """Posts of all files of one key; the author is the file's name.

    A file that cannot be parsed is one rejected row.

    Raises:
        SourceError: a file is missing, or is a web page.
    """
    rows: list[tuple[str, str, str, str, int]] = []
    rejected: list[tuple[str, str, int, str, str, str]] = []
    repaired: dict[str, list[str]] = {"nul_removed": [], "invalid_utf8": []}
    for path in archive.find(source, raw, key):
        for stream in streams(path, raw, (".xml",)):
            data = _whole(stream)
            text = data.decode("utf-8-sig", "replace").replace("\0", "")
            if b"\0" in data:
                repaired["nul_removed"].append(stream.name)
            if "\ufffd" in text and b"\xef\xbf\xbd" not in data:
                repaired["invalid_utf8"].append(stream.name)
            author = PurePosixPath(stream.name.removesuffix(".gz")).stem
            try:
                for number, post in enumerate(_documents(text, stream.name), 1):
                    rows.append((author, str(number), post, stream.name, number))
            except _Unreadable as why:
                rule, detail = why.args
                raw_text = text[:RAW_CHARACTERS]
                rejected.append((source.name, stream.name, 1, rule, detail, raw_text))
    reading = Reading(source, "posts", pl.DataFrame(rows, schema=_SCHEMA, orient="row"))
    for _, file, *_ in rejected:
        reading.add_file(file, 1)
    reading.add_rejected(pl.DataFrame(rejected, schema=schema.REJECTED, orient="row"))
    for rule, files in repaired.items():
        reading.note(rule, pl.col("file").is_in(files))
    return reading


def _whole(stream: Stream) -> bytes:
    parts, size = [], 0
    while size <= _MAX_BYTES and (data := stream.read(2**20)):
        parts.append(data)
        size += len(data)
    return b"".join(parts)


def _documents(text: str, file: str) -> Iterator[str]:
    begin = text[:1000].lower()
    if "<html" in begin or "<!doctype html" in begin:
        raise SourceError(f"{file}: a web page, not an author; fetch the file again")
    if len(text) > _MAX_BYTES:
        raise _Unreadable("element_too_large", "beyond the limit")
    # A document type can define entities that expand to gigabytes.
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise _Unreadable("broken_xml", "declares a document type")
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError) as error:
        raise _Unreadable("broken_xml", str(error)) from None
    for document in root.iter("document"):
        yield document.text or ""
