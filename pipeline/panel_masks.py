"""Masks of the look-alike panel: what every account of its block lacks, and no more.

Look-alikes are no class of a block: nothing is evened out for them or by them. But what
masking took from the whole block, no model was trained on, so they lack it too.
"""

import polars as pl

from features import schema


def panel_masks(
    observed: pl.DataFrame, labels: pl.DataFrame, masks: pl.DataFrame
) -> pl.DataFrame:
    """Masks of the accounts with a slice: all posts kept, columns as their block lacks.

    Args:
        observed: account_id, n_posts.
        labels: canonical labels of everybody.
        masks: of all accounts without a slice.
    """
    panel = labels.filter(pl.col("slice").is_not_null())
    placed = panel.select("account_id", "block").join(
        observed.select("account_id", posts_kept="n_posts"), on="account_id"
    )
    parts = []
    for (block,), rows in placed.group_by(["block"], maintain_order=True):
        plan = masks.filter(pl.col("block") == block)
        named = (
            plan.select(pl.col("masked_accounts").explode()).drop_nulls().to_series()
        )
        counts = named.value_counts().filter(pl.col("count") == plan.height)
        absent = plan["masked_posts"].head(1).explode().drop_nulls()
        parts.append(
            rows.with_columns(
                pl.lit(sorted(counts[named.name]), schema.STRINGS).alias(named.name),
                pl.lit(absent.to_list(), schema.STRINGS).alias("masked_posts"),
            )
        )
    return pl.concat(parts) if parts else masks.clear()
