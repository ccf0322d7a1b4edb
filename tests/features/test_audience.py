from datetime import timedelta
from math import log

import pytest

from features.audience import AUDIENCE
from tests.features.builders import AS_OF, value_of, without_case

HUGE = 2**63 - 1
OLD = AS_OF - timedelta(days=10)
RATES = {
    "audience_followers_per_day": "followers",
    "audience_following_per_day": "following",
    "audience_posts_per_day": "posts_total",
    "audience_listed_per_day": "listed",
    "audience_likes_per_day": "likes_total",
}
CASES = [
    ("audience_ratio_log", {"followers": 3}, None),
    ("audience_ratio_log", {"following": 3}, None),
    ("audience_ratio_log", {"followers": 0, "following": 0}, 0),
    ("audience_ratio_log", {"followers": 7, "following": 1}, log(4)),
    ("audience_ratio_log", {"followers": 0, "following": HUGE}, -log(2**63)),
    ("audience_ratio_log", {"followers": HUGE, "following": 0}, log(2**63)),
    *(
        (name, account, expected)
        for name, column in (
            ("audience_listed_ratio_log", "listed"),
            ("audience_posts_ratio_log", "posts_total"),
        )
        for account, expected in (
            ({"followers": 3}, None),
            ({column: 3}, None),
            ({column: 0, "followers": 0}, 0),
            ({column: 7, "followers": 1}, log(4)),
            ({column: 0, "followers": HUGE}, -log(2**63)),
            ({column: HUGE, "followers": 0}, log(2**63)),
        )
    ),
    ("audience_likes_share", {"likes_total": 3}, None),
    ("audience_likes_share", {"likes_total": 0, "posts_total": 0}, None),
    ("audience_likes_share", {"likes_total": 0, "posts_total": 1}, 0),
    ("audience_likes_share", {"likes_total": 3, "posts_total": 1}, 0.75),
    ("audience_likes_share", {"likes_total": HUGE, "posts_total": HUGE}, 0.5),
    ("audience_likes_share", {"likes_total": HUGE, "posts_total": 0}, 1),
    ("audience_ratio_share", {"followers": 3}, None),
    ("audience_ratio_share", {"followers": 0, "following": 0}, None),
    ("audience_ratio_share", {"followers": 0, "following": 5}, 0),
    ("audience_ratio_share", {"followers": 3, "following": 1}, 0.75),
    ("audience_ratio_share", {"followers": HUGE, "following": HUGE}, 0.5),
    ("audience_ratio_share", {"followers": HUGE, "following": 0}, 1),
    *(
        (name, account, expected)
        for name, column in RATES.items()
        for account, expected in (
            ({column: None, "created_at": OLD}, None),
            ({column: 5, "created_at": None}, None),
            ({column: 5, "created_at": AS_OF + timedelta(days=1)}, None),
            ({column: 0, "created_at": OLD}, 0),
            # Younger than a day counts as one day.
            ({column: 5, "created_at": AS_OF}, log(6)),
            ({column: 50, "created_at": OLD}, log(6)),
            ({column: HUGE, "created_at": AS_OF}, log(2**63)),
        )
    ),
]


@pytest.mark.parametrize(("name", "account", "expected"), CASES)
def test_value(name, account, expected):
    assert value_of(name, account) == (
        None if expected is None else pytest.approx(expected, rel=1e-6)
    )


def test_every_feature_has_a_table():
    assert without_case(AUDIENCE, CASES) == set()
