"""Every format: how to write it, how to declare it, and what of an account it tells."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.sources import DEFAULT_FILES
from pipeline.sources.source import Source
from tests.pipeline.sources import as_json, as_tables
from tests.pipeline.sources.archives import CONTROLS, make_source
from tests.pipeline.sources.people import Person, Post

Write = Callable[[Path, list[Person], list[Post]], None]
_PROFILE = ["handle", "name", "bio", "location", "url", "created_at"]
_COUNTS = ["followers", "following", "posts_total", "likes_total", "listed"]
_X_POST = [
    *("post_id", "text", "posted_at", "kind", "language", "client"),
    *("target_account_id", "target_post_id"),
    *("hashtags", "links", "mentions", "likes", "replies", "quotes"),
]
COLUMN = {"rule": "column", "at": None}


@dataclass(frozen=True)
class Published:
    """One format.

    accounts, posts: columns that it tells; no posts where the list is empty.
    time: form whose precision the times of posts have; day: those of creation.
    labelled: the files say the class, so that both are declared.
    extra: files that no usual name finds.
    """

    write: Write
    accounts: list[str]
    posts: list[str]
    minutes: bool = False
    day: bool = False
    labelled: bool = False
    extra: dict[str, list[str]] = field(default_factory=dict)
    declared: dict[str, Any] = field(default_factory=dict)
    said: Callable[[Post], str] = lambda post: post.text

    def source(self, name: str, folder: Path) -> Source:
        files = {
            kind: found
            for kind, patterns in DEFAULT_FILES[name.split("-")[0]].items()
            if (found := [text for text in patterns if any(folder.glob(text))])
        }
        both = {"controls": CONTROLS} if self.labelled else {}
        given = {**both, **self.declared}
        return make_source(name.split("-")[0], {**files, **self.extra}, **given)

    def of_account(self, person: Person) -> dict[str, Any]:
        row: dict[str, Any] = {"account_id": person.id}
        row |= {"declared_language": person.language}
        row |= {name: getattr(person, name) for name in (*_PROFILE, *_COUNTS)}
        row |= {"default_image": person.default_image}
        if self.day:
            row["created_at"] = midnight(person.created_at)
        if self.labelled:
            row["label"] = person.label
        return {name: row[name] for name in ("account_id", *self.accounts)}

    def of_post(self, post: Post) -> dict[str, Any]:
        row = {
            "account_id": post.owner.id,
            "post_id": post.id,
            "posted_at": post.at.replace(second=0) if self.minutes else post.at,
            "text": self.said(post),
            "target_account_id": post.target.id if post.target else None,
            "hashtags": post.tags,
        }
        row |= {name: getattr(post, name) for name in ("kind", "language", "client")}
        row |= {name: getattr(post, name) for name in ("links", "mentions", "likes")}
        row |= {"replies": post.replies, "quotes": post.quotes}
        row |= {"target_post_id": post.target_id}
        return {name: row[name] for name in ("account_id", *self.posts)}


def midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0)


def _unmarked(post: Post) -> str:
    return post.body if post.kind == "repost" else post.text


def _body(post: Post) -> str:
    return post.body


def _without(names: list[str], *dropped: str) -> list[str]:
    return [name for name in names if name not in dropped]


_V2 = [*_PROFILE, *_without(_COUNTS, "likes_total"), "default_image"]
_CRESCI = [*_PROFILE, *_COUNTS, "default_image", "declared_language", "label"]
_CANONICAL = ["handle", "name", "bio", "created_at", "followers", "default_image"]
_CANONICAL_POST = [
    *("post_id", "text", "posted_at", "kind", "likes"),
    *("target_account_id", "target_post_id"),
]
_IRA: dict[str, Any] = {"zone": "UTC", "date_order": "month_first"}

PUBLISHED: dict[str, Published] = {
    "bluesky": Published(
        as_json.bluesky,
        ["name", "bio", "followers", "following", "posts_total", "default_image"],
        ["text", "posted_at", "kind", "language", "hashtags", "links"],
        said=_body,
    ),
    "botometer": Published(
        as_json.botometer,
        ["handle", "name", "bio", "url", "created_at", *_COUNTS, "label"],
        [],
        labelled=True,
        extra={"labels": ["*.tsv"]},
        declared={"zone": "UTC", "as_of": COLUMN},
    ),
    "canonical": Published(as_tables.canonical, _CANONICAL, _CANONICAL_POST),
    "canonical-jsonl": Published(
        as_json.canonical_lines, _CANONICAL, [*_CANONICAL_POST, "hashtags", "links"]
    ),
    "caverlee2011": Published(
        as_tables.caverlee2011,
        ["followers", "following", "posts_total", "label"],
        ["text", "posted_at"],
        labelled=True,
        declared={"zone": "UTC", "as_of": COLUMN},
    ),
    "cresci2015": Published(
        as_tables.cresci2015, _CRESCI, ["post_id", "text", "posted_at"], labelled=True
    ),
    "cresci2017": Published(
        as_tables.cresci2017,
        _CRESCI,
        ["post_id", "text", "posted_at", "client", "likes", "replies"],
        labelled=True,
    ),
    "fivethirtyeight": Published(
        as_tables.fivethirtyeight,
        ["followers", "following"],
        ["post_id", "text", "posted_at", "kind"],
        minutes=True,
        declared=_IRA,
        said=_unmarked,
    ),
    "ira": Published(
        as_tables.ira,
        ["handle"],
        ["text", "posted_at", "kind"],
        minutes=True,
        declared=_IRA,
        said=_unmarked,
    ),
    "mastodon": Published(
        as_json.mastodon,
        [
            *("handle", "name", "bio", "created_at", "followers", "following"),
            *("posts_total", "default_image"),
        ],
        _without(_X_POST, "links"),
        said=_body,
    ),
    "nyu2017": Published(
        as_tables.nyu2017,
        ["handle", "created_at", *_COUNTS, "default_image", "label"],
        [],
        labelled=True,
        declared={"zone": "UTC", "date_order": "mixed"},
    ),
    "pan2019": Published(as_tables.pan2019, ["label"], ["text"], labelled=True),
    "twibot20": Published(
        as_json.twibot20,
        [*_PROFILE, *_COUNTS, "default_image", "label"],
        ["text"],
        labelled=True,
        declared={"polarity": {"1": "positives", "0": "controls"}},
    ),
    "twibot22": Published(
        as_json.twibot22,
        [*_V2, "label"],
        _without(_X_POST, "target_account_id"),
        labelled=True,
        extra={"labels": ["label.csv"]},
    ),
    "twitter_io": Published(
        as_tables.twitter_io,
        [*_PROFILE, "followers", "following", "declared_language"],
        _without(_X_POST, "target_account_id"),
        minutes=True,
        day=True,
    ),
    "x_api_v1": Published(
        as_json.x_api_v1,
        [*_PROFILE, *_COUNTS, "default_image", "declared_language"],
        _X_POST,
    ),
    "x_api_v2": Published(as_json.x_api_v2, _V2, _X_POST),
}
# The same formats in their other forms: not packed, so that damage gets at the rows.
for _name, _write in (
    ("cresci2017-folders", as_tables.cresci2017_folders),
    ("ira-csv", as_tables.ira_csv),
    ("x_api_v2-lines", as_json.x_api_v2_lines),
):
    PUBLISHED[_name] = replace(PUBLISHED[_name.split("-")[0]], write=_write)
