"""Twitter's Information Operations archive: 10-column users, 30/31-column posts.

Hashed handles and names are kept as published, equal to the id: features.equalise
nulls them, for training and for requests alike.
"""

from pathlib import Path

import polars as pl

from pipeline.sources import archive, checks, columns, lists, texts, times, values
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
_POINTERS = (
    "reply_account",
    "reply_post",
    "quoted_post",
    "repost_account",
    "repost_post",
)
_PROFILE_ONLY = {name: text for name, text in _PROFILE.items() if name != "account_id"}


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
    if posts is not None:
        posts.frame = posts.frame.drop(f"user_{name}" for name in _PROFILE_ONLY)
    _profile(accounts)
    accounts.set(
        label=pl.lit(checks.only_class(source), pl.Int8), group=pl.lit(None, pl.String)
    )
    return checks.settle(accounts, posts)


def _posts(source: Source, raw: Path) -> Reading:
    profile = {f"user_{name}": spelt for name, spelt in _PROFILE_ONLY.items()}
    posts = columns.load(source, raw, "posts", "posts", _POST, profile)
    values.primary_id(posts, "post_id")
    values.primary_id(posts, "account_id")
    values.nothing(posts, list(_POINTERS), ["absent"])
    # Even an id that lost its digits says that there was one.
    posts.set(
        _replied=(pl.col("reply_account") != "") | (pl.col("reply_post") != ""),
        _quoted=pl.col("quoted_post") != "",
    )
    for pointer in _POINTERS:
        values.secondary_id(posts, pointer)
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
    _relations(posts)
    return posts


def _relations(posts: Reading) -> None:
    texts.kind_of(posts, pl.col("is_repost"), pl.col("_quoted"))
    replied = (pl.col("kind") == "original") & pl.col("_replied")
    posts.set(kind=pl.when(replied).then(pl.lit("reply")).otherwise(pl.col("kind")))
    texts.named_target(posts)
    kind = pl.col("kind")
    posts.set(
        target_account_id=pl.when(kind == "repost")
        .then(pl.coalesce("repost_account", "target_account_id"))
        .when(kind == "reply")
        .then(pl.coalesce("reply_account", "target_account_id")),
        target_post_id=pl.when(kind == "repost")
        .then("repost_post")
        .when(kind == "quote")
        .then("quoted_post")
        .when(kind == "reply")
        .then("reply_post"),
    )
    posts.set(target_posted_at=times.held_in_id(pl.col("target_post_id")))
    posts.frame = posts.frame.drop(*_POINTERS, "is_repost", "_replied", "_quoted")


def _accounts(source: Source, raw: Path, posts: Reading | None) -> Reading:
    if "accounts" not in source.files and posts is not None:
        return Reading(source, "accounts", _derived(posts, None))
    listed = columns.load(source, raw, "accounts", "accounts", _PROFILE)
    values.primary_id(listed, "account_id")
    if posts is not None:
        listed.extend(_derived(posts, listed))
    return listed


def _derived(posts: Reading, listed: Reading | None) -> pl.DataFrame:
    """Profiles of accounts that stand only in posts, as on the newest post of each."""
    frame = posts.frame
    if listed is not None:
        known = listed.frame["account_id"].implode()
        frame = frame.filter(~pl.col("account_id").is_in(known))
    newest = frame.sort("posted_at", "post_id", nulls_last=False).unique(
        "account_id", keep="last", maintain_order=True
    )
    profile = [pl.col(f"user_{name}").alias(name) for name in _PROFILE_ONLY]
    return newest.select("account_id", *profile, "file", "row").select(
        *_PROFILE, "file", "row"
    )


def _profile(accounts: Reading) -> None:
    for name in ("followers", "following"):
        values.nothing(accounts, [name], ["absent"])
        values.count(accounts, name)
    times.moment(accounts, "created_at", ["%Y-%m-%d"], zone_stated=True)
    values.language(accounts, "declared_language")
