"""Invented accounts in the published formats that are JSON."""

import gzip
import html
import json
from pathlib import Path
from typing import Any

from tests.pipeline.sources.as_tables import API, write
from tests.pipeline.sources.people import Person, Post


def lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
    path.write_text(text, encoding="utf-8")


def array(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows), encoding="utf-8")


def v1_user(person: Person) -> dict[str, Any]:
    return {
        "id": int(person.id),
        "id_str": person.id,
        "name": person.name,
        "screen_name": person.handle,
        "location": person.location,
        "description": person.bio,
        "url": person.url,
        "entities": {"description": {"urls": []}},
        "protected": False,
        "followers_count": person.followers,
        "friends_count": person.following,
        "listed_count": person.listed,
        "created_at": f"{person.created_at:{API}}",
        "favourites_count": person.likes_total,
        "verified": False,
        "statuses_count": person.posts_total,
        "lang": person.language,
        "default_profile_image": person.default_image,
    }


def v1_post(post: Post) -> dict[str, Any]:
    pointed: dict[str, Any] = {}
    if post.target and post.kind in ("repost", "quote"):
        key = "retweeted_status" if post.kind == "repost" else "quoted_status"
        pointed[key] = {
            "id_str": post.target_id,
            "full_text": post.body,
            "user": v1_user(post.target),
        }
    return {
        "created_at": f"{post.at:{API}}",
        "id": int(post.id),
        "id_str": post.id,
        "full_text": post.text,
        "entities": {
            "hashtags": [{"text": tag, "indices": [0, 1]} for tag in post.tags],
            "urls": [{"url": "https://t.co/x", "expanded_url": u} for u in post.links],
            "user_mentions": [{"id_str": one} for one in post.mentions],
        },
        "source": f'<a href="http://e.org" rel="nofollow">{post.client}</a>',
        "in_reply_to_status_id_str": post.post("reply") or None,
        "in_reply_to_user_id_str": post.account("reply") or None,
        "user": v1_user(post.owner),
        "quote_count": post.quotes,
        "reply_count": post.replies,
        "retweet_count": post.reposts,
        "favorite_count": post.likes,
        "lang": post.language,
        **pointed,
    }


def x_api_v1(folder: Path, people: list[Person], posts: list[Post]) -> None:
    array(folder / "users.json", [v1_user(one) for one in people])
    rows = [v1_post(post) for post in posts]
    lines(folder / "tweets.jsonl", rows)


def v2_user(person: Person, prefix: str = "") -> dict[str, Any]:
    image = "default_profile_normal.png" if person.default_image else "1/a.jpg"
    return {
        "created_at": f"{person.created_at:%Y-%m-%dT%H:%M:%S}.000Z",
        "description": person.bio,
        "id": prefix + person.id,
        "location": person.location,
        "name": person.name,
        "profile_image_url": f"https://e.org/{image}",
        "protected": False,
        "public_metrics": {
            "followers_count": person.followers,
            "following_count": person.following,
            "tweet_count": person.posts_total,
            "listed_count": person.listed,
        },
        "url": person.url,
        "username": person.handle,
        "verified": False,
    }


def v2_post(post: Post, prefix: str = "") -> dict[str, Any]:
    kinds = {"repost": "retweeted", "reply": "replied_to", "quote": "quoted"}
    pointed: dict[str, Any] = {}
    if post.kind in kinds:
        pointed["referenced_tweets"] = [
            {"type": kinds[post.kind], "id": post.target_id}
        ]
    if post.kind == "reply":
        pointed["in_reply_to_user_id"] = post.account("reply")
    return {
        "author_id": post.owner.id,
        "created_at": f"{post.at:%Y-%m-%dT%H:%M:%S}.000Z",
        "entities": {
            "hashtags": [{"start": 0, "end": 1, "tag": tag} for tag in post.tags],
            "urls": [{"start": 0, "expanded_url": link} for link in post.links],
            "mentions": [{"start": 0, "id": one} for one in post.mentions],
        },
        "id": prefix + post.id,
        "lang": post.language,
        "public_metrics": {
            "retweet_count": post.reposts,
            "reply_count": post.replies,
            "like_count": post.likes,
            "quote_count": post.quotes,
        },
        "source": post.client,
        "text": post.text,
        **pointed,
    }


