"""What the data report shows of a world's tables: groups, spans, volumes, gaps."""

from typing import Any, Final

import polars as pl

from features import schema

_QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
_UNSHOWN: Final = ("account_id", "as_of")


def groups(labels: pl.DataFrame, posts: pl.LazyFrame) -> list[dict[str, Any]]:
    """One entry a campaign, or a control source and slice: sizes, spans, volumes.

    Keys: name, source, class, operator, kind, role, blocks, strength, disclosed,
    accounts, posts, silent (accounts without a post), first, middle, last (dates: the
    5 %, 50 % and 95 % points of dated posts), volumes (quantiles of posts an account).
    """
    counted = (
        posts.group_by("account_id")
        .agg(pl.len().cast(pl.Int64).alias("posts"))
        .collect()
    )
    name = pl.coalesce("campaign", "source").alias("name")
    keys = ["label", "name", "source"]
    placed = labels.with_columns(name).join(counted, on="account_id", how="left")
    placed = placed.with_columns(pl.col("posts").fill_null(0))
    times = (
        posts.select("account_id", "posted_at")
        .drop_nulls()
        .join(placed.lazy().select("account_id", *keys), on="account_id")
        .group_by(keys)
        .agg(
            pl.col("posted_at").quantile(q, "nearest").alias(alias)
            for alias, q in (("first", 0.05), ("middle", 0.5), ("last", 0.95))
        )
        .collect()
    )
    summed = placed.group_by(keys).agg(
        *(_words(column) for column in ("operator", "kind", "role", "block", "slice")),
        pl.col("strength").min(),
        pl.col("disclosed_at").min(),
        pl.len().cast(pl.Int64).alias("accounts"),
        pl.col("posts").sum(),
        (pl.col("posts") == 0).sum().cast(pl.Int64).alias("silent"),
        *(
            pl.col("posts").quantile(q, "nearest").alias(f"q{place}")
            for place, q in enumerate(_QUANTILES)
        ),
    )
    return (
        summed.rename({"posts": "posts_sum"})
        .join(times, on=keys, how="left")
        .sort("label", "name", "source", descending=[True, False, False])
        .to_dicts()
    )


def _words(column: str) -> pl.Expr:
    return pl.col(column).drop_nulls().unique().sort().str.join(", ")


def missing(
    accounts: pl.DataFrame,
    posts: pl.LazyFrame,
    labels: pl.DataFrame,
    masks: pl.DataFrame,
) -> list[dict[str, Any]]:
    """Share of missing values by column and class, as read and as trained on.

    Keys: table, column, takedown, controls, takedown_after, controls_after. Of posts,
    `after` counts columns taken from a whole block; cut histories are not counted. The
    target of a post is looked for in reposts alone.
    """
    truth = labels.select("account_id", "label")
    taken = masks.select("account_id", "masked_accounts", "masked_posts")
    profiles = accounts.join(truth, on="account_id").join(taken, on="account_id")
    said = posts.join(truth.lazy(), on="account_id").join(
        taken.lazy().select("account_id", "masked_posts"), on="account_id"
    )
    found = []
    for table, frame, masked in (
        ("accounts", profiles.lazy(), "masked_accounts"),
        ("posts", said, "masked_posts"),
    ):
        shown = [c for c in schema.TABLES[table] if c not in _UNSHOWN]
        shares = (
            frame.group_by("label")
            .agg(
                *(_where(c, pl.col(c).is_null()).mean().alias(c) for c in shown),
                *(
                    _where(
                        c, pl.col(c).is_null() | pl.col(masked).list.contains(pl.lit(c))
                    )
                    .mean()
                    .alias(f"{c} after")
                    for c in shown
                ),
            )
            .collect()
        )
        rows = {row["label"]: row for row in shares.to_dicts()}
        for column in shown:
            entry: dict[str, Any] = {"table": table, "column": column}
            for label, name in ((1, "takedown"), (0, "controls")):
                row = rows.get(label, {})
                entry[name] = row.get(column)
                entry[f"{name}_after"] = row.get(f"{column} after")
            found.append(entry)
    return found


def _where(column: str, missing: pl.Expr) -> pl.Expr:
    if column.startswith("target_"):
        return missing.filter(pl.col("kind") == "repost")
    return missing
