"""TwiBot-20: accounts with profile and at most 200 texts, without times and post ids.

Every value of a profile is text with a space behind it, and `None` for nothing.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.sources import (
    archive,
    checks,
    classes,
    fields,
    flat,
    looks,
    texts,
    values,
)
from pipeline.sources.reading import Reading
from pipeline.sources.source import Source, Tables
from pipeline.sources.x_api_v1 import profile

_USER: flat.Fields = {"account_id": ("ID",)}
_USER_MORE: flat.Fields = {
    "handle": ("profile.screen_name",),
    "name": ("profile.name",),
    "created_at": ("profile.created_at",),
    "bio": ("profile.description",),
    "location": ("profile.location",),
    "url": ("profile.url",),
    "declared_language": ("profile.lang",),
    "followers": ("profile.followers_count",),
    "following": ("profile.friends_count",),
    "posts_total": ("profile.statuses_count",),
    "likes_total": ("profile.favourites_count",),
    "listed": ("profile.listed_count",),
    "default_image": ("profile.default_profile_image",),
    "word": ("label",),
}
_POST: flat.Fields = {"account_id": ("ID",), "text": ("text",)}


def _texts(element: dict[str, Any]) -> Iterable[object]:
    written = element.get("tweet")
    if not isinstance(written, list):
        return []
    return [{"ID": element.get("ID"), "text": text} for text in written]


ACCOUNTS = flat.Shape("accounts", "accounts", _USER, _USER_MORE)
POSTS = flat.Shape("accounts", "posts", _POST, each=_texts, counted=False)
LOOKS: looks.Looks = {"accounts": (looks.Json(ACCOUNTS),)}


def read(source: Source, raw: Path) -> Tables:
    """Tables of all files; whom an account follows and its domain are left out.

    Raises:
        SourceError: a file is missing or no JSON, a label has no declared class, or
            accounts are to be trained on that have none.
    """
    archive.check_keys(source, ["accounts"], [])
    accounts = fields.load(source, raw, ACCOUNTS)
    values.primary_id(accounts, "account_id")
    written = [name for name in _USER_MORE if name != "word"]
    for name in written:
        accounts.set(**{name: pl.col(name).str.replace(r" $", "")})
    # A user may be called None.
    named = ("handle", "name")
    values.nothing(accounts, [name for name in written if name not in named], ["None"])
    profile(accounts)
    classes.settle(accounts)
    return checks.settle(accounts, _posts(source, raw))


def _posts(source: Source, raw: Path) -> Reading:
    posts = fields.load(source, raw, POSTS)
    values.primary_id(posts, "account_id")
    posts.set(text=pl.col("text").str.replace(r"\n$", ""))
    texts.kind_of(posts)
    texts.named_target(posts)
    texts.entities_of(posts)
    return posts
