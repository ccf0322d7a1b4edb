"""Formats that are read by account: whose the rows of each of their files are.

Readers of these formats look at one account at a time, or ask what they read (`Part`).
"""

from collections.abc import Generator, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from pipeline.sources import (
    archive,
    bluesky,
    canonical,
    columns,
    cresci2017,
    fields,
    flat,
    mastodon,
    tables,
    twibot20,
    x_api_v1,
    x_api_v2,
)
from pipeline.sources.delimited import Delimited
from pipeline.sources.source import Source

# Spellings of the column that names the account.
Account = tuple[str, ...]

# Format -> kind of file -> account, of CSV and Parquet.
_TABLES: Final[Mapping[str, Mapping[str, Account]]] = {
    "canonical": {"accounts": ("account_id",), "posts": ("account_id",)},
    "cresci2015": {
        "e13_users": ("id",),
        "int_users": ("id",),
        "users": ("id",),
        "posts": ("user_id",),
    },
    "cresci2017": {"users": ("id",), "posts": ("user_id",)},
    "ira": {"accounts": ("author_id",), "posts": ("author_id",)},
    "twibot22": {"labels": ("id",)},
    "twitter_io": {"accounts": ("userid",), "posts": ("userid",)},
}
# Format -> what its JSON is read by; more than one shape where a kind of file holds the
# rows of two tables.
_SHAPES: Final[Mapping[str, tuple[flat.Shape, ...]]] = {
    "bluesky": (bluesky.ACCOUNTS, bluesky.POSTS),
    "canonical": canonical.SHAPES,
    "mastodon": (mastodon.ACCOUNTS, mastodon.POSTS),
    "twibot20": (twibot20.ACCOUNTS, twibot20.POSTS),
    "twibot22": (x_api_v2.ACCOUNTS, x_api_v2.POSTS),
    "x_api_v1": (x_api_v1.ACCOUNTS, x_api_v1.POSTS),
    "x_api_v2": (x_api_v2.ACCOUNTS, x_api_v2.AUTHORED),
}
FORMATS: Final = frozenset({*_TABLES, *_SHAPES})
# Of every shape.
_ACCOUNT: Final[Account] = ("account_id",)
# Releases that may be one zip of zips.
_NESTED: Final = ("cresci2015", "cresci2017")


def is_streamed(source: Source) -> bool:
    """Whether its rows can be told apart by account before its reader sees them.

    Else it is read in one piece; also with keys that its reader will refuse.
    """
    known = {*_TABLES.get(source.format, ()), "actions"}
    known |= {shape.key for shape in _SHAPES.get(source.format, ())}
    if source.format in _NESTED:
        known.add("archive")
    return not set(source.files) - known


def unpacked(source: Source, raw: Path, folder: Path) -> tuple[Source, Path]:
    """The source, and the directory of its files, after unpacking what must be.

    Raises:
        SourceError: an archive is missing, or cannot be unpacked.
    """
    if "archive" not in source.files:
        return source, raw
    return cresci2017.unpacked(source, raw, folder), folder


def files(
    source: Source, raw: Path
) -> Iterator[tuple[str, str, Account, Generator[Delimited, None, None]]]:
    """Key as in `Part.rows`, name, account and rows of each file, in order.

    Rows of a file are read before the next file is asked for.

    Raises:
        SourceError: a file is missing, or cannot be read.
    """
    as_table = _TABLES.get(source.format, {})
    shapes = _SHAPES.get(source.format, ())
    either = {shape.key for shape in shapes} & set(as_table)
    as_json = {key for key in either if tables.hold_json(source, raw, key)}
    for key, account in as_table.items():
        if key not in as_json:
            for path in archive.find(source, raw, key):
                name = path.relative_to(raw).as_posix()
                field = partial(_field, name, account)
                yield key, name, account, columns.batches(path, source, field)
    for shape in shapes:
        if shape.key not in either - as_json:
            for name, batches in fields.files(source, raw, shape):
                yield shape.table, name, _ACCOUNT, batches


def _field(file: str, account: Account, header: list[str]) -> str:
    """Column of a file that names the account.

    Raises:
        SourceError: it has none.
    """
    return columns.match(file, header, {"account": account}, {"account"})["account"]
