"""Ids, counts, flags and texts of a published column, typed without losing anything."""

from collections.abc import Mapping

import polars as pl

from pipeline.errors import SourceError
from pipeline.sources.part import Part
from pipeline.sources.reading import Reading

# What a spreadsheet or a float writer makes of a long id.
_SCIENTIFIC = r"^\d(\.\d+)?[eE]\+?\d+$"
# As in an id that may be a handle: "1e5" can be one, "1E+5" cannot.
_SCIENTIFIC_SIGNED = r"^\d(\.\d+)?[eE]\+\d+$"
# Digits and what follows them in both, or blanks about an id: one look for all takes as
# long as for any.
_SUSPECT = r"^\d+[.eE]|^\s|\s$"
_FLOAT = r"^\d+\.0+$"
# Floats below this hold every integer exactly.
_EXACT = 2**53
# Share of destroyed ids above which the file is no source of accounts.
DESTROYED_SHARE = 0.5


def primary_id(reading: Reading, column: str) -> None:
    """Ids that name a row: a destroyed or absent one rejects it.

    Raises:
        SourceError: the column is a float on disk, or most of its ids are destroyed.
    """
    suspect = _as_string(reading, column)
    value = pl.col(column)
    destroyed = pl.lit(False)
    if suspect:
        destroyed = value.str.contains(_SCIENTIFIC_SIGNED) | _inexact(value)
    found = {
        (reading.table, file, column): (bad, ids)
        for file, bad, ids in reading.frame.group_by("file")
        .agg((destroyed & value.is_not_null()).sum(), value.count().alias("ids"))
        .iter_rows()
    }
    if isinstance(reading.source, Part):
        reading.source.findings.ids.update(found)
    else:
        check_destroyed(found)
    reading.reject("id_destroyed", destroyed, f"{column} is a rounded number")
    reading.reject("no_id", value.is_null() | (value == ""), f"{column} is empty")
    if suspect:
        _strip_float(reading, column)


def check_destroyed(found: Mapping[tuple[str, str, str], tuple[int, int]]) -> None:
    """Refuse a file most of whose primary ids cannot be restored.

    Args:
        found: (table, file, column) -> ids destroyed, ids.

    Raises:
        SourceError: naming the file and the share.
    """
    for (_, file, column), (destroyed, ids) in sorted(found.items()):
        if destroyed > DESTROYED_SHARE * ids:
            raise SourceError(
                f"{file}, column {column}: {destroyed / ids:.0%} of the ids are "
                "written as rounded numbers (a spreadsheet did it) and cannot be "
                "restored; fetch the file again and do not open it in a spreadsheet"
            )


def secondary_id(reading: Reading, column: str) -> None:
    """Ids that point elsewhere: a destroyed one becomes null, an empty one is null."""
    suspect = _as_string(reading, column)
    value = pl.col(column)
    reading.set(**{column: pl.when(value != "").then(value)})
    if not suspect:
        return
    inexact = value.str.contains(_SCIENTIFIC) | _inexact(value)
    reading.null("id_precision_lost", column, inexact)
    _strip_float(reading, column)


def _as_string(reading: Reading, column: str) -> bool:
    """Make ids text without blanks about it; whether one may be a rounded number.

    Most columns have neither, and the closer look costs much.

    Raises:
        SourceError: the column is a float on disk.
    """
    dtype = reading.frame.schema[column]
    if dtype.is_float():
        raise SourceError(
            f"source {reading.source.name}, column {column}: ids are stored as floats, "
            "which cannot hold them; export the column as text"
        )
    reading.set(**{column: pl.col(column).cast(pl.String)})
    value = pl.col(column)
    if not reading.frame.select(value.str.contains(_SUSPECT).any()).item():
        return False
    trimmed = value.str.strip_chars()
    reading.repair("id_trimmed", column, trimmed != value, trimmed)
    return True


def _inexact(value: pl.Expr) -> pl.Expr:
    digits = value.str.extract(r"^(\d+)\.0+$").str.strip_chars_start("0")
    number = digits.cast(pl.Int64, strict=False)
    long = (digits.str.len_chars() > 16) | (number >= _EXACT)
    return value.str.contains(_FLOAT) & long


def _strip_float(reading: Reading, column: str) -> None:
    value = pl.col(column)
    reading.repair(
        "id_float_stripped",
        column,
        value.str.contains(_FLOAT),
        value.str.replace(r"\.0+$", ""),
    )


def count(reading: Reading, column: str) -> None:
    """Whole numbers from 0; anything else becomes null with its reason."""
    dtype = reading.frame.schema[column]
    if dtype.is_integer():
        reading.set(**{column: pl.col(column).cast(pl.Int64)})
    else:
        reading.set(**{column: pl.col(column).cast(pl.String)})
        value = pl.col(column)
        number = value.cast(pl.Int64, strict=False)
        plain = (value == "") | number.is_not_null()
        # Most columns hold nothing else, and the closer look costs much.
        if not reading.frame.select(plain.all()).item():
            text = value.str.strip_chars()
            reading.set(**{column: pl.when(text != "").then(text)})
            reading.repair(
                "count_float",
                column,
                value.str.contains(_FLOAT),
                value.str.replace(r"\.0+$", ""),
            )
            reading.null("count_not_numeric", column, number.is_null())
        reading.set(**{column: number})
    reading.null("count_negative", column, pl.col(column) < 0)


def flag(reading: Reading, column: str, true: list[str], false: list[str]) -> None:
    """Booleans from the declared words; another word becomes null."""
    if reading.frame.schema[column] == pl.Boolean():
        return
    word = pl.col(column).cast(pl.String).str.to_lowercase()
    known = word.is_in(true + false)
    reading.null("flag_unknown", column, ~known & (word != ""))
    reading.set(**{column: pl.when(known).then(word.is_in(true))})


def nothing(reading: Reading, columns: list[str], words: list[str]) -> None:
    """Words that stand for nothing in this format become null, counted.

    A column of another type than text holds no word.
    """
    for column in columns:
        if reading.frame.schema[column] != pl.String():
            continue
        reading.null("word_for_nothing", column, pl.col(column).is_in(words))


def language(reading: Reading, column: str) -> None:
    """Casefolded language code; a code that says "undefined" becomes null."""
    reading.set(**{column: pl.col(column).str.to_lowercase()})
    undefined = pl.col(column).is_in(["und", "undefined", "xx", "null", "na"])
    reading.null("language_undefined", column, undefined)
    reading.set(**{column: pl.when(pl.col(column) != "").then(pl.col(column))})
