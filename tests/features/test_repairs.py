"""The list of repairs says of every row whether equalising changes it, and why."""

from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from features import equalise, history, schema
from features.repairs import CAPPED, REPAIRS, count_repairs
from tests.features.builders import AS_OF, at, make_account, make_posts

SECOND = timedelta(seconds=1)
NO_LISTS = {"links": None, "mentions": None, "hashtags": None}
LISTS: dict[str, Any] = {"links": [], "mentions": [], "hashtags": []}

POSTS: list[tuple[dict[str, Any], set[str]]] = [
    ({}, set()),
    ({"posted_at": AS_OF - SECOND}, {"time_floored"}),
    ({"target_posted_at": AS_OF - SECOND}, {"time_floored"}),
    ({"text": "RT @a: b", "kind": "repost"}, {"repost_prefix_removed"}),
    (
        {"text": "RT @a: b", "kind": "original"},
        {"repost_prefix_removed", "repost_kind_set"},
    ),
    ({"text": "see http://a.b"}, {"link_scheme"}),
    ({"text": "see HTTP://a.b"}, {"link_scheme"}),
    ({"text": "see https://a.b"}, set()),
    ({"text": "x", "links": ["http://a.b"]}, {"link_scheme"}),
    ({"text": "x", "links": ["https://a.b"]}, set()),
    ({"text": "a &amp; b"}, {"entity_resolved"}),
    ({"text": "a &#39; b"}, {"entity_resolved"}),
    ({"text": "a & b"}, set()),
    ({"text": "caf\ufffd"}, {"undecoded_removed"}),
    ({"text": "a\r\nb"}, {"line_end_unified"}),
    ({"text": "a\nb"}, set()),
    ({"text": "a", **NO_LISTS}, {"lists_read_from_text"}),
    ({"text": None, **NO_LISTS}, set()),
]

ACCOUNTS: list[tuple[dict[str, Any], set[str]]] = [
    ({}, set()),
    ({"created_at": AS_OF - timedelta(hours=1)}, {"creation_floored"}),
    ({"as_of": AS_OF + SECOND}, {"as_of_floored"}),
    ({"handle": "0123456789abcdef" * 4}, {"names_hashed"}),
    ({"bio": "tea &amp; cake"}, {"profile_text_repaired"}),
    ({"location": "a\r\nb"}, {"profile_text_repaired"}),
    ({"url": "http://a.b"}, {"profile_link_scheme"}),
]


def touched(row: pl.DataFrame, table: str) -> set[str]:
    listed = [r for r in REPAIRS if r.table == table]
    found = row.select(r.touched.alias(r.name) for r in listed)
    assert sum(found.null_count().row(0)) == 0
    return {name for name, hit in found.row(0, named=True).items() if hit}


@pytest.mark.parametrize(("columns", "rules"), POSTS)
def test_posts(columns: dict[str, Any], rules: set[str]) -> None:
    posts = make_posts([{"text": "x", **LISTS} | columns])

    assert touched(posts, "posts") == rules
    # The list and the repairs themselves agree.
    assert equalise.posts(posts).equals(posts) is (not rules)


@pytest.mark.parametrize(("columns", "rules"), ACCOUNTS)
def test_accounts(columns: dict[str, Any], rules: set[str]) -> None:
    account = make_account(**columns)

    assert touched(account, "accounts") == rules
    plain = equalise.accounts(account).select(list(schema.ACCOUNTS))
    assert plain.equals(account) is (not rules)


def test_every_repair_is_touched_by_a_row_of_these_tests() -> None:
    seen = set().union(*(rules for _, rules in [*POSTS, *ACCOUNTS]))

    assert seen == {r.name for r in REPAIRS}


def test_rows_are_counted_by_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "HISTORY_CAP", 2)
    accounts = pl.concat([make_account(), make_account(account_id="t/silent")])
    posts = make_posts([{**p, "text": "a &lt; b"} for p in at(1, 2, 3)])
    stranger = make_posts([{"account_id": "t/stranger", "text": "a &lt; b"}])

    counted = count_repairs(accounts, pl.concat([posts, stranger]).lazy())

    first, silent = counted.rows(named=True)
    assert (first["entity_resolved"], first[CAPPED]) == (3, 1)
    assert (silent["entity_resolved"], silent[CAPPED]) == (0, 0)
    assert counted.height == 2
    assert counted.columns == [
        "account_id",
        *(r.name for r in REPAIRS if r.table == "accounts"),
        CAPPED,
        *(r.name for r in REPAIRS if r.table == "posts"),
    ]