def x_api_v2(folder: Path, people: list[Person], posts: list[Post]) -> None:
    """Pages of posts with what they include, in gzip; users as an array."""
    array(folder / "users.json", [v2_user(one) for one in people])
    targets = {post.target_id: post.target for post in posts if post.target}
    page = {
        "data": [v2_post(post) for post in posts],
        "includes": {
            "users": [v2_user(one) for one in people],
            "tweets": [
                {"id": number, "author_id": one.id, "text": "theirs"}
                for number, one in targets.items()
            ],
        },
        "meta": {"result_count": len(posts)},
    }
    text = f"{json.dumps(page)}\n".encode()
    (folder / "tweets.jsonl.gz").write_bytes(gzip.compress(text, mtime=0))


def x_api_v2_lines(folder: Path, people: list[Person], posts: list[Post]) -> None:
    """The same pages, one a post and in plain text."""
    x_api_v2(folder, people, posts)
    (folder / "tweets.jsonl.gz").unlink()
    pages = []
    for post in posts:
        page: dict[str, Any] = {"data": v2_post(post), "matching_rules": []}
        page["includes"] = {"users": [v2_user(post.owner)]}
        if post.target:
            target = {"id": post.target_id, "author_id": post.target.id, "text": "x"}
            page["includes"]["tweets"] = [target]
        pages.append(page)
    lines(folder / "tweets.jsonl", pages)


def twibot22(folder: Path, people: list[Person], posts: list[Post]) -> None:
    array(folder / "user.json", [v2_user(one, "u") for one in people])
    array(folder / "tweet_0.json", [v2_post(post, "t") for post in posts])
    words = [
        {"id": f"u{one.id}", "label": "bot" if one.label else "human"}
        for one in reversed(people)
    ]
    write(folder / "label.csv", words)


def twibot20(folder: Path, people: list[Person], posts: list[Post]) -> None:
    def element(person: Person) -> dict[str, Any]:
        own = [f"{post.text}\n" for post in posts if post.owner == person]
        user = v1_user(person)
        return {
            "ID": person.id,
            "profile": {key: f"{value} " for key, value in user.items()},
            "tweet": own or None,
            "neighbor": None,
            "domain": ["Politics"],
            "label": str(person.label),
        }

    half = len(people) // 2
    array(folder / "train.json", [element(one) for one in people[:half]])
    array(folder / "dev.json", [element(one) for one in people[half:]])


def botometer(folder: Path, people: list[Person], posts: list[Post]) -> None:
    """A list of users with the posts of the probe, and one of flat objects."""
    flat, *full = people
    array(
        folder / "one_tweets.json",
        [
            {"created_at": "Sat Jan 01 00:00:00 +0000 2022", "user": v1_user(one)}
            for one in full
        ],
    )
    stamp = "%a %b %d %H:%M:%S %Y"
    user = {
        key: value
        for key, value in v1_user(flat).items()
        if key not in ("id", "id_str", "created_at", "location", "entities")
        and key != "default_profile_image"
    }
    array(
        folder / "midterm-2018_processed_user_objects.json",
        [
            user
            | {
                "user_id": int(flat.id),
                "user_created_at": f"{flat.created_at:{stamp}}",
                "probe_timestamp": "Sat Jan 01 00:00:00 2022",
                "tid": 5,
            }
        ],
    )
    for name, some in (("one", full), ("midterm-2018", [flat])):
        text = "".join(f"{p.id}\t{'bot' if p.label else 'human'}\n" for p in some)
        (folder / f"{name}.tsv").write_text(text, encoding="utf-8")


def as_html(text: str) -> str:
    """As a Mastodon server writes a text."""
    return (
        "<p>"
        + html.escape(text).replace("&#x27;", "&#39;").replace("\n", "<br />")
        + "</p>"
    )


def mastodon_account(person: Person) -> dict[str, Any]:
    image = "missing.png" if person.default_image else "1.png"
    return {
        "id": person.id,
        "username": person.handle,
        "acct": person.handle,
        "display_name": person.name,
        "locked": False,
        "bot": True,
        "created_at": f"{person.created_at:%Y-%m-%dT%H:%M:%S}.000Z",
        "note": as_html(person.bio),
        "url": f"https://e.org/@{person.handle}",
        "avatar": f"https://e.org/avatars/original/{image}",
        "followers_count": person.followers,
        "following_count": person.following,
        "statuses_count": person.posts_total,
        "emojis": [],
        "fields": [],
    }


