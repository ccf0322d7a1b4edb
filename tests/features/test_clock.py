from datetime import timedelta

import polars as pl
import pytest

from features import clock
from features.build import build_features
from features.feature import Feature
from tests.features.builders import (
    at,
    make_accounts,
    make_posts,
    plain,
    planted,
    shown_by,
    value_of,
)

WEEKS = [week * 10_080 for week in range(6)]


def raw(column: str) -> Feature:
    return planted(
        pl.col(column),
        table="totals",
        family="timing",
        reasons=("field_absent", "undefined"),
    )


def counted(column: str, *minutes: float) -> float | None:
    return value_of(raw(column), None, at(*minutes))


def office(hour: int, days: int) -> list[int]:
    """Each week, on so many days, one post in each of the first hours."""
    return [
        w + 1440 * d + 60 * h for w in WEEKS for d in range(days) for h in range(hour)
    ]


def test_few_posts_have_no_stretches():
    assert counted("office_posts", *range(19)) is None
    assert counted("fewest_in_weeks", *range(20)) == 0


def test_nine_hours_on_five_days():
    posts = office(9, 5)

    assert counted("office_posts", *posts) == len(posts)
    assert counted("fewest_in_weeks", *posts) == len(posts) / 2
    # A tenth hour and a sixth day lie outside.
    assert counted("office_posts", *office(10, 5)) == len(posts)
    assert counted("office_posts", *office(9, 6)) == len(posts)


def test_two_days():
    assert counted("silent_posts", *office(24, 5)) == 0
    assert counted("silent_posts", *office(24, 6)) == 6 * 24


def test_six_hours_and_the_middle_one():
    posts = office(9, 7)

    assert counted("quiet_posts", *posts) == 0
    assert counted("block_posts", *posts) == len(posts)
    assert counted("noon_posts", *posts) == len(posts) / 9
    lunching = [minute for minute in posts if minute % 1440 // 60 != 4]
    assert counted("noon_posts", *lunching) == 0
    assert counted("block_posts", *lunching) == len(lunching)


@pytest.mark.parametrize("column", clock.CLOCK)
def test_accounts_looked_at_apart(column, monkeypatch):
    accounts = make_accounts(*({} for _ in range(5)))
    posts = make_posts(
        [
            {**post, "account_id": f"a/{i}"}
            for i in range(5)
            for post in at(*[(n * n * (61 + i)) % 40_000 for n in range(60 * (i % 3))])
        ]
    )
    together = build_features(accounts, posts, None, [raw(column)])

    monkeypatch.setattr(clock, "_TOGETHER", 2)

    assert build_features(accounts, posts, None, [raw(column)]).equals(together)


def test_a_stretch_that_is_best_by_chance_alone_is_not_found_again():
    """Each post at an hour of its own: the best six of one half are empty in the other."""
    even = [1440 * day + 60 for day in range(0, 40, 2)]
    odd = [1440 * day + 600 for day in range(1, 40, 2)]

    assert counted("block_posts", *even, *odd) == 0
    assert (
        counted(
            "block_posts",
            *(m + timedelta(hours=9) / timedelta(minutes=1) for m in (*even, *odd)),
        )
        == 0
    )


def test_the_plan_changes_with_the_length_of_a_stretch(monkeypatch):
    before = clock.plan()
    window = clock._window

    monkeypatch.setattr(
        clock, "_window", lambda counts, hours: window(counts, hours - 1)
    )

    assert clock.plan() != before


@pytest.mark.parametrize(
    ("name", "total"),
    [
        ("rhythm_office_share", "office_posts"),
        ("rhythm_rest_share", "silent_posts"),
        ("rhythm_quiet_share", "quiet_posts"),
        ("rhythm_noon_share", "noon_posts"),
    ],
)
def test_the_posts_shown_are_those_counted(name, total):
    """Of three hundred posts at all kinds of times, and ten without one."""
    minutes = [37 * n * n * n % 90_001 for n in range(300)]
    posts = [*plain(10), *at(*minutes)]

    counted = value_of(raw(total), None, posts)

    assert len(shown_by(name, posts)) == counted > 0
