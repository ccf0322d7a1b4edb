r"""Records that break the rules of CSV, where only one reading fits the header.

Three accidents of exporters are undone: quotes written as `\"`, quotes inside a field
that were not doubled, and carriage returns inside a field without quotes. A reading counts only if it gives as many fields as the header
has; else the record stays broken.
"""

import csv
from collections.abc import Sequence
from typing import NamedTuple

# Lines that a record is looked for on: texts of a post rarely have more.
MOST_LINES = 20


class Mended(NamedTuple):
    """Fields of a record, the lines that it takes, and the rule of its repair."""

    fields: list[str]
    lines: int
    rule: str


def mend(found: Sequence[str], width: int) -> Mended | None:
    """The record on the first of these lines, or None if no reading fits.

    Args:
        found: lines with their ends, at most MOST_LINES.
        width: fields of the header.
    """
    text = ""
    for count, line in enumerate(found, 1):
        # A field begins here and not a line of the text before: the next record.
        if count > 1 and line.startswith('"') and not line.startswith('""'):
            return None
        text += line
        record = text.removesuffix("\n").removesuffix("\r")
        if (fields := _escaped(record)) and len(fields) == width:
            return Mended(fields, count, "backslash_quote")
        # Where every field is quoted, what follows a record begins with a quote.
        ended = count == len(found) or found[count].startswith('"')
        if ended and (fields := _all_quoted(record)) and len(fields) == width:
            return Mended(fields, count, "stray_quote")
        if count == 1 and (fields := _some_quoted(record)) and len(fields) == width:
            rule = "stray_quote" if '"' in record else "loose_return"
            return Mended(fields, count, rule)
    return None


def _escaped(record: str) -> list[str] | None:
    if '\\"' not in record:
        return None
    try:
        return next(csv.reader([record.replace('\\"', '""')], strict=True))
    except csv.Error:
        return None


def _all_quoted(record: str) -> list[str] | None:
    if len(record) < 2 or record[0] + record[-1] != '""':
        return None
    return [piece.replace('""', '"') for piece in record[1:-1].split('","')]


def _some_quoted(record: str) -> list[str] | None:
    """Fields of which some are quoted, on one line; a quote before a comma closes."""
    if record[:1] + record[-1:] == '""':
        return None
    fields, rest = [], record + ","
    while rest:
        if rest[0] == '"':
            end = rest.find('",', 1)
            if end < 0:
                return None
            fields.append(rest[1:end].replace('""', '"'))
            rest = rest[end + 2 :]
        else:
            field, _, rest = rest.partition(",")
            fields.append(field)
    return fields
