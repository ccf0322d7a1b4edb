"""Bluesky: profiles (`app.bsky.actor.defs`) and posts (`app.bsky.feed.defs`)."""

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
    times,
    values,
)
from pipeline.sources.reading import Reading
from pipeline.sources.source import Source, Tables

_PROFILE: flat.Fields = {
    "account_id": ("did",),
    "handle": ("handle",),
    "name": ("displayName",),
    "created_at": ("createdAt",),
    "bio": ("description",),
    "followers": ("followersCount",),
    "following": ("followsCount",),
    "posts_total": ("postsCount",),
    "image": ("avatar",),
}
# Of a post as it stands in a feed, beside the reason why it stands there.
_POST: flat.Fields = {
    "account_id": ("_author.did",),
    "posted_at": ("_at",),
    "text": ("post.record.text",),
}
_POST_MORE: flat.Fields = {
    # A feed need not say which one a repost is.
    "post_id": ("_id",),
    "indexed_at": ("_indexed",),
    "language": ("_language",),
    "reply_post": ("_own.record.reply.parent.uri",),
    "quoted_post": (
        "_own.record.embed.record.record.uri",
        "_own.record.embed.record.uri",
    ),
    "repost_account": ("_reposted.author.did",),
    "repost_post": ("_reposted.uri",),
    "target_posted_at": ("_reposted.record.createdAt",),
    "hashtags": ("post.record.facets[].features[].tag",),
    "mentions": ("post.record.facets[].features[].did",),
    "links": ("post.record.facets[].features[].uri",),
    "likes": ("_own.likeCount",),
    "reposts": ("_own.repostCount",),
    "replies": ("_own.replyCount",),
    "quotes": ("_own.quoteCount",),
}
_REPOST = "app.bsky.feed.defs#reasonRepost"
_PAGES = ("profiles", "followers", "follows", "actors", "feed", "posts")


def _entries(element: dict[str, Any]) -> Iterable[object]:
    """Objects of a page, or the object itself."""
    for key in _PAGES:
        if isinstance(element.get(key), list):
            entries: list[object] = element[key]
            return entries
    return [element]


def _shaped(element: dict[str, Any]) -> Iterable[object]:
    """Posts of a feed, or by themselves, as rows: who posted what, and when."""
    return [
        _row(entry) if isinstance(entry, dict) else entry for entry in _entries(element)
    ]


def _row(entry: dict[str, Any]) -> dict[str, Any]:
    inner, reason = entry.get("post"), entry.get("reason")
    post = inner if isinstance(inner, dict) else entry
    record = post.get("record")
    record = record if isinstance(record, dict) else {}
    spoken = record.get("langs")
    # Of a post in several languages none is the one.
    alone = spoken[0] if isinstance(spoken, list) and len(spoken) == 1 else None
    if isinstance(reason, dict) and reason.get("$type") == _REPOST:
        return {
            "post": post,
            "_reposted": post,
            "_id": reason.get("uri"),
            "_author": reason.get("by"),
            "_at": reason.get("indexedAt"),
            "_language": alone,
        }
    return {
        "post": post,
        "_own": post,
        "_id": post.get("uri"),
        "_author": post.get("author"),
        "_at": record.get("createdAt"),
        "_indexed": post.get("indexedAt"),
        "_language": alone,
    }


ACCOUNTS = flat.Shape(
    "accounts",
    "accounts",
    {name: _PROFILE[name] for name in ("account_id", "handle")},
    _PROFILE,
    _entries,
)
POSTS = flat.Shape(
    "posts",
    "posts",
    _POST,
    {**_POST_MORE, **profiles.beside_posts(_PROFILE, "_author.")},
    _shaped,
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
    # What is not set is left out; the short profile beside a post never has a bio.
    whole = pl.col("followers").is_not_null()
    accounts.set(
        default_image=pl.col("image").is_null() & pl.col("handle").is_not_null(),
        name=pl.when(whole).then(pl.col("name").fill_null("")).otherwise("name"),
        bio=pl.when(whole).then(pl.col("bio").fill_null("")).otherwise("bio"),
    )
    # Stands where a handle no longer leads to its account.
    values.nothing(accounts, ["handle"], ["handle.invalid"])
    accounts.frame = accounts.frame.drop("image")


def _posts(source: Source, raw: Path) -> Reading:
    posts = fields.load(source, raw, POSTS)
    values.primary_id(posts, "account_id")
    values.secondary_id(posts, "post_id")
    for name in ("posted_at", "indexed_at", "target_posted_at"):
        times.zoned(posts, name)
    # The author's program states the time of a post; as on the platform, one that lies
    # after the moment of indexing is not believed.
    late = pl.col("posted_at") > pl.col("indexed_at")
    posts.repair("time_after_indexing", "posted_at", late, pl.col("indexed_at"))
    posts.frame = posts.frame.drop("indexed_at")
    for name in ("hashtags", "mentions", "links"):
        lists.json_cells(posts, name)
        # Left out where there is none.
        posts.set(**{name: pl.col(name).fill_null([])})
    values.language(posts, "language")
    for name in ("likes", "reposts", "replies", "quotes"):
        values.count(posts, name)
    for pointer in ("reply", "quoted"):
        uri = pl.col(f"{pointer}_post")
        # Lists and feeds are embedded as well.
        of_post = uri.str.contains("/app.bsky.feed.post/", literal=True)
        posts.set(**{f"{pointer}_post": pl.when(of_post).then(uri)})
        owner = pl.col(f"{pointer}_post").str.extract(r"^at://([^/]+)/")
        posts.set(**{f"{pointer}_account": owner})
    relations.from_pointers(posts, from_text=False)
    return posts
