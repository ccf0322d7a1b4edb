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


def note_differences(listed: Reading, posts: Reading, profile: Iterable[str]) -> None:
    """Count listed accounts of which the newest post shows another profile.

    What is listed stays. Cells are compared as they stand, but for case, spaces around
    and a `.0` behind; a column that one of the two lacks is not.

    Args:
        listed: accounts that have a row of their own.
        posts: rows with account_id, posted_at and the columns of profiles.
        profile: names of the columns of a profile.
    """
    own = [name for name in profile if name != "account_id"]
    last = pl.col("posted_at").max().over("account_id")
    both = (
        posts.frame.filter(pl.col("posted_at").eq_missing(last))
        .select("account_id", *(f"{_PREFIX}{name}" for name in own))
        .join(listed.frame.select("account_id", *own), on="account_id")
    )
    differs = pl.any_horizontal(_cell(n) != _cell(f"{_PREFIX}{n}") for n in own)
    others = both.filter(differs)["account_id"].unique().implode()
    listed.note("profile_differs", pl.col("account_id").is_in(others))


def _cell(name: str) -> pl.Expr:
    text = pl.col(name).cast(pl.String).str.strip_chars().str.to_lowercase()
    return text.str.strip_suffix(".0")


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
