"""PAN 2019 author profiling: texts of bots and people; no times, ids or profiles."""

from pathlib import Path

import polars as pl

from pipeline.sources import archive, checks, columns, texts, values
from pipeline.sources.reading import Reading
from pipeline.sources.source import Source, Tables

_POST: columns.Columns = {
    "account_id": ("author_id",),
    "label": ("label",),
    "number": ("idx",),
    "text": ("text",),
}
_LABELS = {"bot": 1, "human": 0}


def read(source: Source, raw: Path) -> Tables:
    """Posts and the accounts derived from them.

    Raises:
        SourceError: a file or a required column is missing.
    """
    archive.check_keys(source, ["posts"], [])
    posts = columns.load(source, raw, "posts", "posts", _POST)
    values.primary_id(posts, "account_id")
    known = pl.col("label").is_in(list(_LABELS))
    posts.reject("label_unknown", ~known, "label is neither bot nor human")
    # Alike texts of an author are published as posts of their own, by number.
    checks.duplicates(posts, ["account_id", "number"])
    accounts = Reading(source, "accounts", _accounts(posts.frame))
    posts.frame = posts.frame.drop("label", "number")
    texts.kind_of(posts)
    texts.named_target(posts)
    texts.entities_of(posts)
    return checks.settle(accounts, posts)


def _accounts(posts: pl.DataFrame) -> pl.DataFrame:
    """One row an author and label, standing where its first post stands."""
    first = posts.sort("file", "row").unique(
        ["account_id", "label"], keep="first", maintain_order=True
    )
    label = pl.col("label").replace_strict(_LABELS, return_dtype=pl.Int8)
    return first.select("account_id", "file", "row", label=label, group="label")
