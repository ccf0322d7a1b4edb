"""cresci-2017: a users file and most often a tweets file for each of nine groups."""

from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from pipeline.errors import SourceError
from pipeline.sources import (
    archive,
    checks,
    columns,
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
_GENUINE = "genuine_accounts"
# Folder of a file -> its group.
_GROUP = r"(genuine_accounts|social_spambots_\d|traditional_spambots_\d|fake_followers)"
_MILLISECONDS = r"^\d{12,13}L?$"


def read(source: Source, raw: Path) -> Tables:
    """Tables of all groups; the label is that of the group a file lies in.

    Raises:
        SourceError: a file or a required column is missing, or a file lies in no group.
    """
    if "archive" not in source.files:
        archive.check_keys(source, ["users"], ["posts"])
        return _tables(source, raw)
    archive.check_keys(source, ["archive"], [])
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for path in archive.find(source, raw, "archive"):
            nested.unpack(path, folder / path.relative_to(raw), (".csv",))
        files = {"users": ["**/users.csv"]}
        if any(folder.glob("**/tweets.csv")):
            files["posts"] = ["**/tweets.csv"]
        return _tables(source.model_copy(update={"files": files}), folder)


def _tables(source: Source, raw: Path) -> Tables:
    accounts = _users(source, raw)
    posts = _posts(source, raw) if "posts" in source.files else None
    return checks.settle(accounts, posts)


def _users(source: Source, raw: Path) -> Reading:
    users = columns.load(source, raw, "users", "accounts", _USER)
    users.set(group=pl.col("file").str.extract(_GROUP))
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
    label = pl.when(pl.col("group") == _GENUINE).then(0).otherwise(1)
    users.set(label=label.cast(pl.Int8))
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
