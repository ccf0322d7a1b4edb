"""Invented accounts in the published formats that are tables of text."""

import csv
import zipfile
from collections.abc import Iterable, Sequence
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import polars as pl

from tests.pipeline.sources.people import Person, Post

API = "%a %b %d %H:%M:%S +0000 %Y"
Rows = Sequence[dict[str, Any]]


def csv_text(rows: Rows, header: Iterable[str]) -> str:
    out = StringIO(newline="")
    writer = csv.DictWriter(
        out, list(header), quoting=csv.QUOTE_ALL, lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def write(path: Path, rows: Rows, header: Iterable[str] = ()) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(csv_text(rows, header or rows[0]).encode())


def io_user(person: Person) -> dict[str, Any]:
    return {
        "userid": person.id,
        "user_display_name": person.name,
        "user_screen_name": person.handle,
        "user_reported_location": person.location,
        "user_profile_description": person.bio,
        "user_profile_url": person.url,
        "follower_count": person.followers,
        "following_count": person.following,
        "account_creation_date": f"{person.created_at:%Y-%m-%d}",
        "account_language": person.language,
    }


def io_post(post: Post) -> dict[str, Any]:
    return (
        {"tweetid": post.id}
        | io_user(post.owner)
        | {
            "tweet_language": post.language,
            "tweet_text": post.text,
            "tweet_time": f"{post.at:%Y-%m-%d %H:%M}",
            "tweet_client_name": post.client,
            "in_reply_to_userid": post.account("reply"),
            "in_reply_to_tweetid": post.post("reply"),
            "quoted_tweet_tweetid": post.post("quote"),
            "is_retweet": str(post.kind == "repost"),
            "retweet_userid": post.account("repost"),
            "retweet_tweetid": post.post("repost"),
            "latitude": "absent",
            "longitude": "absent",
            "quote_count": post.quotes,
            "reply_count": post.replies,
            "like_count": post.likes,
            "retweet_count": post.reposts,
            "hashtags": str(post.tags),
            "urls": str(post.links),
            "user_mentions": str(post.mentions),
        }
    )


def twitter_io(folder: Path, people: list[Person], posts: list[Post]) -> None:
    write(folder / "x_users_csv_hashed.csv", [io_user(person) for person in people])
    write(folder / "x_tweets_csv_hashed.csv", [io_post(post) for post in posts])


def ira(folder: Path, people: list[Person], posts: list[Post]) -> None:
    accounts = [
        {"author_id": one.id, "author": one.handle, "account_category": "RightTroll"}
        for one in people
    ]
    write(folder / "ira_accounts.csv", accounts)
    rows = [
        {
            "author_id": post.owner.id,
            "content": guarded(post),
            "language": "Russian" if post.language == "ru" else "English",
            "publish_date": post.at.replace(second=0, tzinfo=None),
            "following": post.owner.following,
            "followers": post.owner.followers,
            "post_type": {"repost": "RETWEET", "quote": "QUOTE_TWEET"}.get(
                post.kind, ""
            ),
            "retweet": int(post.kind in ("repost", "quote")),
        }
        for post in posts
    ]
    pl.DataFrame(rows).write_parquet(folder / "ira_posts.parquet")


def ira_csv(folder: Path, people: list[Person], posts: list[Post]) -> None:
    ira(folder, people, posts)
    table = pl.read_parquet(folder / "ira_posts.parquet")
    (folder / "ira_posts.parquet").unlink()
    table.write_csv(folder / "ira_posts.csv", datetime_format="%Y-%m-%d %H:%M")


def guarded(post: Post) -> str:
    """The text without the words about its target, behind the release's apostrophe."""
    text = post.body if post.kind == "repost" else post.text
    return f"'{text}" if text.startswith("@") else text


def fivethirtyeight(folder: Path, people: list[Person], posts: list[Post]) -> None:
    rows = [
        {
            "external_author_id": f"{float(post.owner.id):.2E}",
            "author": post.owner.handle.upper(),
            "content": guarded(post),
            "region": "Unknown",
            "language": "Russian" if post.language == "ru" else "English",
            "publish_date": f"{post.at:%-m/%-d/%Y %-H:%M}",
            "harvested_date": f"{post.at:%-m/%-d/%Y %-H:%M}",
            "following": post.owner.following,
            "followers": post.owner.followers,
            "updates": 7,
            "post_type": {"repost": "RETWEET", "quote": "QUOTE_TWEET"}.get(
                post.kind, ""
            ),
            "account_type": "Right",
            "retweet": int(post.kind in ("repost", "quote")),
            "account_category": "RightTroll",
            "new_june_2018": 0,
            "alt_external_id": post.owner.id,
            "tweet_id": post.id,
            "article_url": "",
            "tco1_step1": "",
            "tco2_step1": "",
            "tco3_step1": "",
        }
        for post in posts
    ]
    half = max(len(rows) // 2, 1)
    for number, part in enumerate((rows[:half], rows[half:]), 1):
        write(folder / f"IRAhandle_tweets_{number}.csv", part, rows[0])


def api_user(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.name,
        "screen_name": person.handle,
        "statuses_count": person.posts_total,
        "followers_count": person.followers,
        "friends_count": person.following,
        "favourites_count": person.likes_total,
        "listed_count": person.listed,
        "created_at": f"{person.created_at:{API}}",
        "url": person.url,
        "lang": person.language,
        "time_zone": "NULL",
        "location": person.location,
        "default_profile": "1",
        "default_profile_image": "1" if person.default_image else "",
        "geo_enabled": "",
        "verified": "",
        "description": person.bio,
        "updated": "2015-02-14 10:54:49",
    }


def cresci2015(folder: Path, people: list[Person], posts: list[Post]) -> None:
    header = api_user(people[0])
    for label, name in ((0, "E13_users"), (1, "INT_fusers")):
        rows = [api_user(one) for one in people if one.label == label]
        write(folder / f"cresci2015_{name}.csv", rows, header)
    rows = [
        {
            "user_id": post.owner.id,
            "tweet_id": post.id,
            "time": f"{post.at:{API}}",
            "text": post.text,
        }
        for post in posts
    ]
    write(folder / "cresci2015_posts.csv", rows)


def cresci2017(folder: Path, people: list[Person], posts: list[Post]) -> None:
    outer = BytesIO()
    with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as release:
        for label, group in ((0, "genuine_accounts"), (1, "fake_followers")):
            users = [api_user(one) for one in people if one.label == label]
            own = [
                cresci_post(post, group) for post in posts if post.owner.label == label
            ]
            inner = BytesIO()
            with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as packed:
                for name, rows, header in (
                    ("users", users, api_user(people[0])),
                    ("tweets", own, cresci_post(posts[0], group)),
                ):
                    text = csv_text(rows, header)
                    packed.writestr(f"{group}.csv/{name}.csv", text)
            release.writestr(f"datasets_full.csv/{group}.csv.zip", inner.getvalue())
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cresci-2017.csv.zip").write_bytes(outer.getvalue())


def cresci2017_folders(folder: Path, people: list[Person], posts: list[Post]) -> None:
    """The files of the release, unpacked."""
    cresci2017(folder, people, posts)
    release = folder / "cresci-2017.csv.zip"
    with zipfile.ZipFile(release) as outer:
        for name in outer.namelist():
            with zipfile.ZipFile(BytesIO(outer.read(name))) as inner:
                inner.extractall(folder)
    release.unlink()


def cresci_post(post: Post, group: str) -> dict[str, Any]:
    milliseconds = f"{int(post.at.timestamp())}000L"
    return {
        "id": post.id,
        "text": post.text,
        "source": f'<a href="http://e.org" rel="nofollow">{post.client}</a>',
        "user_id": post.owner.id,
        "truncated": "",
        "in_reply_to_status_id": post.post("reply") or "0",
        "in_reply_to_user_id": post.account("reply") or "0",
        "in_reply_to_screen_name": "",
        "retweeted_status_id": post.post("repost") or "0",
        "retweet_count": post.reposts,
        "reply_count": post.replies,
        "favorite_count": post.likes,
        "num_hashtags": 0,
        "created_at": f"{post.at:{API}}" if "genuine" in group else milliseconds,
        "timestamp": f"{post.at:%Y-%m-%d %H:%M:%S}",
        "crawled_at": "2014-05-01 12:57:19",
        "updated": "2014-05-01 12:57:19",
    }


def caverlee2011(folder: Path, people: list[Person], posts: list[Post]) -> None:
    def row(person: Person) -> dict[str, Any]:
        return {
            "UserID": person.id,
            "CreatedAt": f"{person.created_at:%Y-%m-%d %H:%M:%S}",
            "CollectedAt": "2022-01-01 00:00:00",
            "NumerOfFollowings": person.following,
            "NumberOfFollowers": person.followers,
            "NumberOfTweets": person.posts_total,
            "LengthOfScreenName": len(person.handle),
            "LengthOfDescriptionInUserProfile": len(person.bio),
        }

    for label, name in ((0, "legitimate_users"), (1, "content_polluters")):
        rows = [row(one) for one in people if one.label == label]
        write(folder / f"{name}.csv", rows, row(people[0]))
    posted = [
        {
            "user_id": post.owner.id,
            "time": f"{post.at:%Y-%m-%d %H:%M:%S}",
            "text": post.text,
        }
        for post in posts
    ]
    write(folder / "posts.csv", posted)


def nyu2017(folder: Path, people: list[Person], posts: list[Post]) -> None:
    rows = [
        {
            "account": f'"{one.handle}"',
            "followers_count": one.followers,
            "friends_count": one.following,
            "listed_count": one.listed,
            "created_at": f"{one.created_at:{API}}",
            "favourites_count": one.likes_total,
            "verified": "FALSE",
            "statuses_count": one.posts_total,
            "lang": one.language,
            "default_profile": "TRUE",
            "default_profile_image": str(one.default_image).upper(),
            "has_extended_profile": "FALSE",
            "bot": one.label,
        }
        for one in people
    ]
    write(folder / "nyu_kaggle2017_profiles.csv", rows)


def pan2019(folder: Path, people: list[Person], posts: list[Post]) -> None:
    """As published: an XML file an author, and the list of classes."""
    (folder / "en").mkdir(parents=True, exist_ok=True)
    authors = {post.owner.id: post.owner for post in posts}
    for author in authors:
        texts = [post.text for post in posts if post.owner.id == author]
        documents = "".join(f"<document>{escape(text)}</document>" for text in texts)
        body = f'<author lang="en"><documents>{documents}</documents></author>'
        (folder / "en" / f"{author}.xml").write_text(body, encoding="utf-8")
    lines = [
        f"{one.id}:::{'bot:::bot' if one.label else 'human:::female'}\n"
        for one in authors.values()
    ]
    (folder / "en" / "truth.txt").write_text("".join(lines), encoding="utf-8")


def canonical(folder: Path, people: list[Person], posts: list[Post]) -> None:
    rows = [
        {
            "account_id": one.id,
            "as_of": "2022-01-01T00:00:00Z",
            "created_at": one.created_at.isoformat(),
            "handle": one.handle,
            "name": one.name,
            "bio": one.bio,
            "followers": one.followers,
            "default_image": one.default_image,
        }
        for one in people
    ]
    write(folder / "accounts.csv", rows)
    posted = [
        {
            "post_id": post.id,
            "account_id": post.owner.id,
            "posted_at": post.at.isoformat(),
            "text": post.text,
            "kind": post.kind,
            "target_account_id": post.target.id if post.target else "",
            "target_post_id": post.target_id or "",
            "likes": post.likes,
        }
        for post in posts
    ]
    write(folder / "posts.csv", posted)
