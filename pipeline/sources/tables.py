"""Files of one key that hold plain tables: CSV, Parquet, or JSON lines of flat objects."""

from pathlib import Path

from pipeline.errors import SourceError
from pipeline.sources import archive, columns, fields, flat
from pipeline.sources.reading import Reading
from pipeline.sources.source import Source


def load(
    source: Source,
    raw: Path,
    key: str,
    table: str,
    required: columns.Columns,
    optional: columns.Columns,
) -> Reading:
    """Rows of all files, as `columns.load` or `fields.load` gives them.

    Raises:
        SourceError: a file or a required column is missing, or the key mixes forms.
    """
    if hold_json(source, raw, key):
        return fields.load(source, raw, flat.Shape(key, table, required, optional))
    return columns.load(source, raw, key, table, required, optional)


def hold_json(source: Source, raw: Path, key: str) -> bool:
    """Whether the files of a key are JSON.

    Raises:
        SourceError: a file is missing, or the key mixes forms.
    """
    forms = {is_json(path) for path in archive.find(source, raw, key)}
    if len(forms) > 1:
        raise SourceError(
            f"source {source.name}, files.{key}: JSON stands beside CSV or Parquet; "
            "list one form"
        )
    return forms == {True}


def is_json(path: Path) -> bool:
    """Whether the file's name says that it holds JSON, compressed or not."""
    name = path.name.lower().removesuffix(".gz").removesuffix(".zip")
    return name.endswith(fields.SUFFIXES)
