"""One post says nothing of how somebody posts: values by hand, and reasons."""

from collections.abc import Sequence
from datetime import timedelta
from math import log
from typing import Any

import polars as pl
import pytest

from features.build import build_features, explain_missing
from features.catalogue import FEATURES
from features.feature import Feature
from features.schema import KINDS
from tests.features.builders import (
    START,
    Post,
    at,
    fails,
    fitted_tables,
    make_account,
    make_posts,
    planted,
)

OF_POSTS = [f for f in FEATURES if f.table in ("posts", "totals")]
OF_ACCOUNTS = [f for f in FEATURES if f.table == "accounts"]
TABLE = fitted_tables()
ACCOUNT: dict[str, Any] = {
    "created_at": START,
    "handle": "ann_1984",
    "name": "Ann",
    "bio": "words",
    "followers": 7,
    "following": 2,
    "posts_total": 1,
    "declared_language": "en",
    "history_complete": True,
}


def post(kind: str) -> list[Post]:
    """One of nine days after the creation that tells every column."""
    return at(
        9 * 1_440,
        kind=kind,
        text="Some words, @ann! #a #b https://b.c",
        language="fr",
        client="web",
        target_account_id="t",
        target_post_id="9",
        target_posted_at=START + timedelta(days=8),
        likes=1,
        reposts=2,
        replies=3,
        quotes=4,
    )


def check_one_post(kind: str, features: Sequence[Feature]) -> None:
    account, posts = make_account(**ACCOUNT), make_posts(post(kind))
    values = build_features(account, posts, TABLE, features).row(0, named=True)
    reasons = explain_missing(account, posts, TABLE, features).row(0, named=True)
    found = {f.name: (values[f.name], reasons[f.name]) for f in features}
    known = {name: value for name, (value, _) in found.items() if value is not None}

    # Nine days: log of one more.
    assert known == {"life_birth_dormancy_log_days": pytest.approx(log(10), rel=1e-6)}
    assert {found[name][1] for name in found if name not in known} == {"too_few_posts"}


@pytest.mark.parametrize("kind", KINDS)
def test_one_post(kind):
    check_one_post(kind, OF_POSTS)


@pytest.mark.parametrize("kind", KINDS)
def test_one_post_changes_nothing_of_the_profile(kind):
    account = make_account(**ACCOUNT)

    with_post = build_features(account, make_posts(post(kind)), TABLE, OF_ACCOUNTS)

    assert with_post.equals(build_features(account, None, TABLE, OF_ACCOUNTS))
    assert with_post["name_handle_length"][0] == 8


@pytest.mark.parametrize(
    "formula", [pl.len() * 1.0, (pl.col("kind") == "reply").mean(), pl.lit(0.0)]
)
def test_a_figure_made_of_one_post_is_caught(formula):
    hasty = planted(formula, table="posts", family="content")

    assert fails(lambda: check_one_post("reply", [*OF_POSTS, hasty]))
