"""Languages: which one an account is taken to write."""

from pathlib import Path
from typing import Final

import polars as pl

from pipeline.canonical_posts import scan_posts

# `pt-BR` and `pt` are one language.
_BASE: Final = r"^([a-z]+)"


def languages(canonical: Path) -> pl.DataFrame:
    """account_id and language of every account, sorted; null where nothing tells it.

    The language that the platform gave most of its posts (of those given as often, the
    first by name), else the one its account declares; lower case, without the region.

    Args:
        canonical: tables of ingest.
    """
    posted = (
        scan_posts(canonical)
        .select("account_id", _base("language"))
        .drop_nulls()
        .group_by("account_id", "language")
        .len()
        .sort("account_id", "len", "language", descending=[False, True, False])
        .group_by("account_id", maintain_order=True)
        .agg(pl.col("language").first())
        .collect()
    )
    return (
        pl.read_parquet(
            canonical / "accounts.parquet", columns=["account_id", "declared_language"]
        )
        .join(posted, on="account_id", how="left")
        .select("account_id", pl.coalesce("language", _base("declared_language")))
        .sort("account_id")
    )


def _base(column: str) -> pl.Expr:
    return pl.col(column).str.to_lowercase().str.extract(_BASE)
