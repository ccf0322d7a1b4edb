"""X (Twitter) API v2: user and post objects, in arrays, lines or pages with `includes`."""

from collections.abc import Iterable
from dataclasses import replace
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

PROFILE: flat.Fields = {
    "account_id": ("id",),
    "handle": ("username",),
    "name": ("name",),
    "created_at": ("created_at",),
    "bio": ("description",),
    "location": ("location",),
    "url": ("url",),
    "followers": ("public_metrics.followers_count",),
    "following": ("public_metrics.following_count",),
    "posts_total": ("public_metrics.tweet_count",),
    "likes_total": ("public_metrics.like_count",),
    "listed": ("public_metrics.listed_count",),
    "image": ("profile_image_url",),
}
POST: flat.Fields = {
    "post_id": ("id",),
    "account_id": ("author_id",),
    "posted_at": ("created_at",),
    "text": ("note_tweet.text", "text"),
    "language": ("lang",),
    "client": ("source",),
    "reply_account": ("in_reply_to_user_id",),
    "reply_post": ("referenced_tweets[type=replied_to].id",),
    "quoted_account": ("_quoted.author_id",),
    "quoted_post": ("referenced_tweets[type=quoted].id",),
    "repost_account": ("_retweeted.author_id",),
    "repost_post": ("referenced_tweets[type=retweeted].id",),
    "hashtags": ("entities.hashtags[].tag",),
    "links": ("entities.urls[].expanded_url",),
    "mentions": ("entities.mentions[].id",),
    "likes": ("public_metrics.like_count",),
    "reposts": ("public_metrics.retweet_count",),
    "replies": ("public_metrics.reply_count",),
    "quotes": ("public_metrics.quote_count",),
}
PROFILE_REQUIRED = ("account_id", "handle")
POST_REQUIRED = ("post_id", "account_id", "text")


def _entries(element: dict[str, Any]) -> Iterable[object]:
    """Objects of a page, each post with its author and targets; or the object itself.

    Collectors that take pages apart put author and targets into the post itself.
    """
    if "data" not in element:
        # A page of nothing has only its `meta`.
        return [] if set(element) == {"meta"} else [_with_included(element, {}, {})]
    data = element["data"]
    included = element.get("includes")
    users, posts = _by_id(included, "users"), _by_id(included, "tweets")
    return [
        _with_included(entry, users, posts) if isinstance(entry, dict) else entry
        for entry in (data if isinstance(data, list) else [data])
    ]


def _by_id(included: object, key: str) -> dict[object, dict[str, Any]]:
    entries = included.get(key) if isinstance(included, dict) else None
    if not isinstance(entries, list):
        return {}
    found = [entry for entry in entries if isinstance(entry, dict)]
    return {str(entry.get("id")): entry for entry in found}


def _with_included(
    entry: dict[str, Any],
    users: dict[object, dict[str, Any]],
    posts: dict[object, dict[str, Any]],
) -> dict[str, Any]:
    references = entry.get("referenced_tweets")
    pointed = {
        f"_{one.get('type')}": posts.get(str(one.get("id")), one)
        for one in (references if isinstance(references, list) else [])
        if isinstance(one, dict)
    }
    author = users.get(str(entry.get("author_id")), entry.get("author"))
    return {**entry, **pointed, "_author": author}


ACCOUNTS = flat.Shape(
    "accounts",
    "accounts",
    {name: PROFILE[name] for name in PROFILE_REQUIRED},
    PROFILE,
    _entries,
)
# Posts alone, and with the profiles of their authors.
POSTS = flat.Shape(
    "posts", "posts", {name: POST[name] for name in POST_REQUIRED}, POST, _entries
)
AUTHORED = replace(
    POSTS, optional={**POST, **profiles.beside_posts(PROFILE, "_author.")}
)
LOOKS: looks.Looks = {
    "accounts": (looks.Json(ACCOUNTS),),
    "posts": (looks.Json(AUTHORED),),
}


def read(source: Source, raw: Path) -> Tables:
    """Tables of one class; accounts that stand only in posts are derived from them.

    People whom posts mention or answer stand in `includes` as well: only the authors
    of posts become accounts.

    Raises:
        SourceError: a file is missing or no JSON, or lacks a required field.
    """
    archive.check_keys(
        source, [] if "posts" in source.files else ["accounts"], ["accounts", "posts"]
    )
    listed = accounts_of(source, raw) if "accounts" in source.files else None
    posts = None
    if "posts" in source.files:
        posts = posts_of(source, raw, AUTHORED)
    accounts = listed if posts is None else profiles.of(posts, PROFILE, listed)
    assert accounts is not None
    profile(accounts)
    checks.give_class(accounts)
    return checks.settle(accounts, posts)


def accounts_of(source: Source, raw: Path) -> Reading:
    """User objects as published, their id checked."""
    listed = fields.load(source, raw, ACCOUNTS)
    values.primary_id(listed, "account_id")
    return listed


def profile(accounts: Reading) -> None:
    """Type the columns of user objects."""
    for name in ("followers", "following", "posts_total", "likes_total", "listed"):
        values.count(accounts, name)
    times.zoned(accounts, "created_at")
    default = pl.col("image").str.contains("default_profile", literal=True)
    accounts.set(default_image=default)
    accounts.frame = accounts.frame.drop("image")


def posts_of(source: Source, raw: Path, shape: flat.Shape) -> Reading:
    """Typed post objects; columns beside those of a post are left as they are."""
    posts = fields.load(source, raw, shape)
    values.primary_id(posts, "post_id")
    values.primary_id(posts, "account_id")
    times.zoned(posts, "posted_at")
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
