"""Prominent: an index of texts by accounts with many readers, to find copies of them.

Texts stand in it as hashes of their normalised form, with the time of the original, so
that no copy can be older than what it copies. It holds the most widely read texts of
the training accounts alone: a bounded table, and tables of partitions merge exactly.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import polars as pl

LARGEST: Final = 20_000
# Measures of posts that `copied` reads.
READ: Final = frozenset({"copy_key", "minute", "passed_on"})
# Readers that only impossible input has.
_MOST: Final = 2**53
_COLUMNS: Final = ("copy_key", "reach", "original_minute", "author")
_SCHEMA: Final = dict.fromkeys(_COLUMNS, pl.Int64())
# Of one text the most widely read post counts, and of all texts the most widely read:
# one order for both, or merging parts would not give the whole.
_ORDER: Final = ("reach", "original_minute", "author", "copy_key")
_DESCENDING: Final = [True, False, False, False]


@dataclass(frozen=True)
class Prominent:
    """The most widely read texts.

    Attributes:
        texts: key of a text -> readers its post had (followers of the author and
            reposts), its minute, key of its author.
    """

    texts: Mapping[int, tuple[int, int, int]] = field(default_factory=dict)

    @classmethod
    def fit(cls, accounts: pl.DataFrame, posts: pl.DataFrame) -> "Prominent":
        """Index of the measured posts of these accounts."""
        reach = sum(
            pl.col(name).fill_null(0).clip(0, _MOST)
            for name in ("followers", "reposts")
        )
        originals = (
            posts.lazy()
            .filter(pl.col("copy_key").is_not_null(), pl.col("minute").is_not_null())
            .filter(kind="original")
            .join(accounts.lazy().select("account_id", "followers"), on="account_id")
            .select(
                "copy_key",
                reach=reach,
                original_minute="minute",
                author=_author(),
            )
            .filter(pl.col("reach") > 0)
        )
        return cls._of(originals.collect())

    @classmethod
    def _of(cls, posts: pl.DataFrame) -> "Prominent":
        best = (
            posts.sort(_ORDER, descending=_DESCENDING)
            .unique("copy_key", keep="first", maintain_order=True)
            .head(LARGEST)
            .sort("copy_key")
        )
        return cls({key: (r, m, a) for key, r, m, a in best.iter_rows()})

    def merge(self, other: "Prominent") -> "Prominent":
        """Index as if fitted on the accounts of both."""
        return Prominent._of(pl.concat([self._table, other._table]))

    @cached_property
    def _table(self) -> pl.DataFrame:
        rows = [(key, *entry) for key, entry in self.texts.items()]
        return pl.DataFrame(rows, schema=_SCHEMA, orient="row").sort("copy_key")

    def copied(self, posts: pl.DataFrame) -> pl.Series:
        """Whether each measured post says what another, prominent account said before.

        Not if it names its source, or is a repost or a quote. Null if the index is
        empty.
        """
        if not self.texts:
            return pl.Series("copied", [None] * posts.height, pl.Boolean)
        found = posts.select("copy_key", "minute", "passed_on", author_here=_author())
        # The table is sorted: to look a few texts up costs less than to join it.
        place = self._table["copy_key"].search_sorted(found["copy_key"])
        entry = self._table[place.clip(0, self._table.height - 1)]
        copied = (
            (pl.col("copy_key") == pl.col("indexed"))
            # In its own minute a post may be the original, seen under another id.
            & (pl.col("minute") > pl.col("original_minute"))
            & (pl.col("author") != pl.col("author_here"))
            & ~pl.col("passed_on")
        )
        return (
            found.hstack(entry.rename({"copy_key": "indexed"}))
            .select(copied.fill_null(False).alias("copied"))
            .to_series()
        )

    def to_plain(self) -> dict[str, list[int]]:
        """Content for JSON."""
        return {str(key): list(entry) for key, entry in self.texts.items()}

    @classmethod
    def from_plain(cls, value: Any) -> "Prominent":
        """Index from what `to_plain` gave.

        Raises:
            ValueError, TypeError, AttributeError: it is not of that form.
        """
        texts = {}
        for key, (reach, minute, author) in value.items():
            if not all(type(number) is int for number in (reach, minute, author)):
                raise ValueError
            texts[int(key)] = (reach, minute, author)
        return cls(dict(sorted(texts.items())))


def _author() -> pl.Expr:
    return pl.col("account_id").hash(seed=0).reinterpret(signed=True)
