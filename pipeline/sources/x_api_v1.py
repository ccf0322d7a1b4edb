"""X (Twitter) API v1.1: user and post objects, in arrays, lines or pages."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

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
    "account_id": ("id_str", "id"),
    "handle": ("screen_name",),
    "name": ("name",),
    "created_at": ("created_at",),
    "bio": ("description",),
    "location": ("location",),
    "url": ("url",),
    "declared_language": ("lang",),
    "followers": ("followers_count",),
    "following": ("friends_count",),
    "posts_total": ("statuses_count",),
    "likes_total": ("favourites_count",),
    "listed": ("listed_count",),
    "default_image": ("default_profile_image",),
}
_POST: flat.Fields = {
    "post_id": ("id_str", "id"),
    "account_id": ("user.id_str", "user.id"),
    "posted_at": ("created_at",),
    "text": ("extended_tweet.full_text", "full_text", "text"),
}
_POST_MORE: flat.Fields = {
    "language": ("lang",),
    "client": ("source",),
    "reply_account": ("in_reply_to_user_id_str", "in_reply_to_user_id"),
    "reply_post": ("in_reply_to_status_id_str", "in_reply_to_status_id"),
    "quoted_account": ("quoted_status.user.id_str", "quoted_status.user.id"),
    "quoted_post": ("quoted_status_id_str", "quoted_status.id_str", "quoted_status_id"),
    "repost_account": ("retweeted_status.user.id_str", "retweeted_status.user.id"),
    "repost_post": ("retweeted_status.id_str", "retweeted_status.id"),
    "hashtags": (
        "extended_tweet.entities.hashtags[].text",
        "entities.hashtags[].text",
    ),
    "links": (
        "extended_tweet.entities.urls[].expanded_url",
        "entities.urls[].expanded_url",
    ),
    "mentions": (
        "extended_tweet.entities.user_mentions[].id_str",
        "entities.user_mentions[].id_str",
    ),
    "likes": ("favorite_count",),
    "reposts": ("retweet_count",),
    "replies": ("reply_count",),
    "quotes": ("quote_count",),
}
COUNTS = ("followers", "following", "posts_total", "likes_total", "listed")
_REQUIRED = ("account_id", "handle", "created_at")
_PAGES = ("users", "statuses")


def _entries(element: dict[str, Any]) -> Iterable[object]:
    """Objects of a page, or the object itself."""
    for key in _PAGES:
        if isinstance(element.get(key), list):
            entries: list[object] = element[key]
            return entries
    return [element]


ACCOUNTS = flat.Shape(
    "accounts",
    "accounts",
    {name: _PROFILE[name] for name in _REQUIRED},
    _PROFILE,
    _entries,
)
POSTS = flat.Shape(
    "posts",
    "posts",
    _POST,
    {**_POST_MORE, **profiles.beside_posts(_PROFILE, "user.")},
    _entries,
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
    listed = _listed(source, raw) if "accounts" in source.files else None
    posts = _posts(source, raw) if "posts" in source.files else None
    accounts = listed if posts is None else profiles.of(posts, _PROFILE, listed)
    assert accounts is not None
    profile(accounts)
    checks.give_class(accounts)
    return checks.settle(accounts, posts)


def profile(accounts: Reading) -> None:
    """Type the columns of user objects."""
    for name in COUNTS:
        values.count(accounts, name)
    values.flag(accounts, "default_image", ["true"], ["false"])
    values.language(accounts, "declared_language")
    times.moment(accounts, "created_at", [times.API], zone_stated=True)


def _listed(source: Source, raw: Path) -> Reading:
    listed = fields.load(source, raw, ACCOUNTS)
    values.primary_id(listed, "account_id")
    return listed


def _posts(source: Source, raw: Path) -> Reading:
    posts = fields.load(source, raw, POSTS)
    values.primary_id(posts, "post_id")
    values.primary_id(posts, "account_id")
    times.moment(posts, "posted_at", [times.API], zone_stated=True)
    for name in ("hashtags", "links", "mentions"):
        lists.json_cells(posts, name)
    texts.client_name(posts)
    values.language(posts, "language")
    for name in ("likes", "reposts", "replies", "quotes"):
        values.count(posts, name)
    # A repost carries the count of the post that it repeats.
    repeated = pl.col("repost_post").is_not_null()
    posts.null("count_of_target", "reposts", repeated)
    relations.from_pointers(posts)
    return posts
