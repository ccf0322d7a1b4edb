"""Mastodon: Account and Status entities of its API, in arrays or lines.

An account of the own server is its `acct`, one of another server `name@server`; ids
are those of the server that was asked.
"""

from pathlib import Path

import polars as pl

from pipeline.sources import (
    archive,
    checks,
    fields,
    flat,
    lists,
    looks,
    profiles,
    relations,
    texts,
    times,
    values,
)
from pipeline.sources.reading import Reading
from pipeline.sources.source import Source, Tables

_PROFILE: flat.Fields = {
    "account_id": ("id",),
    "handle": ("acct",),
    "name": ("display_name",),
    "created_at": ("created_at",),
    "bio": ("note",),
    "followers": ("followers_count",),
    "following": ("following_count",),
    "posts_total": ("statuses_count",),
    "image": ("avatar",),
}
_POST: flat.Fields = {
    "post_id": ("id",),
    "account_id": ("account.id",),
    "posted_at": ("created_at",),
    # That of a repost is null or repeats what it reposts.
    "text": ("reblog.content", "content"),
}
_POST_MORE: flat.Fields = {
    "language": ("language",),
    "client": ("application.name",),
    "reply_account": ("in_reply_to_account_id",),
    "reply_post": ("in_reply_to_id",),
    "quoted_account": ("quote.quoted_status.account.id",),
    "quoted_post": ("quote.quoted_status.id", "quote.quoted_status_id"),
    "repost_account": ("reblog.account.id",),
    "repost_post": ("reblog.id",),
    "target_posted_at": ("reblog.created_at", "quote.quoted_status.created_at"),
    "hashtags": ("tags[].name",),
    "mentions": ("mentions[].id",),
    "likes": ("favourites_count",),
    "reposts": ("reblogs_count",),
    "replies": ("replies_count",),
    "quotes": ("quotes_count",),
}
_REQUIRED = ("account_id", "handle", "created_at")
ACCOUNTS = flat.Shape(
    "accounts", "accounts", {name: _PROFILE[name] for name in _REQUIRED}, _PROFILE
)
POSTS = flat.Shape(
    "posts",
    "posts",
    _POST,
    {**_POST_MORE, **profiles.beside_posts(_PROFILE, "account.")},
)
LOOKS: looks.Looks = {
    "accounts": (looks.Json(ACCOUNTS),),
    "posts": (looks.Json(POSTS),),
}


def read(source: Source, raw: Path) -> Tables:
    """Tables of one class; accounts that stand only in posts are derived from them.

    Raises:
        SourceError: a file is missing or no JSON, or lacks a required field.
    """
    archive.check_keys(
        source, [] if "posts" in source.files else ["accounts"], ["accounts", "posts"]
    )
    listed = None
    if "accounts" in source.files:
        listed = fields.load(source, raw, ACCOUNTS)
        values.primary_id(listed, "account_id")
    posts = _posts(source, raw) if "posts" in source.files else None
    accounts = listed if posts is None else profiles.of(posts, _PROFILE, listed)
    assert accounts is not None
    _profile(accounts)
    checks.give_class(accounts)
    return checks.settle(accounts, posts)


def _profile(accounts: Reading) -> None:
    for name in ("followers", "following", "posts_total"):
        values.count(accounts, name)
    times.zoned(accounts, "created_at")
    texts.from_html(accounts, "bio")
    # What a server shows for an account without an image.
    default = pl.col("image").str.ends_with("/missing.png")
    accounts.set(default_image=default)
    accounts.frame = accounts.frame.drop("image")


def _posts(source: Source, raw: Path) -> Reading:
    posts = fields.load(source, raw, POSTS)
    values.primary_id(posts, "post_id")
    values.primary_id(posts, "account_id")
    times.zoned(posts, "posted_at")
    times.zoned(posts, "target_posted_at")
    texts.from_html(posts, "text")
    for name in ("hashtags", "mentions"):
        lists.json_cells(posts, name)
    values.language(posts, "language")
    for name in ("likes", "reposts", "replies", "quotes"):
        values.count(posts, name)
    relations.from_pointers(posts, from_text=False)
    return posts
