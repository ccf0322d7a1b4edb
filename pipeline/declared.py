"""Declared: what the sources of a world say of their accounts and campaigns."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from features import schema
from models.hashing import uniform
from pipeline.sources.source import Controls, Source, as_utc


def label_accounts(
    given: pl.DataFrame, sources: list[Source], roles: Mapping[str, str]
) -> pl.DataFrame:
    """Canonical labels, one row an account.

    Args:
        given: what the readers said: account_id, source, label, group.
        sources: declarations of campaign, operator, kind, strength, blocks.
        roles: campaign -> role of all its accounts; null for every other.
    """
    parts = []
    for source in sources:
        rows = given.filter(pl.col("source") == source.name)
        if source.positives is not None:
            parts.append(_label_positives(rows.filter(pl.col("label") == 1), source))
        if source.controls is not None:
            controls = rows.filter(pl.col("label") == 0)
            parts.append(_label_controls(controls, source.controls))
    labels = schema.conform(pl.concat(parts, how="diagonal"), "labels")
    role = pl.col("campaign").replace_strict(
        dict(roles), default=None, return_dtype=pl.String
    )
    return labels.with_columns(role.alias("role")).sort("account_id")


def _label_positives(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    declared = source.positives
    assert declared is not None
    campaign = (
        pl.lit(declared.campaign)
        if declared.campaign
        else pl.format("{}_{}", pl.lit(source.name), pl.col("group").str.to_lowercase())
    )
    disclosed = (
        as_utc(declared.disclosed_at)
        if declared.disclosed_at
        else pl.lit(None, dtype=schema.TIME)
    )
    return rows.select(
        "account_id",
        pl.lit(source.name).alias("source"),
        campaign.alias("campaign"),
        pl.lit(declared.operator).alias("operator"),
        pl.lit(declared.kind).alias("kind"),
        pl.lit(1, dtype=pl.Int8).alias("label"),
        pl.lit(declared.strength).alias("strength"),
        disclosed.alias("disclosed_at"),
        pl.lit(declared.operator).alias("block"),
    )


def _label_controls(rows: pl.DataFrame, declared: Controls) -> pl.DataFrame:
    names = sorted(declared.blocks)
    bounds = np.cumsum([declared.blocks[name] for name in names])
    drawn = uniform(rows["account_id"], "control blocks")
    places = np.minimum(np.searchsorted(bounds, drawn, side="right"), len(names) - 1)
    return rows.select(
        "account_id",
        pl.lit(declared.name).alias("source"),
        pl.lit(declared.kind).alias("kind"),
        pl.lit(0, dtype=pl.Int8).alias("label"),
        pl.lit(declared.slice, dtype=pl.String).alias("slice"),
        pl.lit(declared.strength).alias("strength"),
        pl.Series("block", [names[place] for place in places], dtype=pl.String),
    )


def list_campaigns(labels: pl.DataFrame, sources: list[Source]) -> list[dict[str, Any]]:
    """What is declared and counted of each campaign, sorted by name."""
    declared = {s.name: s.positives for s in sources if s.positives}
    counted = (
        labels.filter(pl.col("label") == 1)
        .group_by("campaign", "operator")
        .agg(
            pl.col("source").unique().sort(),
            pl.col("kind").unique().sort(),
            pl.col("disclosed_at").min(),
            pl.len().alias("accounts"),
        )
        .sort("campaign", "operator")
    )
    found = []
    for row in counted.iter_rows(named=True):
        # A campaign published in several sources is in the headline if all of them are.
        outside = [
            declared[name] for name in row["source"] if not declared[name].in_headline
        ]
        found.append(
            {
                "name": row["campaign"],
                "operator": row["operator"],
                "kinds": row["kind"],
                "disclosed_at": row["disclosed_at"] and row["disclosed_at"].isoformat(),
                "accounts": row["accounts"],
                "in_headline": not outside,
                "reason": outside[0].reason if outside else None,
            }
        )
    return found
