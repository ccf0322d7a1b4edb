"""Botometer repository: user objects of a probe, and a list of ids with labels.

Two layouts: the post of the probe with its user object, and the flat objects of
midterm-2018. No posts are published.
"""

from pathlib import Path

import polars as pl

from pipeline.sources import (
    checks,
    classes,
    fields,
    flat,
    headerless,
    looks,
    times,
    values,
)
from pipeline.sources.reading import Reading
from pipeline.sources.source import Source, Tables
from pipeline.sources.x_api_v1 import COUNTS

_USER: flat.Fields = {
    "account_id": ("user.id_str", "user_id", "user.id"),
    # Of the probe, not of the account, whose own time stands in `user`.
    "as_of": ("created_at", "probe_timestamp"),
    "handle": ("user.screen_name", "screen_name"),
    "created_at": ("user.created_at", "user_created_at"),
}
_USER_MORE: flat.Fields = {
    "name": ("user.name", "name"),
    "bio": ("user.description", "description"),
    "location": ("user.location",),
    "url": ("user.url", "url"),
    "declared_language": ("user.lang", "lang"),
    "followers": ("user.followers_count", "followers_count"),
    "following": ("user.friends_count", "friends_count"),
    "posts_total": ("user.statuses_count", "statuses_count"),
    "likes_total": ("user.favourites_count", "favourites_count"),
    "listed": ("user.listed_count", "listed_count"),
    "default_image": ("user.default_profile_image",),
}
_ACCOUNTS = flat.Shape("accounts", "accounts", _USER, _USER_MORE)
LOOKS: looks.Looks = {
    "accounts": (looks.Json(_ACCOUNTS),),
    "labels": (
        looks.Text("labels", ("account_id", "word"), r"\d+\t(?:[A-Za-z_]+|[01])\s*"),
    ),
}
_FLAT = "%a %b %d %H:%M:%S %Y"


def read(source: Source, raw: Path) -> Tables:
    """Accounts of a list of labels; the group of an account is the list's name.

    Raises:
        SourceError: a file is missing or a web page, a label has no declared class, or
            flat objects meet no declared zone.
    """
    classes.keys(source, ["accounts"], [])
    accounts = fields.load(source, raw, _ACCOUNTS)
    values.primary_id(accounts, "account_id")
    for name in COUNTS:
        values.count(accounts, name)
    values.flag(accounts, "default_image", ["true"], ["false"])
    values.language(accounts, "declared_language")
    for name in ("created_at", "as_of"):
        _time(accounts, name)
    accounts.reject("no_time", pl.col("as_of").is_null(), "no time of the probe")
    labels = _labels(source, raw)
    classes.join(accounts, labels)
    classes.settle(accounts)
    return checks.settle(accounts, None, labels)


def _time(accounts: Reading, column: str) -> None:
    """Zoned times of the probe's layout; those of flat objects need a declared zone."""
    flat = pl.col(column).str.contains(r"^\w+ \w+ +\d+ [\d:]+ \d+$")
    forms = [times.API]
    if accounts.frame.select(flat.any()).item():
        forms.append(_FLAT)
    times.moment(accounts, column, forms, zone_stated=False)


def _labels(source: Source, raw: Path) -> Reading | None:
    if not source.needs_labels:
        return None
    labels = headerless.load(
        source, raw, "labels", "labels", ["account_id", "word"], "\t"
    )
    values.primary_id(labels, "account_id")
    name = pl.col("file").str.split("/").list.last().str.extract(r"^([^.]+)")
    plain = name.str.to_lowercase().str.replace_all(r"[^a-z0-9]+", "_")
    labels.set(group=plain.str.strip_chars("_"))
    return labels
