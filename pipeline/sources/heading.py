"""The first line of a CSV: the names of its columns, or what the file is instead."""

import csv
from collections import Counter
from pathlib import Path
from typing import Final

from pipeline.errors import SourceError
from pipeline.sources import archive, lines
from pipeline.sources.quoting import Layout

# What separates fields in files that are named CSV and are none.
_SEPARATORS: Final = {";": "semicolons", "\t": "tabs", "|": "bars"}
# How zips, workbooks among them, and gzips begin once what is not UTF-8 is replaced.
_PACKED: Final = (b"PK\x03\x04", "\x1f\ufffd\x08".encode())
# Of a first line, as far as it is looked at for them.
_LOOKED_AT = 2**16


def read(path: Path, block: lines.Block) -> tuple[list[str], lines.Block]:
    """Names of the columns, and what follows them in the first block.

    Raises:
        SourceError: the block does not begin with a usable header; with what it is
            instead, where that can be told.
    """
    if block.data.startswith(_PACKED):
        raise SourceError(
            f"{path}: a compressed file or a workbook, not CSV; name it .zip or .gz, "
            "or export its sheet as CSV"
        )
    layout = Layout.of(block.data)
    reader = csv.reader(layout.texts(0, len(layout.begins) - 1), strict=True)
    try:
        names = [name.strip() for name in next(reader)]
    except (StopIteration, csv.Error):
        names = []
    if names and names[0].startswith("<"):
        raise SourceError(f"{path}: a web page, not CSV; fetch the file again")
    if len(names) < 2 and (other := _other_form(block.data)):
        raise SourceError(
            f"{path}: {other}; save it as comma separated CSV in UTF-8 whose lines "
            "end with LF"
        )
    if not any(names):
        raise SourceError(
            f"{path}: no header line; the file is not CSV: name its columns on the "
            "first line"
        )
    if twice := sorted(name for name, n in Counter(names).items() if n > 1):
        raise SourceError(
            f"{path}: a name stands twice in the header: {archive.names(twice)}"
        )
    if "row" in names:
        raise SourceError(f"{path}: column `row` is reserved; rename it")
    return names, lines.Block(
        block.data[layout.begins[reader.line_num] :],
        block.first + reader.line_num,
        block.repaired,
        block.share,
    )


def _other_form(data: bytes) -> str:
    """What the first line has that no CSV with such a header has; empty if nothing."""
    line = data[: data.find(b"\n")].removesuffix(b"\r")
    first, *others = line[:_LOOKED_AT].split(b"\r")
    found = ["its lines end with CR"] if others else []
    text = first.decode(errors="replace")
    widths = {
        sign: len(next(csv.reader([text], delimiter=sign), []))
        for sign in (",", *_SEPARATORS)
    }
    most = max(widths, key=widths.__getitem__)
    if most in _SEPARATORS:
        found.append(f"its fields are separated by {_SEPARATORS[most]}")
    return ", and ".join(found)
