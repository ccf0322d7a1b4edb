"""Text files without a header: one record a line, fields by position."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from features import schema
from pipeline.errors import SourceError
from pipeline.sources import archive
from pipeline.sources.delimited import RAW_CHARACTERS
from pipeline.sources.members import Stream, streams
from pipeline.sources.reading import Reading
from pipeline.sources.source import Source

SUFFIXES = (".tsv", ".txt", ".dat", ".csv")
_CHUNK = 2**20
_CHUNK_ROWS = 50_000
# A line beyond this is no record of ids, labels and posts.
_MAX_LINE = 2**20


def load(
    source: Source,
    raw: Path,
    key: str,
    table: str,
    names: Sequence[str],
    separator: str,
) -> Reading:
    """Rows of all files of one key; `row` is the line.

    Args:
        source: declaration.
        raw: directory that its file names are relative to.
        key: kind of file.
        table: canonical table that the rows become, or `labels`.
        names: of the fields of a line, in their order.
        separator: what stands between two fields.

    Raises:
        SourceError: a file is missing, or is a web page.
    """
    frames, rejected, repaired = [], [], []
    for path in archive.find(source, raw, key):
        for stream in streams(path, raw, SUFFIXES):
            rows: list[tuple[str, ...]] = []
            for number, line in _lines(stream):
                if number == 1 and line.lstrip(b"\xef\xbb\xbf ").startswith(b"<"):
                    raise SourceError(
                        f"{stream.name}: a web page, not a table; fetch the file again"
                    )
                text, rules = _decoded(line, source.encoding)
                cells = text.split(separator)
                if not text:
                    continue
                if len(cells) != len(names) or len(line) > _MAX_LINE:
                    detail = f"{len(cells)} fields of {len(names)}, {len(line)} bytes"
                    cut = json.dumps([text[:RAW_CHARACTERS]], ensure_ascii=False)
                    rejected.append(
                        (source.name, stream.name, number, "field_count", detail, cut)
                    )
                    continue
                rows.append((*cells, stream.name, str(number)))
                if len(rows) == _CHUNK_ROWS:
                    frames.append(_frame(rows, names))
                    rows = []
                repaired += [(rule, stream.name, number) for rule in rules]
            frames.append(_frame(rows, names))
    reading = Reading(source, table, pl.concat(frames))
    for _, file, *_ in rejected:
        reading.add_file(file, 1)
    reading.add_rejected(pl.DataFrame(rejected, schema=schema.REJECTED, orient="row"))
    for rule in sorted({rule for rule, *_ in repaired}):
        touched = [
            {"file": file, "row": row} for name, file, row in repaired if name == rule
        ]
        reading.note(rule, pl.struct("file", "row").is_in(touched))
    return reading


def _lines(stream: Stream) -> Iterator[tuple[int, bytes]]:
    """Yield (line, bytes); of a line that is too long, only its beginning."""
    number, rest = 0, b""
    while data := stream.read(_CHUNK):
        *whole, rest = (rest + data).split(b"\n")
        for line in whole:
            number += 1
            yield number, line
        rest = rest[: _MAX_LINE + 1]
    if rest:
        yield number + 1, rest


def _decoded(line: bytes, encoding: str) -> tuple[str, list[str]]:
    rules = []
    text = line.decode("utf-8-sig" if encoding == "utf-8" else encoding, "replace")
    if encoding == "utf-8" and "\ufffd" in text and b"\xef\xbf\xbd" not in line:
        rules.append("invalid_utf8")
    if "\0" in text:
        rules.append("nul_removed")
        text = text.replace("\0", "")
    return text.rstrip("\r"), rules


def _frame(rows: list[tuple[str, ...]], names: Sequence[str]) -> pl.DataFrame:
    frame = pl.DataFrame(
        rows, schema={name: pl.String for name in (*names, "file", "row")}, orient="row"
    )
    return frame.cast({"row": pl.Int64})
