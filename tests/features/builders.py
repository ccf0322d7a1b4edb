"""Smallest valid tables; a test names only the columns that it is about."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from features import schema
from features.artefacts import Artefacts
from features.build import (
    build_features,
    explain_missing,
    prepare_fit,
)
from features.catalogue import feature
from features.evidence import show_evidence
from features.feature import Feature

START = datetime(2020, 1, 1, tzinfo=UTC)
AS_OF = datetime(2021, 1, 1, tzinfo=UTC)
LAST = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)

Post = dict[str, Any]


def make_accounts(*accounts: dict[str, Any]) -> pl.DataFrame:
    rows = [
        {"account_id": f"a/{index}", "as_of": AS_OF, **account}
        for index, account in enumerate(accounts)
    ]
    return pl.DataFrame(
        rows, schema={**schema.ACCOUNTS}, orient="row", infer_schema_length=None
    )


def make_account(**overrides: Any) -> pl.DataFrame:
    return make_accounts(overrides)


def make_post(**overrides: Any) -> Post:
    return {"account_id": "a/0", "kind": "original", **overrides}


def make_posts(posts: Sequence[Post]) -> pl.DataFrame:
    rows = [make_post(**post) for post in posts]
    return pl.DataFrame(rows, schema={**schema.POSTS}, orient="row")


def at(*minutes: float, **columns: Any) -> list[Post]:
    """One post at each of these minutes after START."""
    return [{"posted_at": START + timedelta(minutes=m), **columns} for m in minutes]


def after(*gaps: float, **columns: Any) -> list[Post]:
    """Posts with these pauses in minutes between them: one more than pauses."""
    minutes = [sum(gaps[:index]) for index in range(len(gaps) + 1)]
    return at(*minutes, **columns)


def plain(count: int, **columns: Any) -> list[Post]:
    """So many undated posts."""
    return [dict(columns) for _ in range(count)]


def spoken(*texts: str | None, **columns: Any) -> list[Post]:
    """A post of each text."""
    return [{"text": text, **columns} for text in texts]


def named(posts: Sequence[Post]) -> list[Post]:
    """Posts with their places as ids: however alike, each is one of its own."""
    return [{"post_id": str(index), **post} for index, post in enumerate(posts)]


def value_of(
    measure: str | Feature,
    account: dict[str, Any] | None = None,
    posts: Sequence[Post] = (),
    artefacts: Artefacts | None = None,
) -> Any:
    chosen = feature(measure) if isinstance(measure, str) else measure
    built = build_features(
        make_account(**(account or {})), make_posts(named(posts)), artefacts, [chosen]
    )
    return built[chosen.name][0]


def reason_of(
    measure: str | Feature,
    account: dict[str, Any] | None = None,
    posts: Sequence[Post] = (),
    artefacts: Artefacts | None = None,
) -> str | None:
    chosen = feature(measure) if isinstance(measure, str) else measure
    told = explain_missing(
        make_account(**(account or {})), make_posts(named(posts)), artefacts, [chosen]
    )
    return told[chosen.name][0]


def shown_by(
    measure: str, posts: Sequence[Post], account: dict[str, Any] | None = None
) -> list[str]:
    """Places in `posts` of the posts that show the value."""
    table = show_evidence(
        make_account(**(account or {})), make_posts(named(posts)), feature(measure)
    )
    return sorted(table["post_id"].to_list(), key=int)


def planted(expr: pl.Expr, **overrides: Any) -> Feature:
    """A feature of this formula."""
    return Feature(
        **{
            "name": "planted_value",
            "group": "planted",
            "family": "profile",
            "table": "accounts",
            "expr": expr,
            "unit": "",
            "range": (None, None),
            "direction": 0,
            "label": "",
            "description": "",
            "limitation": "",
            "missing": "",
            "reasons": ("field_absent", "too_few_posts", "undefined"),
            "cost": 0,
            **overrides,
        }
    )


def smuggled(expr: pl.Expr, **overrides: Any) -> Feature:
    """A feature of a formula that its declaration would refuse."""
    made = planted(pl.lit(0.0), **overrides)
    object.__setattr__(made, "expr", expr)
    return made


SPEECH = "We shall build this bridge before the winter comes"


def fitted_tables() -> Artefacts:
    """Tables of four accounts, of which one is widely read.

    Nine pairs of letters; of four accounts all post with `web` and one with `mine`; one
    has a day, of nine hours.
    """
    accounts = make_accounts(
        {"account_id": "t/0", "handle": "abab", "followers": 10**6},
        *({"account_id": f"t/{i}", "handle": "abc"} for i in (1, 2, 3)),
    )
    posts = [
        {"account_id": f"t/{i}", "client": client, "post_id": f"{i} {client}"}
        for i, client in ((0, "web"), (1, "web"), (2, "web"), (3, "web"), (3, "mine"))
    ]
    speech = {"account_id": "t/0", "text": SPEECH, "posted_at": START}
    nine_hours = [1_440 * day + 60 * hour for day in range(12) for hour in range(9)]
    daily = [{**p, "post_id": f"{n}"} for n, p in enumerate(at(*nine_hours))]
    table = make_posts([*posts, speech, *({**p, "account_id": "t/1"} for p in daily)])
    return Artefacts.fit(*prepare_fit(accounts, table))


def without_case(
    features: Sequence[Feature], cases: Sequence[tuple[Any, ...]], values: int = 3
) -> set[str]:
    """Features without a table: a null, and so many different values, or yes and no."""
    lacking = set()
    for measure in features:
        expected = [case[-1] for case in cases if case[0] == measure.name]
        known = [value for value in expected if value is not None]
        least = 2 if measure.dtype == pl.Boolean() else values
        if len(set(known)) < least or len(known) == len(expected):
            lacking.add(measure.name)
    return lacking


def fails(check: Callable[[], None]) -> bool:
    """Whether a check gives alarm."""
    try:
        check()
    except AssertionError:
        return True
    return False
