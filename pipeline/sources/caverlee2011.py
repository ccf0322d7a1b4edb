"""caverlee-2011: accounts that honeypots caught, and ordinary ones.

As published, text without a header; or a republication with a header and at most five
posts an account. Only lengths of names and bios are published, so handle, name and bio are null.
"""

from pathlib import Path

import polars as pl

from pipeline.sources import (
    archive,
    checks,
    columns,
    headerless,
    looks,
    texts,
    times,
    values,
)
from pipeline.sources.reading import Reading
from pipeline.sources.source import Source, Tables

_USER: columns.Columns = {
    "account_id": ("UserID",),
    "created_at": ("CreatedAt",),
    "as_of": ("CollectedAt",),
    # Spelt so in the release; followings come before followers.
    "following": ("NumerOfFollowings", "NumberOfFollowings"),
    "followers": ("NumberOfFollowers",),
    "posts_total": ("NumberOfTweets",),
}
_POST: columns.Columns = {
    "account_id": ("user_id", "UserID"),
    "posted_at": ("time", "CreatedAt"),
    "text": ("text", "Tweet"),
}
_POST_ID: columns.Columns = {"post_id": ("TweetID",)}
# Fields of the published text files, in their order.
_USER_FIELDS = (
    *("account_id", "created_at", "as_of", "following", "followers", "posts_total"),
    *("name_length", "bio_length"),
)
_POST_FIELDS = ("account_id", "post_id", "text", "posted_at")
# Key of `files` -> label, group.
_CLASSES = {"polluters": (1, "polluters"), "legitimate": (0, "legitimate")}
_TEXT_TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
_USERS = (
    looks.Table("accounts", _USER, classed=True),
    looks.Text(
        "accounts",
        _USER_FIELDS,
        rf"\d+(?:\t{_TEXT_TIME}){{2}}(?:\t\d+){{5}}",
        classed=True,
    ),
)
LOOKS: looks.Looks = {
    "polluters": _USERS,
    "legitimate": _USERS,
    "posts": (
        looks.Table("posts", _POST, _POST_ID),
        looks.Text("posts", _POST_FIELDS, rf"\d+\t\d+\t.*\t{_TEXT_TIME}"),
    ),
}
_TIME = ["%Y-%m-%d %H:%M:%S"]


def read(source: Source, raw: Path) -> Tables:
    """Tables of both classes; `as_of` is the day of collection.

    Raises:
        SourceError: a file or a required column is missing.
    """
    archive.check_keys(source, list(_CLASSES), ["posts"])
    accounts = _users(source, raw, "polluters")
    accounts.absorb(_users(source, raw, "legitimate"))
    posts = _posts(source, raw) if "posts" in source.files else None
    return checks.settle(accounts, posts)


def _users(source: Source, raw: Path, key: str) -> Reading:
    label, group = _CLASSES[key]
    if _is_text(source, raw, key):
        users = headerless.load(source, raw, key, "accounts", _USER_FIELDS, "\t")
        users.frame = users.frame.drop("name_length", "bio_length")
    else:
        users = columns.load(source, raw, key, "accounts", _USER)
    values.primary_id(users, "account_id")
    for name in ("followers", "following", "posts_total"):
        values.count(users, name)
    times.moment(users, "created_at", _TIME, zone_stated=False)
    times.moment(users, "as_of", _TIME, zone_stated=False)
    users.reject("no_time", pl.col("as_of").is_null(), "CollectedAt is empty")
    # The classes were collected in turn: age alone would give the label.
    users.null("leaks_label", "created_at", pl.lit(True))
    users.set(label=pl.lit(label, pl.Int8), group=pl.lit(group))
    return users


def _posts(source: Source, raw: Path) -> Reading:
    if _is_text(source, raw, "posts"):
        posts = headerless.load(source, raw, "posts", "posts", _POST_FIELDS, "\t")
    else:
        posts = columns.load(source, raw, "posts", "posts", _POST, _POST_ID)
    values.primary_id(posts, "account_id")
    values.secondary_id(posts, "post_id")
    times.moment(posts, "posted_at", _TIME, zone_stated=False)
    texts.kind_of(posts)
    texts.named_target(posts)
    texts.entities_of(posts)
    return posts


def _is_text(source: Source, raw: Path, key: str) -> bool:
    """Whether the files of a key are those without a header, by their ending."""
    names = [path.name.lower() for path in archive.find(source, raw, key)]
    return all(".txt" in Path(name).suffixes for name in names)
