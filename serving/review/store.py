"""Store: accounts that were scored offline, as `make serve SCORES=` gives them.

Three Parquet files: what pipeline.score wrote, and the accounts and posts it was given;
posts may be a folder of buckets.
A small table of the scores is kept in memory, sorted; accounts and posts are looked up
in their files one account at a time.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import polars as pl
from polars.exceptions import PolarsError

from features import equalise, schema
from features.catalogue import FEATURES
from features.errors import SchemaError
from features.feature import FAMILIES
from serving.parsing import ParsedItem

PAGE: Final = 50
_COLUMNS: Final = {
    "account_id": pl.String(),
    "as_of": schema.TIME,
    "outcome": pl.String(),
    "reason": pl.String(),
    "bot_probability": pl.Float64(),
    "prevalence": pl.Float64(),
}


class StoreError(Exception):
    """A file of the queue is missing or of another form; the message tells which."""


@dataclass(frozen=True)
class Files:
    """Where the queue comes from; null where the variable is not set."""

    scores: Path | None
    accounts: Path | None
    posts: Path | None


def files() -> Files:
    """The files that the environment names."""
    named = (os.environ.get(f"TELLTALE_{n}") for n in ("SCORES", "ACCOUNTS", "POSTS"))
    return Files(*(Path(name) if name else None for name in named))


def queue(path: Path) -> pl.DataFrame:
    """Accounts, highest probability first, those without a score last.

    Rows that were rejected are left out: there is no account of them to read.

    Columns of `_COLUMNS`; `key`, which stands for the account in addresses; `family`,
    whose contributions for resemblance are the largest, null if none has any.

    Raises:
        StoreError: there is no such file, or it does not hold scores.
    """
    try:
        facts = path.stat()
    except OSError:
        raise StoreError(f"SCORES: there is no file {path.name}") from None
    return _queue(path, facts.st_mtime_ns, facts.st_size)


@lru_cache(maxsize=2)
def _queue(path: Path, changed: int, size: int) -> pl.DataFrame:
    lazy = _scan(path, "SCORES")
    try:
        names = lazy.collect_schema().names()
        if absent := set(_COLUMNS) - set(names):
            raise StoreError(
                f"SCORES: {path.name} lacks {', '.join(sorted(absent))}; it is to be "
                "what make score wrote"
            )
        parts = {
            family: [
                pl.col(f"contribution_{f.name}")
                for f in FEATURES
                if f.family == family and f"contribution_{f.name}" in names
            ]
            for family in FAMILIES
        }
        sums = [
            pl.sum_horizontal(columns, ignore_nulls=False).alias(family)
            for family, columns in parts.items()
            if columns
        ]
        frame = (
            lazy.filter(pl.col("outcome") != "rejected")
            .select(
                *(pl.col(name).cast(dtype) for name, dtype in _COLUMNS.items()),
                _strongest(sums).alias("family"),
            )
            .collect()
        )
    except PolarsError:
        raise StoreError(f"SCORES: {path.name} does not hold scores") from None
    keys = [account_key(name) for name in frame["account_id"]]
    return frame.with_columns(pl.Series("key", keys, pl.String)).sort(
        "bot_probability", "account_id", descending=[True, False], nulls_last=True
    )


def _strongest(sums: list[pl.Expr]) -> pl.Expr:
    """Name of the family with the largest sum above zero."""
    if not sums:
        return pl.lit(None, dtype=pl.String)
    most = pl.max_horizontal(sums)
    found = pl.lit(None, dtype=pl.String)
    for one in reversed(sums):
        name = pl.lit(one.meta.output_name())
        found = pl.when((one == most) & (most > 0)).then(name).otherwise(found)
    return found


def account_key(account_id: str) -> str:
    """What stands for an account in an address: an id could tell, or break, things."""
    name = account_id.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(name, digest_size=12).hexdigest()


def names_of(path: Path | None, ids: list[str]) -> Mapping[str, str]:
    """Handle, or else name, of accounts, where the accounts file gives one."""
    if path is None:
        return {}
    lazy = _scan(path, "ACCOUNTS")
    try:
        known = lazy.collect_schema().names()
        named = [pl.col(n).cast(pl.String) for n in ("handle", "name") if n in known]
        if not named or "account_id" not in known:
            return {}
        rows = (
            lazy.filter(pl.col("account_id").is_in(ids))
            .select("account_id", pl.coalesce(named).alias("called"))
            .collect()
        )
    except PolarsError:
        raise StoreError(f"ACCOUNTS: {path.name} cannot be read") from None
    return {str(i): called for i, called in rows.iter_rows() if called}


def stored_item(where: Files, row: Mapping[str, Any]) -> ParsedItem:
    """A scored account with its posts, as it was at the moment of judging.

    Raises:
        StoreError: a file is missing or of another form, or the account is not in it.
    """
    name = row["account_id"]
    if where.accounts is None:
        raise StoreError("ACCOUNTS is not set, so nothing of the account can be shown")
    accounts = _rows(where.accounts, "accounts", name, {"as_of": row["as_of"]})
    if accounts.height != 1:
        found = "not in" if accounts.is_empty() else "more than once in"
        raise StoreError(f"ACCOUNTS: the account is {found} {where.accounts.name}")
    posts = (
        schema.empty("posts")
        if where.posts is None
        else _rows(where.posts, "posts", name, {})
    )
    return ParsedItem(_plain(accounts)[0], _plain(posts))


def _rows(
    path: Path, table: str, account: str, fixed: Mapping[str, Any]
) -> pl.DataFrame:
    """Rows of one account, canonical, each once."""
    lazy = _scan(path, table.upper())
    types = schema.TABLES[table]
    try:
        frame = lazy.filter(pl.col("account_id") == account).collect()
        known = [pl.col(n).cast(t) for n, t in types.items() if n in frame.columns]
        frame = frame.select(known).with_columns(
            pl.lit(value, dtype=types[column]).alias(column)
            for column, value in fixed.items()
        )
        rows = schema.conform(frame, table)
        return equalise.distinct(rows) if table == "posts" else rows.unique()
    except (PolarsError, SchemaError):
        raise StoreError(
            f"{table.upper()}: {path.name} is not a canonical table of {table}"
        ) from None


def _plain(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows as the service parses them: times in milliseconds."""
    times = [name for name, dtype in frame.schema.items() if dtype == schema.TIME]
    return frame.with_columns(pl.col(times).dt.epoch("ms")).to_dicts()


def _scan(path: Path, variable: str) -> pl.LazyFrame:
    if variable == "POSTS" and path.is_dir():
        return _scan_buckets(path)
    if path.suffix != ".parquet":
        raise StoreError(f"{variable}: {path.name} is not a .parquet file")
    if not path.is_file():
        raise StoreError(f"{variable}: there is no file {path.name}")
    return pl.scan_parquet(path)


def _scan_buckets(folder: Path) -> pl.LazyFrame:
    """Posts of a world as pipeline.ingest writes them, all of its buckets or none."""
    there = {path for path in folder.iterdir() if not path.name.startswith(".")}
    count = len(there)
    every = [folder / f"bucket-{n:04}-of-{count:04}.parquet" for n in range(count)]
    if not there or there != set(every):
        raise StoreError(
            f"POSTS: {folder.name} does not hold all buckets of canonical posts, and "
            "nothing else; give it as ingest wrote it"
        )
    return pl.scan_parquet(every)
