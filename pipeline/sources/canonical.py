"""Canonical tables as CSV or Parquet: the way in for an archive without a reader."""

from pathlib import Path

import polars as pl

from features import schema
from pipeline.sources import (
    archive,
    checks,
    columns,
    flat,
    lists,
    looks,
    tables,
    times,
    values,
)
from pipeline.sources.part import Part, require
from pipeline.sources.reading import Reading
from pipeline.sources.source import Source, Tables

_COLUMNS = {
    table: {name: (name,) for name in columns_of}
    for table, columns_of in schema.TABLES.items()
}
_REQUIRED = {
    "accounts": ("account_id",),
    "posts": ("account_id", "kind"),
    "actions": tuple(schema.ACTIONS),
}
_LABEL = {"label": ("label",), "group": ("group",)}


def _required(table: str) -> columns.Columns:
    return {name: _COLUMNS[table][name] for name in _REQUIRED[table]}


SHAPES = tuple(
    flat.Shape(table, table, _required(table), {**_COLUMNS[table], **extra})
    for table, extra in (("accounts", _LABEL), ("posts", {}))
)
LOOKS: looks.Looks = {
    shape.key: (
        looks.Table(shape.table, shape.required, shape.optional),
        looks.Json(shape),
    )
    for shape in SHAPES
}


def read(source: Source, raw: Path) -> Tables:
    """Tables whose columns have their canonical names already.

    `accounts` may have `label` (0 or 1) and `group` besides; lists in CSV are JSON.

    Raises:
        SourceError: a file or a required column is missing.
    """
    archive.check_keys(source, ["accounts"], ["posts"])
    accounts = _load(source, raw, "accounts", _LABEL)
    _labels(accounts)
    posts = rows(source, raw, "posts") if "posts" in source.files else None
    if _empty(accounts, "as_of"):
        accounts.frame = accounts.frame.drop("as_of")
    return checks.settle(accounts, posts)


def rows(source: Source, raw: Path, table: str) -> Reading:
    """Rows of one table, values as in it, before any rule that needs another table.

    Args:
        source: declaration, whose `files` name those of the table.
        raw: directory that their names are relative to.
        table: accounts, posts or actions.

    Raises:
        SourceError: a file or a required column is missing.
    """
    reading = _load(source, raw, table, {})
    if table == "posts":
        unknown = ~pl.col("kind").is_in(schema.KINDS)
        reading.reject(
            "kind_unknown", unknown | pl.col("kind").is_null(), "no such kind"
        )
    if table == "actions":
        for name in schema.REQUIRED[table]:
            reading.reject("value_missing", pl.col(name).is_null(), f"no {name}")
    return reading


def _load(source: Source, raw: Path, table: str, extra: columns.Columns) -> Reading:
    wanted = {**_COLUMNS[table], **extra}
    reading = tables.load(source, raw, table, table, _required(table), wanted)
    values.primary_id(reading, "account_id")
    for name, dtype in schema.TABLES[table].items():
        if name == "account_id":
            continue
        if name.endswith("_id"):
            values.secondary_id(reading, name)
        elif dtype == schema.TIME:
            times.zoned(reading, name)
        elif dtype == pl.Int64():
            values.count(reading, name)
        elif dtype == pl.Boolean():
            values.flag(reading, name, ["true", "1"], ["false", "0"])
        elif dtype == schema.STRINGS:
            _lists(reading, name)
        else:
            reading.set(**{name: pl.col(name).cast(pl.String)})
    return reading


def _lists(reading: Reading, column: str) -> None:
    if isinstance(reading.frame.schema[column], pl.List):
        reading.set(**{column: pl.col(column).cast(schema.STRINGS)})
        return
    lists.json_cells(reading, column)


def _empty(accounts: Reading, column: str) -> bool:
    """Whether no row of the whole source has a value."""
    if isinstance(accounts.source, Part):
        return ("accounts", columns.plain(column)) not in accounts.source.whole.filled
    return bool(accounts.frame[column].is_null().all())


def _labels(accounts: Reading) -> None:
    group = pl.col("group").cast(pl.String)
    accounts.set(
        label=pl.col("label").cast(pl.String), group=pl.when(group != "").then(group)
    )
    if _empty(accounts, "label"):
        label = checks.only_class(accounts.source)
        accounts.set(label=pl.lit(label, pl.Int8))
        return
    unknown = ~pl.col("label").is_in(["0", "1"])
    accounts.reject("label_unknown", unknown.fill_null(True), "label is not 0 or 1")
    require(
        accounts.source,
        not accounts.frame.is_empty(),
        f"source {accounts.source.name}: no account has a label 0 or 1; write them so, "
        "or drop the column",
    )
    accounts.set(label=pl.col("label").cast(pl.Int8))