def mastodon(folder: Path, people: list[Person], posts: list[Post]) -> None:
    def status(post: Post) -> dict[str, Any]:
        other = post.target and {
            "id": post.target_id,
            "created_at": "2017-01-01T00:00:00.000Z",
            "content": as_html(post.body),
            "account": mastodon_account(post.target),
        }
        return {
            "id": post.id,
            "created_at": f"{post.at:%Y-%m-%dT%H:%M:%S}.000Z",
            "in_reply_to_id": post.post("reply") or None,
            "in_reply_to_account_id": post.account("reply") or None,
            "visibility": "public",
            "language": post.language,
            "replies_count": post.replies,
            "reblogs_count": post.reposts,
            "favourites_count": post.likes,
            "quotes_count": post.quotes,
            "content": as_html(post.body),
            "reblog": other if post.kind == "repost" else None,
            "quote": {"state": "accepted", "quoted_status": other}
            if post.kind == "quote"
            else None,
            "application": {"name": post.client},
            "account": mastodon_account(post.owner),
            "mentions": [{"id": one, "acct": "x"} for one in post.mentions],
            "tags": [{"name": tag, "url": "https://e.org"} for tag in post.tags],
        }

    array(folder / "accounts.json", [mastodon_account(one) for one in people])
    lines(folder / "statuses.jsonl", [status(post) for post in posts])


def did(number: str) -> str:
    return f"did:plc:{number}"


def uri(owner: str, number: str) -> str:
    return f"at://{did(owner)}/app.bsky.feed.post/{number}"


def bluesky(folder: Path, people: list[Person], posts: list[Post]) -> None:
    def profile(person: Person) -> dict[str, Any]:
        image = {} if person.default_image else {"avatar": "https://e.org/a.jpg"}
        return {
            "did": did(person.id),
            "handle": f"{person.handle}.example.org",
            "displayName": person.name,
            "description": person.bio,
            "createdAt": f"{person.created_at:%Y-%m-%dT%H:%M:%S}.123Z",
            "followersCount": person.followers,
            "followsCount": person.following,
            "postsCount": person.posts_total,
            "labels": [{"val": "spam"}],
            **image,
        }

    def entry(post: Post) -> dict[str, Any]:
        when = f"{post.at:%Y-%m-%dT%H:%M:%S}.000Z"
        owner = {
            "did": did(post.owner.id),
            "handle": f"{post.owner.handle}.example.org",
        }
        record: dict[str, Any] = {
            "$type": "app.bsky.feed.post",
            "text": post.body,
            "createdAt": when,
            "langs": [post.language],
            "facets": [
                {"features": [{"$type": "app.bsky.richtext.facet#tag", "tag": tag}]}
                for tag in post.tags
            ]
            + [
                {"features": [{"$type": "app.bsky.richtext.facet#link", "uri": link}]}
                for link in post.links
            ],
        }
        if post.kind == "reply":
            parent = {"uri": uri(post.account("reply"), post.post("reply"))}
            record["reply"] = {"root": parent, "parent": parent}
        if post.kind == "quote":
            quoted = {"uri": uri(post.account("quote"), post.post("quote"))}
            record["embed"] = {"$type": "app.bsky.embed.record", "record": quoted}
        view = {
            "uri": uri(post.owner.id, post.id),
            "author": owner,
            "record": record,
            "replyCount": post.replies,
            "repostCount": post.reposts,
            "likeCount": post.likes,
            "quoteCount": post.quotes,
            "indexedAt": when,
        }
        if post.kind != "repost" or post.target is None:
            return {"post": view}
        return {
            "post": view
            | {
                "uri": uri(post.target.id, post.target_id or ""),
                "author": {"did": did(post.target.id), "handle": "x.example.org"},
            },
            "reason": {
                "$type": "app.bsky.feed.defs#reasonRepost",
                "by": owner,
                "indexedAt": when,
                "uri": uri(post.owner.id, post.id),
            },
        }

    array(folder / "profiles.json", [profile(one) for one in people])
    page = {"feed": [entry(post) for post in posts], "cursor": "x"}
    (folder / "feed.json").write_text(json.dumps(page), encoding="utf-8")


def canonical_lines(folder: Path, people: list[Person], posts: list[Post]) -> None:
    lines(
        folder / "accounts.jsonl",
        [
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
        ],
    )
    lines(
        folder / "posts.jsonl",
        [
            {
                "post_id": post.id,
                "account_id": post.owner.id,
                "posted_at": post.at.isoformat(),
                "text": post.text,
                "kind": post.kind,
                "target_account_id": post.target.id if post.target else None,
                "target_post_id": post.target_id,
                "likes": post.likes,
                "hashtags": post.tags,
                "links": post.links,
            }
            for post in posts
        ],
    )
