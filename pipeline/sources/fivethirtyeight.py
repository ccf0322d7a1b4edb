"""FiveThirtyEight / Clemson release as published: posts in several CSV files.

Accounts are derived from the posts. The exact id of an author stands in
`alt_external_id`; `external_author_id` has lost its digits to a spreadsheet.
"""

from pathlib import Path

import polars as pl

from pipeline.sources import archive, checks, columns, ira, looks, profiles, values
from pipeline.sources.reading import Reading
from pipeline.sources.source import Source, Tables

_POST: columns.Columns = {
    "account_id": ("author",),
    "text": ("content",),
    "language": ("language",),
    "posted_at": ("publish_date",),
    "followers": ("followers",),
    "following": ("following",),
    "post_type": ("post_type",),
    "group": ("account_category",),
}
_POST_MORE: columns.Columns = {
    "post_id": ("tweet_id",),
    "exact_id": ("alt_external_id",),
    "is_repost": ("retweet",),
}
LOOKS: looks.Looks = {"posts": (looks.Table("posts", _POST, _POST_MORE),)}


def read(source: Source, raw: Path) -> Tables:
    """Tables of the release; profile counts are those of each account's last post.

    Raises:
        SourceError: a file or a required column is missing, or the order of day and
            month or the zone is not declared.
    """
    archive.check_keys(source, ["posts"], [])
    posts = columns.load(source, raw, "posts", "posts", _POST, _POST_MORE)
    values.secondary_id(posts, "exact_id")
    values.secondary_id(posts, "post_id")
    _identify(posts)
    ira.contents(posts)
    accounts = Reading(source, "accounts", _accounts(posts.frame))
    label = pl.lit(checks.only_class(source), pl.Int8)
    accounts.set(label=label, group=pl.col("group").str.to_lowercase())
    posts.frame = posts.frame.drop("handle", "group", "followers", "following")
    return checks.settle(accounts, posts)


def _identify(posts: Reading) -> None:
    """One id an author: the exact one if all of its rows agree on it, else the handle."""
    values.primary_id(posts, "account_id")
    author = pl.col("account_id")
    exact = pl.col("exact_id").drop_nulls()
    one = exact.n_unique().over("account_id") == 1
    posts.set(
        handle=author,
        account_id=pl.when(one)
        .then(exact.first().over("account_id"))
        .otherwise(author),
    )
    posts.frame = posts.frame.drop("exact_id")


def _accounts(posts: pl.DataFrame) -> pl.DataFrame:
    """One row an account, as on its newest post."""
    own = ["handle", "group", "followers", "following"]
    last = profiles.newest(posts, ["post_id", *own])
    return last.select("account_id", *own, "file", "row")
