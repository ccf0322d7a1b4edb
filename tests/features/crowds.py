"""Crowds: accounts that do things alike, as small as the null models can tell."""

from collections.abc import Sequence
from datetime import timedelta

import polars as pl

from features import schema
from features.population import Population
from tests.features.builders import START, Post, at, make_accounts, make_posts, named

TEN = [f"x{place}" for place in range(10)]
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def by(account: str, posts: Sequence[Post]) -> list[Post]:
    return [{**post, "account_id": account} for post in posts]


def reposts(account: str, *items: str, source: str = "s", start: int = 0) -> list[Post]:
    """A repost of each, 100 minutes apart."""
    minutes = [start + 100 * place for place in range(len(items))]
    return [
        {
            **post,
            "account_id": account,
            "kind": "repost",
            "target_post_id": item,
            "target_account_id": source,
        }
        for post, item in zip(at(*minutes), items, strict=True)
    ]


def replies(account: str, *items: str) -> list[Post]:
    return [{**post, "kind": "reply"} for post in reposts(account, *items)]


def links(account: str, *urls: str) -> list[Post]:
    return by(account, [{"links": [url]} for url in urls])


def tags(account: str, *rows: str) -> list[Post]:
    return by(account, [{"hashtags": row.split()} for row in rows])


def texts(account: str, *words: str) -> list[Post]:
    return by(account, [{"text": text} for text in words])


def long_text(place: int) -> str:
    """60 letters, the first and the last 24 like those of no other place."""
    first, last = LETTERS[place], LETTERS[-place - 1]
    return first * 24 + "middle words" + last * 24


def actions(*rows: tuple[str, str, str]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"account_id": who, "kind": kind, "target_account_id": whom, "at": START}
            for who, kind, whom in rows
        ],
        schema={**schema.ACTIONS},
        orient="row",
    )


def population(
    posts: Sequence[Post],
    accounts: pl.DataFrame | None = None,
    acted: pl.DataFrame | None = None,
) -> Population:
    return Population.of(make_posts(named(posts)), accounts, acted)


def everything() -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Accounts, posts and actions in which every feature has values."""
    posts: list[Post] = []
    for n in range(8):
        me = f"a/{n}"
        some = [f"x{(7 * n + k * k) % 40}" for k in range(1, 13)]
        posts += reposts(me, *some, *TEN, start=n % 3) + replies(me, *some)
        posts += links(me, *(f"https://n.org/{x}" for x in (*some, *TEN)))
        posts += tags(me, *(f"#a #{x}" for x in (*some, *TEN)))
        posts += texts(me, *(long_text((n + k) % 13) for k in range(12)))
        posts += by(me, at(*(n % 2 + 121 * k for k in range(12))))
    accounts = make_accounts(
        *(
            {"created_at": START + timedelta(days=n % 4), "handle": f"ab{n}"}
            for n in range(8)
        )
    )
    acted = [
        (f"a/{n}", kind, f"r{(n + k) % 11}")
        for n in range(8)
        for k in range(9)
        for kind in ("report", "block")
    ]
    return accounts, make_posts(named(posts)), actions(*acted)
