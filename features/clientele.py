"""Clientele: how many training accounts post with each application."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import log
from typing import Any, Final

import polars as pl

# Logarithms as whole millionths: integer sums do not depend on their order.
UNIT: Final = 1_000_000


@dataclass(frozen=True)
class Clientele:
    """Counts of accounts; applications stand in it as hashes of their names.

    Attributes:
        users: key of an application -> accounts that posted with it.
        accounts: accounts of which any application is known.
    """

    users: Mapping[int, int] = field(default_factory=dict)
    accounts: int = 0

    @classmethod
    def fit(cls, posts: pl.DataFrame) -> "Clientele":
        """Counts over measured posts; no account may stand in two tables to merge."""
        pairs = posts.select("account_id", key=_key()).drop_nulls().unique()
        counts = pairs.group_by("key").agg(pl.len().cast(pl.Int64)).sort("key")
        return cls(dict(counts.iter_rows()), pairs["account_id"].n_unique())

    def merge(self, other: "Clientele") -> "Clientele":
        """Counts as if fitted on the accounts of both."""
        merged = dict(self.users)
        for key, count in other.users.items():
            merged[key] = merged.get(key, 0) + count
        return Clientele(dict(sorted(merged.items())), self.accounts + other.accounts)

    def rarity(self, posts: pl.DataFrame) -> pl.Series:
        """Negative logarithm of the share of accounts with each post's application.

        In millionths of a nat, add-one smoothing. Null where the application is not
        known, and everywhere if no account was counted.
        """
        if not self.accounts:
            return pl.Series("client_rarity", [None] * posts.height, pl.Int64)
        found = posts.select(key=_key()).join(
            self._table, on="key", how="left", maintain_order="left"
        )
        unseen = round(log(self.accounts + 1) * UNIT)
        rarity = pl.when(pl.col("key").is_not_null()).then(
            pl.col("rarity").fill_null(unseen)
        )
        return found.select(rarity.alias("client_rarity")).to_series()

    @cached_property
    def _table(self) -> pl.DataFrame:
        whole = log(self.accounts + 1)
        rarity = [
            round((whole - log(count + 1)) * UNIT) for count in self.users.values()
        ]
        return pl.DataFrame(
            {"key": list(self.users), "rarity": rarity},
            schema={"key": pl.Int64, "rarity": pl.Int64},
        )

    def to_plain(self) -> dict[str, Any]:
        """Content for JSON."""
        users = {str(key): count for key, count in self.users.items()}
        return {"accounts": self.accounts, "users": users}

    @classmethod
    def from_plain(cls, value: Any) -> "Clientele":
        """Counts from what `to_plain` gave.

        Raises:
            ValueError, TypeError, KeyError, AttributeError: it is not of that form.
        """
        users = {int(key): count for key, count in value["users"].items()}
        counts = [value["accounts"], *users.values()]
        if not all(type(count) is int and count >= 0 for count in counts):
            raise ValueError
        return cls(dict(sorted(users.items())), value["accounts"])


def _key() -> pl.Expr:
    known = pl.col("client").is_not_null()
    return pl.when(known).then(pl.col("client").hash(seed=0).reinterpret(signed=True))
