"""CSV to strings: every good row is kept, every bad one named by line and rule."""

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from pipeline.errors import SourceError
from pipeline.sources import archive

CHUNK_ROWS = 50_000
RAW_CHARACTERS = 300

# Bytes that are not UTF-8, as the decoder's `surrogateescape` hands them over.
_INVALID = re.compile("[\udc80-\udcff]+")


@dataclass
class Delimited:
    """Rows of one CSV file, all values strings.

    frame: the file's columns, and `row`, the line on which each record begins.
    rejected: (row, rule, detail, raw) of the rows that cannot be read.
    repaired: rule -> lines on which records begin that needed the repair.
    """

    frame: pl.DataFrame
    rejected: list[tuple[int, str, str, str]] = field(default_factory=list)
    repaired: dict[str, list[int]] = field(default_factory=dict)


def read_csv(path: Path, encoding: str) -> Delimited:
    """All rows of a CSV file with a header.

    One `csv.reader` runs while the rows are good. At an unbalanced quote the line is
    rejected and reading starts again on the next line, so that a stray quote never
    swallows what follows.

    Raises:
        SourceError: the file has no header, or a header names a column twice.
    """
    lines, repaired_lines = _lines(path, encoding)
    header, begin = _header(path, lines)
    result = Delimited(pl.DataFrame())
    chunks: list[pl.DataFrame] = []
    rows: list[list[str]] = []
    numbers: list[int] = []
    for number, row, rule, detail in _records(lines, begin, header):
        if rule:
            raw = json.dumps(row, ensure_ascii=False)[:RAW_CHARACTERS]
            result.rejected.append((number, rule, detail, raw))
            continue
        rows.append(row)
        numbers.append(number)
        if len(rows) == CHUNK_ROWS:
            chunks.append(_frame(header, rows, numbers))
            rows, numbers = [], []
    chunks.append(_frame(header, rows, numbers))
    result.frame = pl.concat(chunks)
    result.repaired = _owners(repaired_lines, result)
    return result


def _lines(path: Path, encoding: str) -> tuple[list[str], dict[str, list[int]]]:
    lines: list[str] = []
    repaired: dict[str, list[int]] = {"nul_removed": [], "invalid_utf8": []}
    codec = "utf-8-sig" if encoding == "utf-8" else encoding
    size = 0
    with archive.open_bytes(path) as handle:
        # Bytes are split at LF only: CR, and the other breaks of str.splitlines, may
        # stand in a post; csv reads CR LF itself.
        for raw in handle:
            size += len(raw)
            if size > archive.MAX_EXPANDED_BYTES:
                raise archive.too_large(path)
            line = raw.decode(codec if not lines else encoding, "surrogateescape")
            if not line.isascii() and _INVALID.search(line):
                line = _INVALID.sub("\ufffd", line)
                repaired["invalid_utf8"].append(len(lines) + 1)
            if "\0" in line:
                line = line.replace("\0", "")
                repaired["nul_removed"].append(len(lines) + 1)
            lines.append(line)
    return lines, repaired


def _header(path: Path, lines: list[str]) -> tuple[list[str], int]:
    reader = csv.reader(lines, strict=True)
    try:
        header = [name.strip() for name in next(reader)]
    except (StopIteration, csv.Error):
        raise SourceError(f"{path}: no header line; the file is not CSV") from None
    if header and header[0].lstrip().startswith("<"):
        raise SourceError(f"{path}: a web page, not CSV; fetch the file again")
    if twice := sorted({name for name in header if header.count(name) > 1}):
        raise SourceError(
            f"{path}: a name stands twice in the header: {archive.names(twice)}"
        )
    return header, reader.line_num


def _records(
    lines: list[str], begin: int, header: list[str]
) -> Iterator[tuple[int, list[str], str, str]]:
    """Yield (line, row, rule, detail); `rule` is empty for a good row."""
    width, position = len(header), begin
    while position < len(lines):
        reader = csv.reader(_from(lines, position), strict=True)
        offset, ended = position, True
        try:
            for row in reader:
                number, position = position + 1, offset + reader.line_num
                if len(row) == width:
                    if row == header:
                        yield number, row, "repeated_header", ""
                    else:
                        yield number, row, "", ""
                elif row:
                    # A record of several lines with a wrong count may be a stray
                    # quote that swallowed good rows: only its first line is given up.
                    if position > number:
                        detail = "quote not closed on its line"
                        yield number, [lines[number - 1]], "broken_quote", detail
                        position, ended = number, False
                        break
                    detail = f"{len(row)} fields, header has {width}"
                    yield number, row, "field_count", detail
        except csv.Error as error:
            yield position + 1, [lines[position]], "broken_quote", str(error)
            position, ended = position + 1, False
        if ended:
            return


def _from(lines: list[str], position: int) -> Iterator[str]:
    # NOTE: islice would walk over all the lines before `position` each time.
    for index in range(position, len(lines)):
        yield lines[index]


def _frame(
    header: list[str], rows: list[list[str]], numbers: list[int]
) -> pl.DataFrame:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(header)
    data = [
        pl.Series(name, values, dtype=pl.String)
        for name, values in zip(header, columns, strict=True)
    ]
    return pl.DataFrame([*data, pl.Series("row", numbers, dtype=pl.Int64)])


def _owners(lines: dict[str, list[int]], result: Delimited) -> dict[str, list[int]]:
    """Map repaired lines to the kept records that they belong to."""
    begins = [*result.frame["row"], *(row for row, *_ in result.rejected)]
    starts = pl.DataFrame({"row": pl.Series(begins, dtype=pl.Int64)}).sort("row")
    kept = set(result.frame["row"])
    owners = {}
    for rule, numbers in lines.items():
        touched = pl.DataFrame({"line": pl.Series(numbers, dtype=pl.Int64)})
        joined = touched.join_asof(
            starts, left_on="line", right_on="row", coalesce=False
        )
        owners[rule] = [row for row in joined["row"].unique() if row in kept]
    return owners
