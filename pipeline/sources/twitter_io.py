"""Twitter's Information Operations archive: 10-column users, 30/31-column posts.

Hashed handles and names are kept as published, equal to the id: features.equalise
nulls them, for training and for requests alike.
"""

from pathlib import Path

import polars as pl

from pipeline.sources import (
    archive,
    checks,
    columns,
    lists,
    looks,
    profiles,
    relations,
    times,
    values,
)
from pipeline.sources.reading import Reading
from pipeline.sources.source import Source, Tables

_PROFILE: columns.Columns = {
    "account_id": ("userid",),
    "name": ("user_display_name",),
    "handle": ("user_screen_name",),
    "location": ("user_reported_location",),
    "bio": ("user_profile_description",),
    "url": ("user_profile_url",),
    "followers": ("follower_count",),
    "following": ("following_count",),
    "created_at": ("account_creation_date",),
    "declared_language": ("account_language",),
}
_POST: columns.Columns = {
    "post_id": ("tweetid",),
    "account_id": ("userid",),
    "language": ("tweet_language",),
    "text": ("tweet_text",),
    "posted_at": ("tweet_time",),
    "client": ("tweet_client_name",),
    "reply_account": ("in_reply_to_userid",),
    "reply_post": ("in_reply_to_tweetid",),
    "quoted_post": ("quoted_tweet_tweetid",),
    "is_repost": ("is_retweet",),
    "repost_account": ("retweet_userid",),
    "repost_post": ("retweet_tweetid",),
    "quotes": ("quote_count",),
    "replies": ("reply_count",),
    "likes": ("like_count",),
    "reposts": ("retweet_count",),
    "hashtags": ("hashtags",),
    "links": ("urls",),
    "mentions": ("user_mentions",),
}
LOOKS: looks.Looks = {
    "accounts": (looks.Table("accounts", _PROFILE),),
    "posts": (looks.Table("posts", _POST, profiles.beside_posts(_PROFILE)),),
}


def read(source: Source, raw: Path) -> Tables:
    """Tables of one release; accounts that stand only in posts are derived from them.

    Raises:
        SourceError: a file or a required column is missing.
    """
    archive.check_keys(
        source, [] if "posts" in source.files else ["accounts"], ["accounts", "posts"]
    )
    posts = _posts(source, raw) if "posts" in source.files else None
    accounts = _accounts(source, raw, posts)
    _profile(accounts)
    checks.give_class(accounts)
    return checks.settle(accounts, posts)


def _posts(source: Source, raw: Path) -> Reading:
    profile = profiles.beside_posts(_PROFILE)
    posts = columns.load(source, raw, "posts", "posts", _POST, profile)
    values.primary_id(posts, "post_id")
    values.primary_id(posts, "account_id")
    times.moment(
        posts,
        "posted_at",
        ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"],
        zone_stated=True,
    )
    for name in ("quotes", "replies", "likes", "reposts"):
        values.nothing(posts, [name], ["absent"])
        values.count(posts, name)
    for name in ("hashtags", "links", "mentions"):
        lists.cells(posts, name, links=name == "links")
    values.flag(posts, "is_repost", ["true"], ["false"])
    values.language(posts, "language")
    posts.set(client=pl.when(pl.col("client") != "").then("client"))
    relations.from_pointers(posts, pl.col("is_repost"), nothing=["absent"])
    posts.frame = posts.frame.drop("is_repost")
    return posts


def _accounts(source: Source, raw: Path, posts: Reading | None) -> Reading:
    listed = None
    if "accounts" in source.files:
        listed = columns.load(source, raw, "accounts", "accounts", _PROFILE)
        values.primary_id(listed, "account_id")
    if posts is not None and listed is not None:
        profiles.note_differences(listed, posts, _PROFILE)
    if posts is not None:
        return profiles.of(posts, _PROFILE, listed)
    assert listed is not None
    return listed


def _profile(accounts: Reading) -> None:
    for name in ("followers", "following"):
        values.nothing(accounts, [name], ["absent"])
        values.count(accounts, name)
    times.moment(accounts, "created_at", ["%Y-%m-%d"], zone_stated=True)
    values.language(accounts, "declared_language")
