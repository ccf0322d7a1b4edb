"""Archives in the layout of the platform's information-operations releases.

Every field is double-quoted UTF-8; accounts with few followers have userid, display name
and screen name replaced by one hash, wherever they appear, in every class alike. Beside
the two tables of a release stands a third, of what its accounts did against others.
"""

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.world.actions import KINDS, Actions, opponent_ids
from pipeline.world.engagement import received
from pipeline.world.keys import Ints, Texts, account_ids, draw_keys, pick
from pipeline.world.keys import post_ids as timed_ids
from pipeline.world.people import (
    CLIENTS,
    ORIGINAL,
    QUOTE,
    REPLY,
    REPOST,
    People,
    Setting,
)
from pipeline.world.posts import NOBODY, Posts
from pipeline.world.profiles import profile_texts
from pipeline.world.settings import Collection
from pipeline.world.vocabulary import CODES
from pipeline.world.wording import as_text, links_of, tags_of, targets_of, texts_of

ACTIONS = ("account_id", "kind", "target_account_id", "at")
# Beside the columns of the release: the archive that each row is written into.
FILE = "_file"


@dataclass(frozen=True)
class Archive:
    """The tables of a release, all columns text, and the keys that truth needs."""

    name: str
    users: pl.DataFrame
    posts: pl.DataFrame
    actions: pl.DataFrame
    account_ids: Texts
    post_ids: Texts


def hashed(plain: str, salt: str) -> str:
    """Hash that stands for an account: base64 of a SHA-256 without slashes."""
    digest = sha256(f"{salt}:{plain}".encode()).digest()
    return b64encode(digest).decode("ascii").replace("/", "")


def compose(
    name: str,
    people: People,
    posts: Posts,
    actions: Actions,
    setting: Setting,
    collection: Collection,
    files: Texts,
    low: int,
    rng: np.random.Generator,
) -> Archive:
    """Accounts, posts and actions as a release shows them.

    Args:
        name: of the archive; salts its hashes.
        people: its accounts.
        posts: its posts, resolved.
        actions: of its accounts against others.
        setting: gives the press.
        collection: what a release leaves out.
        files: archive that each account is written into.
        low: of the lowest bits of its post ids, apart from those of other archives.
        rng: source of randomness.
    """
    users = _users(name, people, collection.hashed_below, rng)
    unknown = rng.random(len(people)) < collection.missing_fields
    users["account_language"][unknown] = ""
    ids = np.array(users["userid"], dtype=object)
    handles = np.array(users["user_screen_name"], dtype=object)
    keys = draw_keys(rng, len(posts))
    numbers = timed_ids(posts.at, keys, low + np.arange(len(posts)) % 2**17)
    tags, links = tags_of(posts), links_of(posts)
    texts = texts_of(posts, people, setting, handles, tags, links)
    counts = received(posts, people, rng)
    target_id, target_account, _ = targets_of(posts, setting, ids, handles, numbers)
    reposts, replies = posts.kind == REPOST, posts.kind == REPLY
    quotes = posts.kind == QUOTE
    shared = np.where(reposts & (posts.target != NOBODY), posts.target, 0)
    for values in (tags, links):
        values[reposts] = np.where(posts.target != NOBODY, values[shared], "")[reposts]
    # Empty lists stand as nothing in some rows and as brackets in others.
    nothing = np.where(rng.random(len(posts)) < 0.5, "[]", "").astype(object)
    mentioned = np.where(reposts | replies | posts.credit, target_account, "")
    no_client = unknown[posts.who]
    polls = (posts.kind == ORIGINAL) & (rng.random(len(posts)) < 0.01)
    order = np.argsort(pick(keys, 61, 2**40), kind="stable")
    table: dict[str, Texts] = {
        "tweetid": as_text(numbers),
        **{column: values[posts.who] for column, values in users.items()},
        "tweet_language": np.array(CODES, dtype=object)[posts.language],
        "tweet_text": texts,
        "tweet_time": _minutes(posts.at),
        "tweet_client_name": np.where(
            no_client, "", np.array(CLIENTS, dtype=object)[posts.client]
        ),
        "in_reply_to_userid": np.where(replies, target_account, ""),
        "in_reply_to_tweetid": np.where(replies, target_id, ""),
        "quoted_tweet_tweetid": np.where(quotes, target_id, ""),
        "is_retweet": np.where(reposts, "True", "False").astype(object),
        "retweet_userid": np.where(reposts, target_account, ""),
        "retweet_tweetid": np.where(reposts, target_id, ""),
        "latitude": np.full(len(posts), "absent", dtype=object),
        "longitude": np.full(len(posts), "absent", dtype=object),
        **{
            column: as_text(counts[column])
            for column in ("quote_count", "reply_count", "like_count", "retweet_count")
        },
        "hashtags": _lists(tags, nothing),
        "urls": _lists(links, nothing),
        "user_mentions": _lists(mentioned, nothing),
        "poll_choices": np.where(polls, "['yes', 'not yet']", "").astype(object),
    }
    table[FILE] = files[posts.who]
    frame = pl.DataFrame({k: list(v[order]) for k, v in table.items()})
    shuffled = np.argsort(ids)
    users[FILE] = files
    people_frame = pl.DataFrame({k: list(v[shuffled]) for k, v in users.items()})
    acted = pl.DataFrame(
        {
            "account_id": list(ids[actions.who]),
            "kind": [KINDS[kind] for kind in actions.kind],
            "target_account_id": list(opponent_ids(actions.opponent, setting)),
            "at": list(_minutes(actions.at)),
            FILE: list(files[actions.who]),
        },
        schema=dict.fromkeys((*ACTIONS, FILE), pl.String),
    )
    # Twice in one minute is once.
    acted = acted.unique().sort("at", "account_id", "target_account_id", "kind")
    return Archive(name, people_frame, frame, acted, ids, table["tweetid"])


