"""What the label stage did, in numbers, for report.json and the data report."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from features import schema
from features.history import HISTORY_CAP
from features.repairs import CAPPED, REPAIRS, count_repairs
from pipeline.masking import moment_of, unlike_moments
from pipeline.verdicts import ReadVerdicts

CLASSES = {1: "takedown", 0: "controls"}


def count_conflicts(conflicts: pl.DataFrame) -> dict[str, dict[str, int]]:
    """Rows in conflict by rule: how many accounts and rows, how many were left out."""
    counted = (
        conflicts.group_by("rule")
        .agg(
            pl.col("shared_id").n_unique().alias("accounts"),
            pl.len().alias("rows"),
            (~pl.col("kept")).sum().alias("left_out"),
        )
        .sort("rule")
    )
    return {row.pop("rule"): row for row in counted.to_dicts()}


def count_duplicates(labels: pl.DataFrame, links: Mapping[str, int]) -> dict[str, Any]:
    """Groups of copies: how many, how large, and what they would have leaked across.

    Args:
        labels: canonical labels.
        links: cause -> links between accounts.
    """
    groups = (
        labels.drop_nulls("duplicate_group")
        .group_by("duplicate_group")
        .agg(
            pl.len().alias("accounts"),
            *(
                (pl.col(column).drop_nulls().n_unique() > 1).alias(column)
                for column in ("block", "campaign", "source", "label")
            ),
        )
    )
    return {
        "groups": groups.height,
        "accounts": int(groups["accounts"].sum()),
        "largest": int(groups["accounts"].max() or 0),  # type: ignore[arg-type]
        "across_blocks": int(groups["block"].sum()),
        "across_campaigns": int(groups["campaign"].sum()),
        "across_sources": int(groups["source"].sum()),
        "across_classes": int(groups["label"].sum()),
        "links": dict(sorted(links.items())),
    }


def count_verdicts(
    verdicts: ReadVerdicts,
    placed: pl.DataFrame,
    ambiguous: int,
    decided: pl.DataFrame,
    confirmed: int,
) -> dict[str, Any]:
    """What became of the rows of reviewers: read = used + unknown + ambiguous + rejected.

    Args:
        verdicts: of `read_verdicts`.
        placed: those on accounts of this world.
        ambiguous: those on an id that different accounts have.
        decided: accounts that reviewers agree on.
        confirmed: labels of other kinds that verdicts agree with.
    """
    used = placed["number"].n_unique()
    by_rule = verdicts.rejected.group_by("rule").len().sort("rule")
    return {
        "read": verdicts.read,
        "used": used,
        "account_unknown": verdicts.verdicts.height - used - ambiguous,
        "account_ambiguous": ambiguous,
        "rejected": dict(by_rule.iter_rows()),
        "accounts_reviewed": placed["account_id"].n_unique(),
        "accounts_decided": decided.height,
        "labels_confirmed": confirmed,
    }


def count_masks(
    masks: pl.DataFrame,
    observed: pl.DataFrame,
    labels: pl.DataFrame,
    moments: Mapping[str, str],
) -> dict[str, Any]:
    """Accounts of each class that each rule took something from, and from what.

    Args:
        masks: of `plan_masks`.
        observed: of `observe`.
        labels: canonical labels.
        moments: source -> moment that the counts of its accounts are of.
    """
    placed = (
        masks.join(
            observed.select("account_id", "n_posts", "last", "span"), on="account_id"
        )
        .join(labels.select("account_id", "label"), on="account_id")
        .with_columns(moment_of(moments))
        .sort("block", "account_id")
    )
    blocks = {
        str(rows["block"][0]): unlike_moments(rows)
        for rows in placed.partition_by("block", maintain_order=True)
    }
    unlike = pl.col("block").is_in(
        [block for block, differ in blocks.items() if differ]
    )
    touched = {
        # All windows of a block begin after a post once one is cut (histories.py).
        "window cut": pl.col("posts_from")
        > pl.col("last") - pl.duration(minutes=pl.col("span") - 1),
        "number of posts cut": pl.col("posts_kept") < pl.col("n_posts"),
        "columns masked": pl.col("masked_accounts").list.len() > 0,
        "post columns masked": pl.col("masked_posts").list.len() > 0,
        "counts of unlike moments": unlike,
    }
    return {
        "rules": {rule: _by_class(placed.filter(hit)) for rule, hit in touched.items()},
        "columns": {
            column: _by_class(
                placed.filter(pl.col("masked_accounts").list.contains(pl.lit(column)))
            )
            for column in schema.ACCOUNTS
            if column not in ("account_id", "as_of")
        },
        "posts": {
            name: {
                "before": int(rows["n_posts"].sum()),
                "after": int(rows["posts_kept"].sum()),
            }
            for label, name in CLASSES.items()
            for rows in [placed.filter(pl.col("label") == label)]
        },
        "unlike_moments": [block for block, differ in blocks.items() if differ],
    }


def repairs_by_class(
    accounts: pl.DataFrame, posts: pl.LazyFrame, labels: pl.DataFrame
) -> list[dict[str, Any]]:
    """Each repair of features/repairs.py: name, table, value, rows touched by class."""
    counted = (
        count_repairs(accounts, posts)
        .join(labels.select("account_id", "label"), on="account_id")
        .drop("account_id")
        .group_by("label")
        .sum()
    )
    sums = {row.pop("label"): row for row in counted.to_dicts()}
    listed = [(r.name, r.table, r.value) for r in REPAIRS]
    return [
        {"rule": rule, "table": table, "value": value}
        | {
            name: int(sums.get(label, {}).get(rule, 0))
            for label, name in CLASSES.items()
        }
        for rule, table, value in [*listed, (CAPPED, "posts", str(HISTORY_CAP))]
    ]


def _by_class(rows: pl.DataFrame) -> dict[str, int]:
    return {
        name: rows.filter(pl.col("label") == label).height
        for label, name in CLASSES.items()
    }
