"""Accounts read off their posts, where each post carries its author's profile."""

from collections.abc import Iterable

import polars as pl

from pipeline.sources.columns import Columns
from pipeline.sources.reading import Reading

# Before the name of a profile column among those of a post.
_PREFIX = "user_"


def beside_posts(profile: Columns, inside: str = "") -> Columns:
    """The table of a profile's columns as a post has them, all but the id.

    Args:
        profile: name used here -> published names.
        inside: of a JSON post, the path of its author's profile, as `user.`.
    """
    return {
        f"{_PREFIX}{name}": tuple(f"{inside}{text}" for text in spelt)
        for name, spelt in profile.items()
        if name != "account_id"
    }


def derived(
    posts: Reading, profile: Iterable[str], listed: Reading | None = None
) -> pl.DataFrame:
    """Profiles of accounts that stand only in posts, as on the newest post of each.

    Args:
        posts: rows with account_id, posted_at, post_id and the columns of profiles.
        profile: names of the columns of a profile.
        listed: accounts that have a row of their own.
    """
    frame = posts.frame
    if listed is not None:
        known = listed.frame["account_id"].implode()
        frame = frame.filter(~pl.col("account_id").is_in(known))
    own = [name for name in profile if name != "account_id"]
    columns = [pl.col(f"{_PREFIX}{name}").alias(name) for name in own]
    order = ["post_id", *(f"{_PREFIX}{name}" for name in own)]
    return newest(frame, order).select("account_id", *columns, "file", "row")


def newest(posts: pl.DataFrame, order: Iterable[str]) -> pl.DataFrame:
    """The last post of each account; of those of one moment the last by `order`."""
    last = pl.col("posted_at").max().over("account_id")
    late = posts.filter(pl.col("posted_at").eq_missing(last))
    return late.sort(*order, "file", "row", nulls_last=False).unique(
        "account_id", keep="last", maintain_order=True
    )


def of(posts: Reading, profile: Iterable[str], listed: Reading | None) -> Reading:
    """Accounts listed and, behind them, those that stand only in posts.

    The columns of profiles leave the posts.
    """
    names = list(profile)
    rows = derived(posts, names, listed)
    if listed is None:
        accounts = Reading(posts.source, "accounts", rows)
    else:
        accounts = listed
        accounts.extend(rows)
    posts.frame = posts.frame.drop(
        f"{_PREFIX}{name}" for name in names if name != "account_id"
    )
    return accounts
