"""What the label stage did, in numbers, for report.json and the data report."""

from collections.abc import Mapping
from typing import Any

import polars as pl


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
