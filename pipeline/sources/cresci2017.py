"""cresci-2017: a users file and most often a tweets file for each of nine groups."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from pipeline.errors import SourceError
from pipeline.sources import (
    archive,
    checks,
    columns,
    looks,
    nested,
    relations,
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
    "post_id": ("id",),
    "account_id": ("user_id",),
    "text": ("text",),
    "posted_at": ("created_at",),
}
_POST_MORE: columns.Columns = {
    "stamp": ("timestamp",),
    "client": ("source",),
    "reply_post": ("in_reply_to_status_id",),
    "reply_account": ("in_reply_to_user_id",),
    "repost_post": ("retweeted_status_id",),
    "reposts": ("retweet_count",),
    "replies": ("reply_count",),
    "likes": ("favorite_count",),
}
_COUNTS = ("posts_total", "followers", "following", "likes_total", "listed")
_NOTHING = ["NULL", "NA"]

# Name in a file's folder -> label.
_GROUPS = {
    "genuine_accounts": 0,
    "social_spambots_1": 1,
    "social_spambots_2": 1,
    "social_spambots_3": 1,
    "traditional_spambots_1": 1,
    "traditional_spambots_2": 1,
    "traditional_spambots_3": 1,
    "traditional_spambots_4": 1,
    "fake_followers": 1,
}
_MILLISECONDS = r"^\d{12,13}L?$"


def of_folders(folders: tuple[str, ...]) -> looks.Looks:
    """Looks of a release in folders of these names, plain or in nested zips."""
    return {
        "archive": (looks.Release(folders),),
        "users": (looks.Table("accounts", _USER, folders=folders, classed=True),),
        "posts": (looks.Table("posts", _POST, _POST_MORE, folders=folders),),
    }


LOOKS: looks.Looks = of_folders(tuple(_GROUPS))


def read(source: Source, raw: Path) -> Tables:
    """Tables of all groups; the label is that of the group a file lies in.

    Raises:
        SourceError: a file or a required column is missing, or a file lies in no group.
    """
    return of_groups(source, raw, _GROUPS)


def of_groups(source: Source, raw: Path, groups: Mapping[str, int]) -> Tables:
    """Tables of a release in folders, plain or in nested zips.

    Args:
        source: declaration.
        raw: directory that its file names are relative to.
        groups: name of a folder -> label of the accounts in it.
    """
    if "archive" not in source.files:
        archive.check_keys(source, ["users"], ["posts"])
        return _tables(source, raw, groups)
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        return _tables(unpacked(source, raw, folder), folder, groups)


def unpacked(source: Source, raw: Path, folder: Path) -> Source:
    """The same release in plain folders below `folder`, where its zips are unpacked.

    Raises:
        SourceError: an archive is missing, or cannot be unpacked.
    """
    archive.check_keys(source, ["archive"], [])
    for path in archive.find(source, raw, "archive"):
        nested.unpack(path, folder / path.relative_to(raw), (".csv",))
    files = {"users": ["**/users.csv"]}
    if any(folder.glob("**/tweets.csv")):
        files["posts"] = ["**/tweets.csv"]
    return source.model_copy(update={"files": files})


def _tables(source: Source, raw: Path, groups: Mapping[str, int]) -> Tables:
    accounts = _users(source, raw, groups)
    posts = _posts(source, raw) if "posts" in source.files else None
    return checks.settle(accounts, posts)


def _users(source: Source, raw: Path, groups: Mapping[str, int]) -> Reading:
    users = columns.load(source, raw, "users", "accounts", _USER)
    named = looks.in_folder(tuple(groups))
    users.set(group=pl.col("file").str.extract(named))
    _check_groups(users)
    values.primary_id(users, "account_id")
    # Names are left alone: a user may be called NA.
    words = [name for name in _USER if name not in ("account_id", "name", "handle")]
    values.nothing(users, words, _NOTHING)
    for name in _COUNTS:
        values.count(users, name)
    # Only in the releases of this project: 1 is true, empty is false.
    values.flag(users, "default_image", ["1"], ["", "0"])
    values.language(users, "declared_language")
    _time(users, "created_at")
    label = pl.col("group").replace_strict(groups, return_dtype=pl.Int8)
    users.set(label=label, group=pl.col("group").str.to_lowercase())
    return users


def _check_groups(users: Reading) -> None:
    strange = users.frame.filter(pl.col("group").is_null())["file"].unique().sort()
    if len(strange):
        raise SourceError(
            f"source {users.source.name}: {strange[0]} lies in the folder of no group, "
            "so that its class is not known; keep the folders of the release"
        )


def _posts(source: Source, raw: Path) -> Reading:
    posts = columns.load(source, raw, "posts", "posts", _POST, _POST_MORE)
    owner = pl.col("account_id").cast(pl.String)
    posts.reject("no_account", owner.is_in(["", *_NOTHING]), "no user id")
    values.primary_id(posts, "account_id")
    # 0 stands for none.
    values.nothing(posts, ["post_id"], ["0", *_NOTHING])
    values.secondary_id(posts, "post_id")
    values.nothing(posts, ["posted_at", "stamp", "client"], _NOTHING)
    _time(posts, "posted_at")
    stamp = pl.col("stamp").str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False)
    apart = stamp.dt.replace_time_zone("UTC") != pl.col("posted_at")
    posts.note("timestamp_differs", apart)
    posts.frame = posts.frame.drop("stamp")
    for name in ("reposts", "replies", "likes"):
        values.nothing(posts, [name], _NOTHING)
        values.count(posts, name)
    texts.client_name(posts)
    relations.from_pointers(posts, nothing=["0", *_NOTHING])
    texts.entities_of(posts)
    return posts


def _time(reading: Reading, column: str) -> None:
    """Times of the API, or milliseconds since 1970 in the groups that have those."""
    value = pl.col(column).cast(pl.String)
    number = value.str.strip_suffix("L").cast(pl.Int64, strict=False)
    moment = pl.from_epoch(number, time_unit="ms").dt.replace_time_zone("UTC")
    stamped = value.str.contains(_MILLISECONDS)
    written = moment.dt.strftime(times.API)
    reading.repair("epoch_milliseconds", column, stamped, written)
    times.moment(reading, column, [times.API], zone_stated=True)
