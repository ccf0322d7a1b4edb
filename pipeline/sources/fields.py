"""JSON files of one key as one frame: values found by path, as `columns` does by name."""

from collections.abc import Generator, Iterator
from pathlib import Path

import polars as pl

from features import schema
from pipeline.sources import archive, flat
from pipeline.sources.delimited import Delimited
from pipeline.sources.elements import elements
from pipeline.sources.members import streams
from pipeline.sources.part import Part
from pipeline.sources.reading import Reading
from pipeline.sources.source import Source

SUFFIXES = (".json", ".jsonl", ".ndjson")


def load(source: Source, raw: Path, shape: flat.Shape) -> Reading:
    """Rows of all files of the shape's key, as `flat.batches` gives them.

    Raises:
        SourceError: a file is missing or no JSON, or no row of it has a required field.
    """
    files = _files(source, raw, shape)
    frames = [
        rows.frame.with_columns(file=pl.lit(file)).select(
            *shape.fields, "file", "row", flat.UNREADABLE
        )
        for file, rows in files
    ]
    reading = Reading(source, shape.table, pl.concat(frames))
    reading.note("field_unreadable", pl.col(flat.UNREADABLE), "nulled")
    reading.frame = reading.frame.drop(flat.UNREADABLE)
    rejected = []
    for file, rows in files:
        reading.add_file(file, len(rows.rejected))
        rejected += [(source.name, file, *row) for row in rows.rejected]
        for rule, numbers in rows.repaired.items():
            reading.note(rule, (pl.col("file") == file) & pl.col("row").is_in(numbers))
    reading.add_rejected(
        pl.DataFrame(rejected, schema=schema.REJECTED, orient="row")
        if rejected
        else schema.empty("rejected")
    )
    return reading


def _files(source: Source, raw: Path, shape: flat.Shape) -> list[tuple[str, Delimited]]:
    if isinstance(source, Part):
        return source.rows(shape.table)
    found = []
    for name, batches in files(source, raw, shape):
        batch, *more = batches
        found.append((name, batch.joined(more)))
    return found


def files(
    source: Source, raw: Path, shape: flat.Shape
) -> Iterator[tuple[str, Generator[Delimited, None, None]]]:
    """Name and rows of each file; those of one are read before the next is opened.

    Raises:
        SourceError: as load.
    """
    for path in archive.find(source, raw, shape.key):
        for stream in streams(path, raw, SUFFIXES):
            yield stream.name, flat.batches(stream, source.encoding, shape)


def names(path: Path) -> list[str]:
    """Fields of the first element of a JSON file that can be read.

    Raises:
        SourceError: the file is no JSON.
    """
    for stream in streams(path, path.parent, SUFFIXES):
        for element in elements(stream, "utf-8"):
            if element.value is not None:
                return list(element.value)
    return []
