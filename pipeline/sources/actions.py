"""What accounts did against others, in one simple form beside the files of any format.

A CSV or Parquet file with account_id, kind (report, block, mute or list),
target_account_id and at. It tells about who acts, never about who is acted against.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import polars as pl

from features import schema
from pipeline.sources import checks, columns, looks, times, values
from pipeline.sources.reading import Reading
from pipeline.sources.source import Source

KINDS: Final = ("report", "block", "mute", "list")
_COLUMNS: columns.Columns = {name: (name,) for name in schema.ACTIONS}
LOOK = looks.Table("actions", _COLUMNS)


def _nobody(_: pl.Series) -> list[str]:
    return []


def read_actions(
    source: Source,
    raw: Path,
    accounts: pl.Series,
    forgotten: Callable[[pl.Series], list[str]] = _nobody,
) -> Reading | None:
    """Rows kept and rejected of the files `actions`; null if the source has none.

    Args:
        source: declaration of the source.
        raw: directory that its file names are relative to.
        accounts: ids, as in the files, of the accounts that were kept.
        forgotten: names those of ids whose actions, and actions against whom, are
            left out.

    Raises:
        SourceError: a file or a column is missing.
    """
    if "actions" not in source.files:
        return None
    read = columns.load(source, raw, "actions", "actions", _COLUMNS)
    for name in ("account_id", "target_account_id"):
        values.primary_id(read, name)
    for name in ("account_id", "target_account_id"):
        left_out = pl.col(name).is_in(forgotten(read.frame[name]))
        read.reject("forgotten", left_out, "")
    times.moment(read, "at", ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"], zone_stated=True)
    read.reject("time_unreadable", pl.col("at").is_null(), "no time is given")
    unknown = ~pl.col("kind").is_in(KINDS)
    read.reject("kind_unknown", unknown.fill_null(True), f"not {', '.join(KINDS)}")
    own = pl.col("account_id") == pl.col("target_account_id")
    read.reject("own_target", own, "an account does nothing against itself")
    lost = ~pl.col("account_id").is_in(accounts.implode())
    read.reject("no_account", lost, "no account that is kept has this id")
    checks.duplicates(read, list(schema.ACTIONS))
    return read
