"""Accounts that were asked to be deleted: kept out of every later ingest.

Archives are not edited, so a world must remember whom to leave out, and must not do so
by name: the list holds salted hashes. The salt keeps lists of two worlds from being
compared; whoever has the list and an id can tell whether the id is on it, and no more
is possible if archives are to be read without the account.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.files import read_json, write_json
from pipeline.sources.source import FileCount, Source, Tables

RULE = "forgotten"
# What is known of the post that another one answers or repeats.
TARGET = ("target_account_id", "target_post_id", "target_posted_at")
# A handle or hashed id in a text.
_SIGNED = r"@[\w+=\-]+"
# What an id or a handle can be made of, in the raw text of a rejected row.
_WORDS = r"[\w+=.\-]+"


def list_path(world: str) -> Path:
    """Where a world keeps its list; below data/, which git ignores."""
    return Path("data") / world / "forgotten.json"


@dataclass(frozen=True)
class Forgotten:
    """Ids and handles to leave out, as hashes."""

    salt: str = ""
    hashes: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def load(cls, path: Path) -> "Forgotten":
        """The list of a world; empty if there is none.

        Raises:
            InputError: the file is not JSON.
        """
        if not path.exists():
            return cls()
        found = read_json(path)
        return cls(found["salt"], frozenset(found["hashes"]))

    def with_names(self, names: Iterable[str]) -> "Forgotten":
        """The list with further ids or handles on it."""
        salted = replace(self, salt=self.salt or secrets.token_hex(16))
        more = frozenset(salted._hash(name) for name in names)
        return replace(salted, hashes=self.hashes | more)

    def save(self, path: Path) -> None:
        """Write the list."""
        value: dict[str, Any] = {"salt": self.salt, "hashes": sorted(self.hashes)}
        write_json(value, path)

    def _hash(self, name: str) -> str:
        key = bytes.fromhex(self.salt)
        return hashlib.blake2b(name.encode(), key=key, digest_size=16).hexdigest()

    def among(self, names: pl.Series) -> list[str]:
        """Names that stand on the list."""
        distinct = names.drop_nulls().unique().to_list()
        return [name for name in distinct if self._hash(name) in self.hashes]


def leave_out(tables: Tables, source: Source, forgotten: Forgotten) -> Tables:
    """Tables without the accounts on the list, and without references to them.

    Their rows are rejected as `forgotten`, with file and row but without content.
    """
    if not forgotten.hashes:
        return tables
    rejected = [_blanked(tables.rejected, forgotten)]
    removed: dict[tuple[str, str], int] = {}
    frames: dict[str, pl.DataFrame | None] = {}
    for table, frame in (("accounts", tables.accounts), ("posts", tables.posts)):
        if frame is None:
            frames[table] = None
            continue
        names = forgotten.among(frame["account_id"])
        bad = pl.col("account_id").is_in(names)
        gone = frame.filter(bad)
        rejected.append(_rows(gone, source))
        for file, count in gone.group_by("file").len().iter_rows():
            removed[table, file] = count
        frames[table] = frame.filter(~bad)
    posts, accounts = frames["posts"], frames["accounts"]
    assert accounts is not None
    return Tables(
        accounts=accounts,
        posts=None if posts is None else unlinked(posts, forgotten),
        rejected=pl.concat(rejected),
        counts=[
            count + FileCount(count.source, count.file, count.table, 0, {RULE: n})
            if (n := removed.get((count.table, count.file), 0))
            else count
            for count in tables.counts
        ],
    )


def unlinked(posts: pl.DataFrame, forgotten: Forgotten) -> pl.DataFrame:
    """Posts of others, which name nobody on the list: not as target nor in the text."""
    targets = posts["target_account_id"].str.strip_prefix("@")
    names = forgotten.among(targets)
    named = pl.col("target_account_id").str.strip_prefix("@").is_in(names)
    mentioned = posts["mentions"].explode().str.to_lowercase()
    signed = posts["text"].str.to_lowercase().str.extract_all(_SIGNED).explode()
    return posts.with_columns(
        *(
            pl.when(~named.fill_null(False)).then(pl.col(name)).alias(name)
            for name in TARGET
        ),
        unlisted(pl.col("mentions"), forgotten.among(mentioned)),
        unnamed(pl.col("text"), forgotten.among(signed.str.strip_prefix("@"))),
    )


def unlisted(lists: pl.Expr, words: list[str]) -> pl.Expr:
    """Lists without the words, given in lower case."""
    kept = pl.element().filter(~pl.element().str.to_lowercase().is_in(words))
    return lists.list.eval(kept)


def unnamed(text: pl.Expr, words: list[str]) -> pl.Expr:
    """Texts with `@forgotten` in the place of the words behind an `@`."""
    if not words:
        return text
    every = "|".join(re.escape(word) for word in words)
    return text.str.replace_all(rf"(?i)@(?:{every})([^\w+=\-]|$)", f"@{RULE}${{1}}")


def _rows(gone: pl.DataFrame, source: Source) -> pl.DataFrame:
    return gone.select(
        pl.lit(source.name).alias("source"),
        "file",
        "row",
        pl.lit(RULE).alias("rule"),
        pl.lit("").alias("detail"),
        pl.lit("").alias("raw"),
    )


def _blanked(rejected: pl.DataFrame, forgotten: Forgotten) -> pl.DataFrame:
    """Rows rejected for other reasons, whose content names one on the list."""
    words = rejected["raw"].str.extract_all(_WORDS)
    names = forgotten.among(words.explode())
    if not names:
        return rejected
    named = (
        pl.col("raw").str.extract_all(_WORDS).list.set_intersection(names).list.len()
    )
    return rejected.with_columns(
        pl.when(named == 0).then(pl.col(name)).otherwise(pl.lit("")).alias(name)
        for name in ("detail", "raw")
    )
