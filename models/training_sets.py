"""Training sets: the accounts that each booster sees, and the key that names them."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl


def person() -> pl.Expr:
    """Key of what is never parted: copies by their group, others by id without source.

    One account may stand in several releases, and one account may be a copy of another.
    """
    bare = pl.col("account_id").str.replace(r"^[^/]*/", "")
    return pl.coalesce("duplicate_group", bare).alias("person")


@dataclass(frozen=True)
class TrainingSet:
    """Accounts that one booster is trained on.

    key: `all`, or `<protocol>-without-<fold>`, or `...-<fold>+<unit>`; the two orders
        of fold and unit share one key, because they leave the same accounts.
    account_ids: sorted.
    """

    key: str
    account_ids: list[str]


def set_key(protocol: str, fold: str | None, unit: str | None) -> str:
    """Key of the training set of a fold (null: the final model) without one unit."""
    left_out = sorted(name for name in (fold, unit) if name is not None)
    if not left_out:
        return "all"
    if protocol == "temporal":
        left_out = [name for name in (fold, unit) if name is not None]
    return f"{protocol}-without-{'+'.join(left_out)}"


def judged(folds: pl.DataFrame) -> pl.DataFrame:
    """Rows of the loco folds without the panel, which no model is trained on."""
    return folds.filter((pl.col("protocol") == "loco") & (pl.col("side") != "panel"))


def training_sets(folds: pl.DataFrame) -> list[TrainingSet]:
    """Every training set that the folds need, each once, sorted by key."""
    everyone = judged(folds)["account_id"].unique().sort()
    sets = {s.key: s for s in sets_of_folds(folds)}
    sets["all"] = TrainingSet("all", everyone.to_list())
    return [sets[key] for key in sorted(sets)]


def sets_of_folds(folds: pl.DataFrame) -> Iterator[TrainingSet]:
    """Training set of each fold, whole and without each of its units; keys may recur.

    Folds that leave out the same groups share a key and the accounts, because whoever
    stands in a group left out is not trained on under another source, or as a copy,
    either.
    """
    for (protocol, fold), rows in folds.group_by(
        ["protocol", "fold"], maintain_order=True
    ):
        train = rows.filter(pl.col("side") == "train").sort("account_id")
        yield TrainingSet(
            set_key(str(protocol), str(fold), None), train["account_id"].to_list()
        )
        for unit in sorted(train["unit"].unique()):
            inside = pl.col("unit") == unit
            known = train.filter(inside).select(person())["person"].implode()
            kept = train.filter(~inside & ~person().is_in(known))
            yield TrainingSet(
                set_key(str(protocol), str(fold), unit), kept["account_id"].to_list()
            )
