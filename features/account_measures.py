"""Per-account measures that several accounts features share, computed once for all."""

from typing import Final

import polars as pl

from features.queries import as_written

_BETWEEN: Final = dict.fromkeys(" _.-!'’", "")


def _pairs(text: str) -> pl.Expr:
    """Pairs of neighbouring letters in lower case, spaces and marks aside."""
    bare = pl.col(text).str.to_lowercase().str.replace_many(_BETWEEN)
    return (
        bare.str.split("")
        .list.eval((pl.element() + pl.element().shift(-1)).drop_nulls())
        .list.unique()
    )


# In stages, because a measure may build on those of the stages before.
STAGES: Final[tuple[dict[str, pl.Expr], ...]] = (
    {
        "created_minute": pl.col("created_at").dt.epoch("ms") // 60_000,
        # Null before creation: whole days alone would make the last hours before it
        # day 0.
        "age_days": pl.when(pl.col("as_of") >= pl.col("created_at")).then(
            (pl.col("as_of") - pl.col("created_at")).dt.total_days()
        ),
        # Accents may be written in two ways.
        "handle_letters": pl.col("handle").str.normalize("NFC"),
        "name_letters": pl.col("name").str.normalize("NFC"),
    },
    {
        "handle_length": pl.col("handle_letters").str.len_chars(),
        "name_length": pl.col("name_letters").str.len_chars(),
        "handle_pairs": _pairs("handle_letters"),
        "name_pairs": _pairs("name_letters"),
    },
    {
        "shared_pairs": pl.col("handle_pairs")
        .list.set_intersection("name_pairs")
        .list.len(),
    },
)


def measure_accounts(accounts: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame:
    """Equalised accounts with the measures as columns."""
    query = accounts.lazy()
    for stage in STAGES:
        query = query.with_columns(**stage)
    return as_written(query)
