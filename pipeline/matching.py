"""Matching: controls that are like the takedown accounts of their block, and the balance.

Language, window, volume and age are how accounts were found at least as much as what
they do. Matching takes, from every cell of the four, as many controls for each takedown
account; the balance table says how far the classes differ, matched or not.

Source: Iacus, King and Porro 2012, Causal inference without balance checking:
coarsened exact matching; Austin 2009 for standardised mean differences.
"""

from typing import Annotated, Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import Field

from models.hashing import uniform
from pipeline.histories import before
from pipeline.section import Section

# Compared as logarithms: their tails would be the whole mean.
NUMBERS: Final = ("window", "volume", "age")
_NONE: Final = "none"
_LOOK_ALIKE: Final = pl.col("slice").is_not_null()


class MatchingRules(Section):
    """Section `label.matching` of params.yaml."""

    enabled: bool
    bands: Annotated[int, Field(ge=1, le=10)]
    controls_each: Annotated[int, Field(ge=1)]


def covariates(
    accounts: pl.DataFrame, posts: pl.LazyFrame, observed: pl.DataFrame
) -> pl.DataFrame:
    """What accounts are matched on: account_id, language, window, volume, age.

    language is that of most posts, else the declared one, else `none`. The others are
    ln(1 + hours from first to last post), ln(1 + posts), ln(1 + days of age); null
    where not known.
    """
    spoken = (
        before(accounts, posts)
        .group_by("account_id", pl.col("language").str.to_lowercase())
        .agg(pl.len())
        .drop_nulls("language")
        .collect()
        .sort("account_id", pl.col("len"), "language", descending=[False, True, False])
        .unique("account_id", keep="first", maintain_order=True)
        .select("account_id", spoken="language")
    )
    dated = pl.col("last").is_not_null()
    days = (pl.col("as_of") - pl.col("created_at")).dt.total_days().clip(lower_bound=0)
    return (
        accounts.select("account_id", "created_at", "declared_language")
        .join(
            observed.select("account_id", "as_of", "n_posts", "span", "last"),
            on="account_id",
        )
        .join(spoken, on="account_id", how="left")
        .select(
            "account_id",
            pl.coalesce(
                "spoken", pl.col("declared_language").str.to_lowercase(), pl.lit(_NONE)
            ).alias("language"),
            pl.when(dated).then((pl.col("span") / 60).log1p()).alias("window"),
            pl.col("n_posts").log1p().alias("volume"),
            days.log1p().alias("age"),
        )
        .sort("account_id")
    )


def match_controls(
    labels: pl.DataFrame, facts: pl.DataFrame, rules: MatchingRules
) -> pl.DataFrame:
    """Labels without the controls that are like no takedown account of their block.

    Within a block, accounts fall into cells by language and by bands of the three
    numbers, whose bounds are quantiles of the takedown accounts. Of a cell, at most
    `controls_each` controls a takedown account stay, by a draw. Takedown accounts all
    stay, and so do the controls of a block that would lose all of them, and all
    look-alikes: nothing is learnt from them, and none is to be like a takedown.

    Args:
        labels: canonical labels.
        facts: of `covariates`.
        rules: whether, and how.
    """
    if not rules.enabled:
        return labels
    joined = _compared(labels, facts)
    kept: list[str] = []
    for rows in joined.sort("account_id").partition_by("block", maintain_order=True):
        positive = rows["label"].to_numpy() == 1
        cells = [rows["language"].to_list()]
        cells += [_banded(rows[n].to_numpy(), positive, rules.bands) for n in NUMBERS]
        placed = rows.select("account_id", "label").with_columns(
            pl.Series("cell", [repr(cell) for cell in zip(*cells, strict=True)]),
            pl.Series("drawn", uniform(rows["account_id"], "matched controls")),
        )
        wanted = (pl.col("label") == 1).sum().over("cell") * rules.controls_each
        place = pl.col("drawn").rank("ordinal").over("cell", "label")
        stay = placed.filter((pl.col("label") == 1) | (place <= wanted))
        if stay["label"].n_unique() < 2:
            stay = placed
        kept += stay["account_id"].to_list()
    matched = pl.col("account_id").is_in(pl.Series(kept, dtype=pl.String()).implode())
    return labels.filter(matched | _LOOK_ALIKE)


def _banded(
    values: NDArray[np.float64], positive: NDArray[np.bool_], bands: int
) -> list[int]:
    """Band of each value between quantiles of the takedown accounts.

    -1 if unknown; 0 and bands + 1 below and above whatever they have.
    """
    known = ~np.isnan(values)
    if not (known & positive).any():
        return [-1 if not k else 0 for k in known]
    steps = np.arange(bands + 1) / bands
    bounds = np.quantile(values[known & positive], steps, method="inverted_cdf")
    found = np.searchsorted(bounds, np.nan_to_num(values), side="left")
    # The least value of all is its own bound.
    found += values == bounds[0]
    return [int(band) if k else -1 for band, k in zip(found, known, strict=True)]


def balance(labels: pl.DataFrame, facts: pl.DataFrame) -> list[dict[str, Any]]:
    """Standardised mean differences by block: takedown against control accounts.

    The difference of means over the root of the mean variance; for language, the
    largest of any language's share. Null where a class has no known value, or where
    the classes differ and neither varies. Look-alikes are of neither class.

    Args:
        labels: canonical labels.
        facts: of `covariates`.
    """
    joined = _compared(labels, facts)
    found = []
    for rows in joined.sort("account_id").partition_by("block", maintain_order=True):
        positive = rows["label"].to_numpy() == 1
        row: dict[str, Any] = {
            name: _difference(rows[name].to_numpy(), positive) for name in NUMBERS
        }
        language = rows["language"].to_numpy()
        shares = [
            _difference((language == word).astype(float), positive)
            for word in np.unique(language)
        ]
        sized = [abs(share) for share in shares if share is not None]
        row["language"] = max(sized) if sized else None
        found.append({"block": str(rows["block"][0]), **row})
    return sorted(found, key=lambda entry: str(entry["block"]))


def _compared(labels: pl.DataFrame, facts: pl.DataFrame) -> pl.DataFrame:
    """Both classes as they are learnt from, with their facts."""
    judged = labels.filter(~_LOOK_ALIKE)
    return judged.select("account_id", "block", "label").join(facts, on="account_id")


def _difference(
    values: NDArray[np.float64], positive: NDArray[np.bool_]
) -> float | None:
    known = ~np.isnan(values)
    one, other = values[known & positive], values[known & ~positive]
    if not len(one) or not len(other):
        return None
    apart = one.mean() - other.mean()
    spread = ((one.var() + other.var()) / 2) ** 0.5
    if not spread:
        return None if apart else 0.0
    return round(float(apart / spread), 4)
