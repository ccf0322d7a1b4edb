from math import log, log1p

import pytest

from features.days import DAYS
from tests.features.builders import LAST, after, at, plain, value_of, without_case

DAILY = [1440 * day for day in range(40)]
# Weeks of one and two posts by turns, and one of five.
WEEKS = [10_080 * week + n for week in range(24) for n in range(1 + week % 2)]
CASES = [
    *(
        (measure.name, posts, None)
        for measure in DAYS
        for posts in (
            [],
            at(0),
            plain(100),
            [*at(*range(measure.min_posts - 1)), *plain(5)],
        )
    ),
    # Less than a week is known.
    ("days_active_share", at(*range(10)), None),
    ("days_active_share", at(*range(9), 9 * 1440), 0),
    ("days_active_share", at(*DAILY), 1),
    # Of the nine days between two have posts.
    ("days_active_share", at(0, 1440, *[2880] * 7, 10 * 1440), 2 / 9),
    # Blocks are counted from the first post, not from midnight.
    ("days_active_share", at(1430, 1450, *[d * 1440 for d in range(9, 17)]), 7 / 14),
    ("days_posts_log", at(*[1440 * d for d in range(5)]), 0),
    ("days_posts_log", at(*range(9), 9 * 1440), log(5)),
    ("days_posts_log", at(*[0] * 4_000), log(3_200)),
    ("days_streak_share", at(*range(10)), None),
    ("days_streak_share", at(*DAILY), 1),
    ("days_streak_share", at(*DAILY[::2]), 0),
    # Runs of three, one, two and one days: three of six are followed.
    (
        "days_streak_share",
        at(*[1440 * d for d in (0, 0, 1, 2, 4, 4, 6, 7, 7, 9)]),
        3 / 6,
    ),
    ("days_busy_log", at(*range(20)), None),
    ("days_busy_log", at(*DAILY), 0),
    # Nine days of two posts and two of six.
    (
        "days_busy_log",
        at(
            *sorted(
                [1440 * d for d in range(11)] * 2 + [0, 0, 0, 0, 1440, 1440, 1440, 1440]
            )
        ),
        log(3),
    ),
    # Nine days of one post and two of a thousand.
    (
        "days_busy_log",
        at(*sorted([1440 * d for d in range(11)] + [0] * 999 + [1440] * 999)),
        log(1_000),
    ),
    ("days_week_spike_log", at(*DAILY), None),
    ("days_week_spike_log", at(*[10_080 * w for w in range(24)]), None),
    # Median 1.5, deviation 0.5.
    ("days_week_spike_log", at(*WEEKS), log1p(0.5 / 1.4826 / 0.5)),
    (
        "days_week_spike_log",
        at(*WEEKS, *[10_080 * 23 + 9] * 30),
        log1p(30.5 / 1.4826 / 0.5),
    ),
    (
        "days_week_spike_log",
        at(*WEEKS, *[10_080 * 23 + 9] * 1_000),
        log1p(1_000.5 / 1.4826 / 0.5),
    ),
    ("days_clumping_log", at(*DAILY), None),
    ("days_clumping_log", at(*range(20)), 0),
    # Two days of ten out of eleven: 11 x 180 / 380.
    ("days_clumping_log", at(*[0] * 10, *[14_400] * 10), log(11 * 180 / 380)),
    # All but one of twenty on one day of a thousand.
    ("days_clumping_log", at(*[0] * 19, 999 * 1_440), log(1_000 * 19 * 18 / 380)),
    ("days_bouts_log", at(*range(20)), 0),
    ("days_bouts_log", after(*[30] * 47), log(48)),
    ("days_bouts_log", after(*[29] * 3_199), -log(65)),
    ("days_bout_posts_log", at(*DAILY), 0),
    ("days_bout_posts_log", at(*range(20)), log(20)),
    ("days_bout_posts_log", at(*range(3_200)), log(3_200)),
    ("days_bout_posts_log", after(*[5, 5, 5, 30] * 6), log(25 / 7)),
    ("days_bout_minutes_log", at(*DAILY), 0),
    ("days_bout_minutes_log", at(*range(20)), log(20)),
    ("days_bout_minutes_log", after(*[29] * 3_199), log1p(29 * 3_199)),
    ("days_bout_minutes_log", after(*[5, 5, 5, 30] * 6), log1p(15 * 6 / 7)),
]


@pytest.mark.parametrize(("name", "posts", "expected"), CASES)
def test_value(name, posts, expected):
    assert value_of(name, {"as_of": LAST}, posts) == (
        None if expected is None else pytest.approx(expected, rel=1e-6, abs=1e-9)
    )


def test_every_feature_has_a_table():
    assert without_case(DAYS, CASES) == set()
