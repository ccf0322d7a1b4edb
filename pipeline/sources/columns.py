"""Files of one key as one frame: columns found by name, never by position."""

import difflib
import re
from collections.abc import Callable, Generator, Mapping
from itertools import combinations, product
from pathlib import Path

import polars as pl

from features import schema
from pipeline.errors import SourceError
from pipeline.sources import archive, parquet
from pipeline.sources.delimited import Delimited
from pipeline.sources.delimited import batches as read_batches
from pipeline.sources.part import Part
from pipeline.sources.reading import Reading
from pipeline.sources.source import Source

# Name used here -> published names, in any case or camelCase; the first one found
# is taken.
Columns = Mapping[str, tuple[str, ...]]


# Types of Parquet that no text of an archive stands for.
_NO_VALUES = (pl.Binary, pl.Duration, pl.Time, pl.Object)
# Canonical type, or null of a column of the format's own -> types that readers know.
_TYPED: Mapping[pl.DataType | None, tuple[object, ...]] = {
    schema.TIME: (pl.Datetime,),
    None: (pl.Boolean, pl.Datetime),
}
# Canonical types of whose columns readers take whatever there is.
_NUMBERS = (pl.Int64(), pl.Boolean())


def load(
    source: Source,
    raw: Path,
    key: str,
    table: str,
    required: Columns,
    optional: Columns | None = None,
) -> Reading:
    """Rows of all files of one key, under the names used here, absent columns null.

    Values are strings for a text file; of Parquet numbers, times and lists where the
    canonical tables have such, and strings too where they have none. A column that no
    file has is null strings.

    Raises:
        SourceError: a file or a required column is missing, a column is of a type that
            no archive has, or two files have a column in types that no common one
            holds.
    """
    frames, repaired, rejected = [], [], []
    files = _files(source, raw, key)
    for file, read in files:
        frame = read.frame
        wanted = {**required, **(optional or {})}
        names = match(file, frame.columns, wanted, set(required))
        absent = [
            pl.lit(None, pl.Null).alias(name) for name in wanted if name not in names
        ]
        found = [pl.col(published).alias(name) for name, published in names.items()]
        columns = [*found, *absent, pl.lit(file).alias("file"), "row"]
        selected = frame.select(columns).select(*wanted, "file", "row")
        selected = _without_types(selected, file, table)
        frames.append((file, selected))
        for rule, rows in read.repaired.items():
            repaired.append((rule, file, rows))
        rejected += [(source.name, file, *row) for row in read.rejected]
    reading = Reading(source, table, _together(frames))
    for file, count in _heights(rejected).items():
        reading.add_file(file, count)
    reading.add_rejected(
        pl.DataFrame(rejected, schema=schema.REJECTED, orient="row")
        if rejected
        else schema.empty("rejected")
    )
    for file, _ in files:
        reading.add_file(file, 0)
    for rule, file, rows in repaired:
        reading.note(rule, (pl.col("file") == file) & pl.col("row").is_in(rows))
    return reading


def _without_types(frame: pl.DataFrame, file: str, table: str) -> pl.DataFrame:
    """The same rows, as a text file would have them where readers ask for text.

    Floats in ids stay what they are: they are refused, and not printed.

    Raises:
        SourceError: bytes, spans of time, or values within values.
    """
    known = {**schema.ACCOUNTS, **schema.POSTS, **schema.TABLES.get(table, {})}
    texts = []
    for name, dtype in frame.drop("file", "row").schema.items():
        wanted = known.get(name.removeprefix("user_"))
        lists = isinstance(dtype, pl.List) and wanted == schema.STRINGS
        if (dtype.is_nested() and not lists) or dtype in _NO_VALUES:
            raise SourceError(
                f"{file}: column {name} is {dtype}, which is no value of an archive; "
                "store it as text"
            )
        kept: tuple[object, ...] = (
            pl.String,
            pl.Null,
            pl.List,
            *_TYPED.get(wanted, ()),
        )
        is_float_id = dtype.is_float() and name.endswith("_id")
        if wanted not in _NUMBERS and dtype not in kept and not is_float_id:
            # What is no number in a table of floats is nothing.
            cell = pl.col(name).fill_nan(None) if dtype.is_float() else pl.col(name)
            texts.append(cell.cast(pl.String))
    return frame.with_columns(texts) if texts else frame


