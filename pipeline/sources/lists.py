"""Lists written into one cell: `['a', 'b']`, or `[a, b]` in the releases of 2018."""

import json
import re
from collections.abc import Callable

import polars as pl

from features.schema import STRINGS
from pipeline.sources.reading import Reading

_QUOTED = re.compile(
    r"\s*(?:'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\")\s*(,|$)", re.DOTALL
)
_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_SHORT = {"n": "\n", "t": "\t", "r": "\r"}


def cells(reading: Reading, column: str, *, links: bool = False) -> None:
    """Lists of strings; an empty cell is an empty list, an unreadable one null.

    Args:
        reading: rows.
        column: text with a list in each cell, or lists.
        links: commas may belong to the values: an unquoted cell whose pieces are not
            all addresses is kept whole, counted as `list_ambiguous`.
    """
    if isinstance(reading.frame.schema[column], pl.List):
        reading.set(**{column: pl.col(column).cast(STRINGS)})
        return
    # Empty and `[]` both stand for none, often within one file.
    cell = pl.col(column).fill_null("").str.strip_chars()
    reading.set(**{column: pl.when(cell == "absent").then(None).otherwise(cell)})
    _replace(reading, column, lambda text: parse(text, links=links))


def json_cells(reading: Reading, column: str) -> None:
    """Lists written as JSON; an empty cell is not known, an unreadable one null."""
    cell = pl.col(column).cast(pl.String).str.strip_chars()
    reading.set(**{column: pl.when(cell != "").then(cell)})
    _replace(reading, column, lambda text: (parse_json(text), False))


def _replace(
    reading: Reading, column: str, read: Callable[[str], tuple[list[str] | None, bool]]
) -> None:
    distinct = reading.frame[column].drop_nulls().unique().to_list()
    values = [read(text) for text in distinct]
    table = pl.DataFrame(
        {
            column: pl.Series(distinct, dtype=pl.String),
            "_list": pl.Series([value for value, _ in values], dtype=STRINGS),
            "_whole": pl.Series([whole for _, whole in values], dtype=pl.Boolean),
        }
    )
    reading.frame = reading.frame.join(
        table, on=column, how="left", maintain_order="left"
    )
    reading.null("list_unreadable", column, pl.col("_list").is_null())
    reading.repair("list_ambiguous", column, pl.col("_whole"), pl.col(column))
    reading.set(**{column: pl.col("_list")})
    reading.frame = reading.frame.drop("_list", "_whole")


def parse(cell: str, *, links: bool = False) -> tuple[list[str] | None, bool]:
    """Strings of a cell, or None; and whether an ambiguous cell was kept whole."""
    if cell in ("", "[]"):
        return [], False
    if not (cell.startswith("[") and cell.endswith("]")):
        return None, False
    body = cell[1:-1].strip()
    if body[:1] in ("'", '"'):
        return _literals(body), False
    pieces = [piece.strip() for piece in body.split(",") if piece.strip()]
    if links and not all(piece.startswith(("http", "www.")) for piece in pieces):
        return [body], True
    return pieces, False


def parse_json(cell: str) -> list[str] | None:
    """Strings of a JSON array, or None if the cell is anything else."""
    try:
        values = json.loads(cell)
    except (ValueError, RecursionError):
        return None
    sound = isinstance(values, list) and all(
        isinstance(value, str) and not _SURROGATE.search(value) for value in values
    )
    return values if sound else None


def _literals(body: str) -> list[str] | None:
    values: list[str] = []
    position = 0
    while position < len(body):
        found = _QUOTED.match(body, position)
        if found is None:
            return None
        single, double, _ = found.groups()
        values.append(_ESCAPE.sub(_unescape, double if single is None else single))
        position = found.end()
    return values


def _unescape(found: re.Match[str]) -> str:
    *codes, sign = found.groups()
    for code in codes:
        if code is not None:
            point = int(code, 16)
            # A lone half of a surrogate pair is no character either.
            known = point < 0xD800 or 0xDFFF < point < 0x110000
            return chr(point) if known else "\ufffd"
    return _SHORT.get(sign, sign)
