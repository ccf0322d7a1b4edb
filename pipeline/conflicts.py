"""Conflicts: one account under two labels, or in two releases; resolved by rule, shown.

Accounts are one if their ids are one in the same space of ids. Ids of the platform are
one space; a source that numbers its rows has a space of its own.
"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

import polars as pl

from pipeline.section import Section

CONFLICTS: Final[dict[str, pl.DataType]] = {
    "account_id": pl.String(),
    # The id that the rows share, with its space.
    "shared_id": pl.String(),
    "source": pl.String(),
    "label": pl.Int8(),
    "kind": pl.String(),
    "strength": pl.Float64(),
    # both_classes, two_releases, or reviewers (pipeline/reviewers.py).
    "rule": pl.String(),
    "kept": pl.Boolean(),
}
PLATFORM: Final = "platform"


class ConflictRules(Section):
    """Section `label.conflicts` of params.yaml."""

    both_classes: Literal["quarantine", "stronger"]
    two_releases: Literal["first_disclosed", "stronger", "keep_all"]


class Resolved(NamedTuple):
    """Labels that stay, and every row that was in conflict, columns of CONFLICTS."""

    labels: pl.DataFrame
    conflicts: pl.DataFrame


def shared_id(spaces: Mapping[str, str]) -> pl.Expr:
    """Id without its source but with its space of ids.

    Args:
        spaces: source (the prefix of account_id) -> space; others are the platform's.
    """
    prefix = pl.col("account_id").str.extract(r"^([^/]*)/")
    space = prefix.replace_strict(
        dict(spaces), default=PLATFORM, return_dtype=pl.String
    )
    return space + "/" + pl.col("account_id").str.replace(r"^[^/]*/", "")


def resolve(
    labels: pl.DataFrame, rules: ConflictRules, spaces: Mapping[str, str]
) -> Resolved:
    """Labels with one row an account, whatever the number of its sources.

    An account in both classes is left out; or, by the rule `stronger`, it keeps the
    label that alone has the highest strength. Of several releases of one class, the one
    disclosed first stays (or the strongest; or all, which splits then keep together).

    Args:
        labels: canonical labels; unique account_id.
        rules: which row stays.
        spaces: see `shared_id`.
    """
    shared = "shared_id"
    several = labels.with_columns(shared_id(spaces).alias(shared)).filter(
        pl.len().over(shared) > 1
    )
    both = pl.col("label").n_unique().over(shared) > 1
    opposed = several.filter(both)
    if rules.both_classes == "stronger":
        strongest = pl.col("strength") == pl.col("strength").max().over(shared)
        alone = pl.col("label").filter(strongest).n_unique().over(shared) == 1
        kept = alone & (
            pl.col("label") == pl.col("label").filter(strongest).first().over(shared)
        )
    else:
        kept = pl.lit(False)
    opposed = opposed.with_columns(
        kept.alias("kept"), pl.lit("both_classes").alias("rule")
    )
    # What the stronger label leaves may still stand in two releases.
    alike = pl.concat(
        [several.filter(~both), opposed.filter("kept").select(several.columns)]
    ).filter(pl.len().over(shared) > 1)
    order = {
        "first_disclosed": ["disclosed_at", "_weakness", "account_id"],
        "stronger": ["_weakness", "disclosed_at", "account_id"],
        "keep_all": ["account_id"],
    }[rules.two_releases]
    first = (
        alike.with_columns(_weakness=-pl.col("strength"))
        .sort(order, nulls_last=True)
        .unique(shared, keep="first", maintain_order=True)["account_id"]
    )
    stays = pl.lit(True) if rules.two_releases == "keep_all" else None
    alike = alike.with_columns(
        (
            stays if stays is not None else pl.col("account_id").is_in(first.implode())
        ).alias("kept"),
        pl.lit("two_releases").alias("rule"),
    )
    conflicts = pl.concat(
        [opposed.select(list(CONFLICTS)), alike.select(list(CONFLICTS))]
    ).sort("shared_id", "account_id", "rule")
    out = conflicts.filter(~pl.col("kept"))["account_id"]
    return Resolved(
        labels.filter(~pl.col("account_id").is_in(out.implode())), conflicts
    )