def append(archive: Archive, directory: Path) -> None:
    """Write the rows of an archive behind those of their files that are there already."""
    for table, frame in (
        ("users_csv_hashed", archive.users),
        ("tweets_csv_hashed", archive.posts),
        ("actions", archive.actions),
    ):
        # Its own file even without a row: who looks for it finds a header.
        for name in sorted({archive.name, *frame[FILE]}):
            rows = frame.filter(pl.col(FILE) == name).drop(FILE)
            with (directory / f"{name}_{table}.csv").open("ab") as file:
                rows.write_csv(
                    file, quote_style="always", include_header=file.tell() == 0
                )


def _users(
    name: str, people: People, hashed_below: int, rng: np.random.Generator
) -> dict[str, Texts]:
    plain = as_text(account_ids(people.created, draw_keys(rng, len(people))))
    texts = profile_texts(people, rng)
    small = people.followers < hashed_below
    hashes = np.array([hashed(value, name) for value in plain], dtype=object)
    return {
        "userid": np.where(small, hashes, plain),
        "user_display_name": np.where(small, hashes, texts["user_display_name"]),
        "user_screen_name": np.where(small, hashes, texts["user_screen_name"]),
        "user_reported_location": texts["user_reported_location"],
        "user_profile_description": texts["user_profile_description"],
        "user_profile_url": texts["user_profile_url"],
        "follower_count": as_text(people.followers),
        "following_count": as_text(people.following),
        "account_creation_date": as_text(people.created.astype("datetime64[D]")),
        "account_language": texts["account_language"],
    }


def _lists(values: Texts, nothing: Texts) -> Texts:
    cells = nothing.copy()
    for row in np.flatnonzero(values != ""):
        cells[row] = repr(values[row].split())
    return cells


def _minutes(at: Ints) -> Texts:
    stamps = np.datetime_as_string(at.astype("datetime64[m]")).astype(object)
    return np.array([stamp.replace("T", " ") for stamp in stamps], dtype=object)
