"""Which published table a file is, by the columns that only this table has."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

import polars as pl

from pipeline.errors import SourceError
from pipeline.sources import DEFAULT_FILES, columns, delimited

# Format -> kind of file -> columns that tell it; kinds with the same columns are told
# apart by the names that their publishers gave (DEFAULT_FILES).
SIGNATURES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "canonical": {"accounts": ("account_id",), "posts": ("account_id", "kind")},
    "caverlee2011": {
        "polluters": ("UserID", "CollectedAt", "NumberOfTweets"),
        "legitimate": ("UserID", "CollectedAt", "NumberOfTweets"),
        "posts": ("user_id", "time", "text"),
    },
    "cresci2015": {
        "e13_users": ("id", "screen_name", "statuses_count", "updated", "dataset"),
        "int_users": ("id", "screen_name", "statuses_count", "updated", "dataset"),
        "posts": ("user_id", "tweet_id", "time", "text"),
    },
    "ira": {
        "accounts": ("author_id", "author", "account_category"),
        "posts": ("author_id", "content", "publish_date", "post_type"),
    },
    "nyu2017": {"profiles": ("account", "followers_count", "statuses_count", "bot")},
    "pan2019": {"posts": ("author_id", "label", "idx", "text")},
    "twitter_io": {
        "accounts": ("userid", "user_screen_name", "account_creation_date"),
        "posts": ("userid", "tweetid", "tweet_text", "tweet_time"),
    },
}


@dataclass(frozen=True)
class Recognised:
    """What a file was taken for.

    format, kind: as in READERS and `files` of a source; null if nothing fits.
    certain: its columns are those of this table and its name contradicts nothing.
    why: a sentence for the user.
    columns: names in its header, in plain letters.
    """

    path: Path
    format: str | None
    kind: str | None
    certain: bool
    why: str
    columns: frozenset[str] = frozenset()


def recognise(path: Path) -> Recognised:
    """The format and kind of one file, from its header, then from its name."""
    try:
        found = _columns(path)
    except SourceError as error:
        return Recognised(path, None, None, certain=False, why=str(error))
    names = {columns.plain(name) for name in found}
    fits: dict[tuple[str, str], tuple[str, ...]] = {
        (form, kind): telling
        for form, kinds in SIGNATURES.items()
        for kind, telling in kinds.items()
        if names >= {columns.plain(name) for name in telling}
    }
    if not fits:
        why = "its columns are those of no known table"
        return Recognised(path, None, None, certain=False, why=why)
    most = max(len(telling) for telling in fits.values())
    best = [name for name, telling in fits.items() if len(telling) == most]
    named = [name for name in best if _named(path, *name)] if len(best) > 1 else best
    form, kind = (named or best)[0]
    telling = ", ".join(fits[form, kind])
    why = f"it has the columns {telling}"
    if len(best) > 1 and len(named) == 1:
        why += ", and its name says which of the tables with these columns it is"
    elif len(best) > 1:
        every = ", ".join(f"{one} {other}" for one, other in best)
        why += f", but so have {every}: name the file as published to tell them apart"
    certain = len(named) == 1
    return Recognised(path, form, kind, certain, why, frozenset(names))


def _named(path: Path, form: str, kind: str) -> bool:
    patterns: Sequence[str] = DEFAULT_FILES.get(form, {}).get(kind, [])
    return any(fnmatch(path.name.lower(), pattern.lower()) for pattern in patterns)


def _columns(path: Path) -> list[str]:
    if path.suffix.lower() != ".parquet":
        return delimited.header(path)
    try:
        return list(pl.read_parquet_schema(path))
    except pl.exceptions.PolarsError:
        raise SourceError(f"{path}: not Parquet; fetch the file again") from None
