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

from features.errors import InputError
from pipeline.files import read_json, write_json
from pipeline.sources.source import FileCount, Source, Tables

RULE = "forgotten"
# What is known of the post that another one answers or repeats.
TARGET = ("target_account_id", "target_post_id", "target_posted_at")
# What an id or a handle can be made of; with domain or server, and of Bluesky's ids.
_WORD = r"[\w+=\-]+"
_LONG = rf"{_WORD}(?:[.:@]{_WORD})+"
# What stands before a handle or hashed id in a text, or in the address of a profile.
_SIGN = r"(?:@|\b(?:twitter\.com|x\.com|bsky\.app/profile)/)"
# What people say of themselves, and may name others in.
SAID = ("name", "bio", "location", "url")


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
            InputError: the file is no such list.
        """
        if not path.exists():
            return cls()
        found = read_json(path)
        salt, hashes = (
            (found.get("salt"), found.get("hashes"))
            if isinstance(found, dict)
            else (None, None)
        )
        sound = isinstance(salt, str) and re.fullmatch("(?:[0-9a-f]{2})+", salt)
        if not (sound and isinstance(hashes, list) and _are_texts(hashes)):
            raise InputError(
                f"{path}: no list of forgotten accounts (salt in hexadecimal digits, "
                "hashes); put back a copy of it: without it they come back"
            )
        return cls(str(salt), frozenset(hashes))

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


def _are_texts(values: list[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def leave_out(tables: Tables, source: Source, forgotten: Forgotten) -> Tables:
    """Tables without the accounts on the list, and without references to them.

    Their rows are rejected as `forgotten`, with file and row but without content.
    """
    if not forgotten.hashes:
        return tables
    rejected = [blanked(tables.rejected, forgotten)]
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
        accounts=_unsaid(accounts, forgotten),
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
    linked = posts["links"].explode()
    return posts.with_columns(
        *(
            pl.when(~named.fill_null(False)).then(pl.col(name)).alias(name)
            for name in TARGET
        ),
        unlisted(pl.col("mentions"), forgotten.among(mentioned)),
        unnamed(pl.col("text"), _signed(posts["text"], forgotten)),
        pl.col("links").list.eval(unnamed(pl.element(), _signed(linked, forgotten))),
    )


def _unsaid(accounts: pl.DataFrame, forgotten: Forgotten) -> pl.DataFrame:
    """Accounts whose profiles name nobody on the list."""
    return accounts.with_columns(
        unnamed(pl.col(name), _signed(accounts[name], forgotten))
        for name in SAID
        if accounts.schema.get(name) == pl.String()
    )


def _signed(texts: pl.Series, forgotten: Forgotten) -> list[str]:
    """Names on the list, in lower case, of those that texts name with a sign."""
    low = texts.str.to_lowercase()
    names = [
        low.str.extract_all(_SIGN + word).explode().str.replace(f"^{_SIGN}", "")
        for word in (_WORD, _LONG)
    ]
    return sorted({*forgotten.among(names[0]), *forgotten.among(names[1])})


def unlisted(lists: pl.Expr, words: list[str]) -> pl.Expr:
    """Lists without the words, given in lower case."""
    kept = pl.element().filter(~pl.element().str.to_lowercase().is_in(words))
    return lists.list.eval(kept)


def unnamed(text: pl.Expr, words: list[str]) -> pl.Expr:
    """Texts with `forgotten` in the place of the words behind an `@`, and in links."""
    if not words:
        return text
    # The longest first: one may be the begin of another.
    every = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    named = rf"(?i)({_SIGN})(?:{every})([^\w+=\-]|$)"
    return text.str.replace_all(named, f"${{1}}{RULE}${{2}}")


def _rows(gone: pl.DataFrame, source: Source) -> pl.DataFrame:
    return gone.select(
        pl.lit(source.name).alias("source"),
        "file",
        "row",
        pl.lit(RULE).alias("rule"),
        pl.lit("").alias("detail"),
        pl.lit("").alias("raw"),
    )


def blanked(rejected: pl.DataFrame, forgotten: Forgotten) -> pl.DataFrame:
    """Rejected rows, without the content of those that name one on the list."""
    if not forgotten.hashes:
        return rejected
    words = pl.concat_list(
        raw.str.extract_all(word)
        for raw in (pl.col("raw"), pl.col("raw").str.to_lowercase())
        for word in (_WORD, _LONG)
    )
    names = forgotten.among(rejected.select(words.explode()).to_series())
    if not names:
        return rejected
    named = words.list.set_intersection(names).list.len()
    return rejected.with_columns(
        pl.when(named == 0).then(pl.col(name)).otherwise(pl.lit("")).alias(name)
        for name in ("detail", "raw")
    )
