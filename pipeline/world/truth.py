"""What each simulated account really is, which no stage may read and tests may."""

import numpy as np
import polars as pl

from features.schema import TIME
from pipeline.world.archive import Archive
from pipeline.world.changes import CHANGED
from pipeline.world.keys import Texts
from pipeline.world.people import People
from pipeline.world.posts import Posts

TRUTH = {
    "account_id": pl.String(),
    "source": pl.String(),
    "origin": pl.String(),
    "label": pl.Int8(),
    "role": pl.String(),
    "behaviours": pl.List(pl.String),
    "changed": CHANGED,
    "starts_at": TIME,
    "post_ids": pl.List(pl.String),
}


def truth_of(
    origin: str,
    label: int,
    files: Texts,
    families: dict[str, tuple[str, ...]],
    changed: pl.Series,
    people: People,
    posts: Posts,
    archive: Archive,
) -> pl.DataFrame:
    """One row an account: its role and main job, what is changed, posts that show it.

    Args:
        origin: the network, the controls or the slice that the accounts are.
        label: 1 for a campaign, 0 for controls, whatever their archive says.
        files: archive that each account stands in, its source; account_id is
            `<source>/<id>`.
        families: by role, those that its main job leaves.
        changed: of each account, by family (pipeline.world.changes).
        people: the accounts.
        posts: their posts, `shown` marked.
        archive: gives the ids.
    """
    rows = np.flatnonzero(posts.shown)
    shown = (
        pl.DataFrame(
            {
                "row": posts.who[rows],
                "at": posts.at[rows] * 60_000,
                "post_id": list(archive.post_ids[rows]),
            },
            schema={"row": pl.Int64, "at": pl.Int64, "post_id": pl.String},
        )
        .sort("row", "at", "post_id")
        .group_by("row", maintain_order=True)
        .agg(pl.col("at").min().alias("starts_at"), pl.col("post_id").alias("post_ids"))
    )
    accounts = pl.DataFrame(
        {
            "row": np.arange(len(people)),
            "source": list(files),
            "account_id": list(files + "/" + archive.account_ids),
            "role": list(people.role),
            "behaviours": [list(families.get(role, ())) for role in people.role],
        },
        schema_overrides={"behaviours": pl.List(pl.String)},
    ).with_columns(changed)
    return (
        accounts.join(shown, on="row", how="left", maintain_order="left")
        .with_columns(
            pl.lit(origin).alias("origin"),
            pl.lit(label, dtype=pl.Int8).alias("label"),
            pl.from_epoch("starts_at", time_unit="ms")
            .dt.replace_time_zone("UTC")
            .cast(TIME),
            pl.col("post_ids").fill_null([]),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in TRUTH.items())
    )