def _together(frames: list[tuple[str, pl.DataFrame]]) -> pl.DataFrame:
    """Rows of all files; a column has the type that holds the values of all of them.

    Raises:
        SourceError: there is no such type.
    """
    try:
        whole = pl.concat([frame for _, frame in frames], how="vertical_relaxed")
    except pl.exceptions.PolarsError:
        for column, files in product(frames[0][1].columns, combinations(frames, 2)):
            _check_alike(column, *files)
        raise
    unknown = [name for name, dtype in whole.schema.items() if dtype == pl.Null()]
    return whole.cast(dict.fromkeys(unknown, pl.String()))


def _check_alike(
    column: str, one: tuple[str, pl.DataFrame], other: tuple[str, pl.DataFrame]
) -> None:
    cells = [frame.select(column) for _, frame in (one, other)]
    try:
        pl.concat(cells, how="vertical_relaxed")
    except pl.exceptions.PolarsError:
        types = [cell.schema[column] for cell in cells]
        raise SourceError(
            f"{one[0]} and {other[0]}: column {column} is {types[0]} in the one and "
            f"{types[1]} in the other; store it alike in both"
        ) from None


def match(
    file: str, found: list[str], wanted: Columns, required: set[str]
) -> dict[str, str]:
    """Column of the file for each wanted name that it has.

    Raises:
        SourceError: a required column is missing, or two columns fit one name.
    """
    spelt: dict[str, list[str]] = {}
    for column in found:
        spelt.setdefault(plain(column), []).append(column)
    matched = {}
    for name, spellings in wanted.items():
        every = [spelt[plain(text)] for text in spellings if plain(text) in spelt]
        fits = every[0] if every else []
        if len(fits) > 1:
            raise SourceError(
                f"{file}: columns {', '.join(fits)} are the same column; drop all but "
                "one"
            )
        if fits:
            matched[name] = fits[0]
        elif name in required:
            raise _missing(file, spellings[0], found)
    return matched


def _missing(file: str, column: str, found: list[str]) -> SourceError:
    near = difflib.get_close_matches(column, found, n=1, cutoff=0.6)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return SourceError(
        f"{file}: required column {column} is missing{hint}; found "
        f"{archive.names(found)}; name the column so, or choose another format"
    )


def plain(column: str) -> str:
    """Name of a column without case and signs, as names are compared."""
    return re.sub(r"[^a-z0-9]", "", column.lower())


def _heights(rejected: list[tuple[str, str, int, str, str, str]]) -> dict[str, int]:
    heights: dict[str, int] = {}
    for _, file, *_ in rejected:
        heights[file] = heights.get(file, 0) + 1
    return heights


def _files(source: Source, raw: Path, key: str) -> list[tuple[str, Delimited]]:
    if isinstance(source, Part):
        return source.rows(key)
    found = []
    for path in archive.find(source, raw, key):
        batch, *more = batches(path, source)
        found.append((path.relative_to(raw).as_posix(), batch.joined(more)))
    return found


def batches(
    path: Path, source: Source, only: Callable[[list[str]], str] | None = None
) -> Generator[Delimited, None, None]:
    """Rows of one file in order, in parts of bounded size; at least one part.

    Args:
        path: CSV or Parquet.
        source: declaration.
        only: as in `delimited.batches`.

    Raises:
        SourceError: the file cannot be read.
    """
    if path.suffix.lower() != ".parquet":
        yield from read_batches(path, source.encoding, only)
        return
    start, height = 1, parquet.height(path)
    for frame in parquet.read_batches(path):
        if "row" in frame.columns or "file" in frame.columns:
            raise SourceError(
                f"{path}: columns `row` and `file` are reserved; rename them"
            )
        numbers = pl.int_range(start, start + pl.len(), dtype=pl.Int64)
        start += frame.height
        share = (start - 1) / height if height > 0 else None
        yield Delimited(frame.with_columns(numbers.alias("row")), share=share)
