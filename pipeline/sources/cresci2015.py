"""cresci-2015: users as 34 API columns, and posts.

As published, a folder each for five groups; or two users files and one table of posts.
"""

from pathlib import Path

import polars as pl

from pipeline.sources import (
    archive,
    checks,
    columns,
    cresci2017,
    looks,
    texts,
    times,
    values,
)
from pipeline.sources.reading import Reading
from pipeline.sources.source import Source, Tables

_USER: columns.Columns = {
    "account_id": ("id",),
    "name": ("name",),
    "handle": ("screen_name",),
    "posts_total": ("statuses_count",),
    "followers": ("followers_count",),
    "following": ("friends_count",),
    "likes_total": ("favourites_count",),
    "listed": ("listed_count",),
    "created_at": ("created_at",),
    "url": ("url",),
    "declared_language": ("lang",),
    "location": ("location",),
    "default_image": ("default_profile_image",),
    "bio": ("description",),
}
_POST: columns.Columns = {
    "post_id": ("tweet_id", "id"),
    "account_id": ("user_id",),
    "posted_at": ("time", "created_at"),
    "text": ("text",),
}
_COUNTS = ("posts_total", "followers", "following", "likes_total", "listed")
_NOTHING = ["NULL", "NA"]
# Key of `files` -> label, group.
_GROUPS = {"e13_users": (0, "e13"), "int_users": (1, "int")}
# Folder of the published form -> label: people, and followers bought from vendors.
_FOLDERS = {"E13": 0, "TFP": 0, "INT": 1, "FSF": 1, "TWT": 1}
_GROUPED = cresci2017.of_folders(tuple(_FOLDERS))
_USERS = (looks.Table("accounts", _USER, classed=True),)
LOOKS: looks.Looks = {
    **_GROUPED,
    "e13_users": _USERS,
    "int_users": _USERS,
    "posts": (looks.Table("posts", _POST), *_GROUPED["posts"]),
}


def read(source: Source, raw: Path) -> Tables:
    """Tables of all groups; the label is that of the users file or its folder.

    Raises:
        SourceError: a file or a required column is missing.
    """
    if "users" in source.files or "archive" in source.files:
        return cresci2017.of_groups(source, raw, _FOLDERS)
    archive.check_keys(source, [*_GROUPS, "posts"], [])
    accounts = _users(source, raw, "e13_users")
    accounts.absorb(_users(source, raw, "int_users"))
    return checks.settle(accounts, _posts(source, raw))


def _users(source: Source, raw: Path, key: str) -> Reading:
    label, group = _GROUPS[key]
    users = columns.load(source, raw, key, "accounts", _USER)
    values.primary_id(users, "account_id")
    # An empty bio, url or location is known to be empty. Names are left alone: a user
    # may be called NA.
    words = [name for name in _USER if name not in ("account_id", "name", "handle")]
    values.nothing(users, words, _NOTHING)
    for name in _COUNTS:
        values.count(users, name)
    # Only in this format: 1 is true, empty is false.
    values.flag(users, "default_image", ["1"], ["", "0"])
    values.language(users, "declared_language")
    times.moment(users, "created_at", [times.API], zone_stated=True)
    users.set(label=pl.lit(label, pl.Int8), group=pl.lit(group))
    return users


def _posts(source: Source, raw: Path) -> Reading:
    posts = columns.load(source, raw, "posts", "posts", _POST)
    owner = pl.col("account_id").cast(pl.String)
    posts.reject("no_account", owner.is_in(["", *_NOTHING]), "no user id")
    values.primary_id(posts, "account_id")
    values.primary_id(posts, "post_id")
    times.moment(posts, "posted_at", [times.API], zone_stated=True)
    texts.kind_of(posts)
    texts.named_target(posts)
    texts.entities_of(posts)
    return posts
