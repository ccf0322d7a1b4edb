"""Label: which accounts a takedown named, and what must look alike in both classes."""

from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from features import schema
from models.hashing import uniform
from pipeline.files import atomic_directory, write_json, write_parquet
from pipeline.masking import observe, plan_masks
from pipeline.section import load_section
from pipeline.sources.source import Controls, Source, as_utc
from pipeline.stage import run_stage, say, stage_parser, world_lock


def label_accounts(given: pl.DataFrame, sources: list[Source]) -> pl.DataFrame:
    """Canonical labels, one row an account.

    Args:
        given: what the readers said: account_id, source, label, group.
        sources: declarations of campaign, operator, kind, strength, blocks.
    """
    parts = []
    for source in sources:
        rows = given.filter(pl.col("source") == source.name)
        if source.positives is not None:
            parts.append(_label_positives(rows.filter(pl.col("label") == 1), source))
        if source.controls is not None:
            controls = rows.filter(pl.col("label") == 0)
            parts.append(_label_controls(controls, source.controls))
    return schema.conform(pl.concat(parts, how="diagonal"), "labels").sort("account_id")


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


def label(canonical: Path, sources: list[Source], out: Path) -> dict[str, Any]:
    """Write labels.parquet, masks.parquet and campaigns.json; the counts for the log."""
    labels = label_accounts(pl.read_parquet(canonical / "labels.parquet"), sources)
    accounts = pl.read_parquet(canonical / "accounts.parquet")
    observed = observe(accounts, pl.scan_parquet(canonical / "posts.parquet"))
    masks = plan_masks(observed, labels)
    with atomic_directory(out) as working:
        write_parquet(labels, working / "labels.parquet", ["account_id"])
        write_parquet(masks, working / "masks.parquet", ["account_id"])
        write_json(list_campaigns(labels, sources), working / "campaigns.json")
    cut = masks.join(observed, on="account_id").filter(
        pl.col("posts_kept") < pl.col("n_posts")
    )
    return {
        "takedown accounts": labels.filter(pl.col("label") == 1).height,
        "controls": labels.filter(pl.col("label") == 0).height,
        "accounts whose history was cut alike": cut.height,
        "accounts with a column masked": masks.filter(
            pl.col("masked_accounts").list.len() > 0
        ).height,
    }


def main() -> None:
    """Run the command."""
    parser = stage_parser(__doc__)
    parser.add_argument(
        "--canonical", type=Path, required=True, help="tables of ingest"
    )
    parser.add_argument("--out", type=Path, required=True, help="directory to write")
    args: Namespace = parser.parse_args()
    sources = load_section(args.params, f"sources.{args.world}", list[Source])
    with world_lock(args.world):
        for what, count in label(args.canonical, sources, args.out).items():
            say(f"{count:,} {what}")


if __name__ == "__main__":
    run_stage(main)
