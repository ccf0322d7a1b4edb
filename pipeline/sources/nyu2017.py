"""Class project of 2017: profiles judged bot or not by students; no posts."""

from pathlib import Path

import polars as pl

from pipeline.sources import archive, checks, columns, looks, times, values
from pipeline.sources.source import Source, Tables

_PROFILE: columns.Columns = {
    "account_id": ("account",),
    "followers": ("followers_count",),
    "following": ("friends_count",),
    "listed": ("listed_count",),
    "created_at": ("created_at",),
    "likes_total": ("favourites_count",),
    "posts_total": ("statuses_count",),
    "declared_language": ("lang",),
    "default_image": ("default_profile_image",),
    "label": ("bot",),
}
LOOKS: looks.Looks = {"profiles": (looks.Table("accounts", _PROFILE),)}
_TEXTS = ("account_id", "created_at", "declared_language")
_COUNTS = ("followers", "following", "listed", "likes_total", "posts_total")


def read(source: Source, raw: Path) -> Tables:
    """Profiles; the handle is the id of an account here.

    Raises:
        SourceError: a file or a required column is missing.
    """
    archive.check_keys(source, ["profiles"], [])
    accounts = columns.load(source, raw, "profiles", "accounts", _PROFILE)
    for name in _TEXTS:
        if accounts.frame.schema[name] != pl.String():
            continue
        quoted = pl.col(name).str.contains('"', literal=True)
        bare = pl.col(name).str.strip_chars('" ')
        accounts.repair("doubled_quotes", name, quoted, bare)
    values.primary_id(accounts, "account_id")
    for name in _COUNTS:
        values.count(accounts, name)
    values.flag(accounts, "default_image", ["true"], ["false"])
    values.language(accounts, "declared_language")
    times.moment(accounts, "created_at", [times.API], zone_stated=False)
    known = pl.col("label").cast(pl.String).is_in(["0", "1"])
    accounts.reject("label_unknown", ~known, "bot is neither 0 nor 1")
    label = pl.col("label").cast(pl.Int8)
    accounts.set(
        label=label,
        handle=pl.col("account_id"),
        group=pl.when(label == 1).then(pl.lit("bots")).otherwise(pl.lit("others")),
    )
    return checks.settle(accounts, None)
