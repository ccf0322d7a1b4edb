from math import log, sqrt
from statistics import correlation

import pytest

from features.timing import TIMING
from tests.features.builders import (
    LAST,
    START,
    after,
    at,
    plain,
    value_of,
    without_case,
)

HOURS = [hour * 60 for hour in range(24)]
LATER = [hour * 60 for hour in range(24, 600)]
DAILY = [1440 * day for day in range(50)]
EVER = [{"posted_at": START.replace(year=y)} for y in (1, 2500, 5000, 7500, 9999)]
UNEVEN = [0, 5, 1, 60, 2, 2, 9, 0, 7, 300, 1, 4, 4, 8, 30, 0, 3, 1, 12]
CASES = [
    *(
        (measure.name, posts, None)
        for measure in TIMING
        for posts in (
            [],
            at(0),
            plain(100),
            [*at(*range(measure.min_posts - 1)), *plain(5)],
        )
    ),
    ("timing_gap_median_log", at(0, 0, 0, 0, 0), 0),
    ("timing_gap_median_log", after(8, 1, 4, 2), log(4)),
    ("timing_gap_median_log", EVER, log(50_000_001)),
    ("timing_gap_low_log", at(*[7] * 10), 0),
    ("timing_gap_low_log", after(*range(10)), log(2)),
    ("timing_gap_low_log", after(*[60] * 10), log(61)),
    ("timing_burstiness", at(*[7] * 11), None),
    ("timing_burstiness", after(*[60] * 10), -1),
    ("timing_burstiness", after(*[0] * 9, 500), 1),
    # Mean 1, standard deviation 1, ten pauses.
    (
        "timing_burstiness",
        after(*[0, 2] * 5),
        (sqrt(11) - 3) / ((sqrt(11) - 2) + 3),
    ),
    ("timing_memory", after(*[5] * 19), None),
    ("timing_memory", after(*[1, 3] * 9, 1), -1),
    ("timing_memory", after(*range(19)), 1),
    ("timing_memory", after(*UNEVEN), correlation(UNEVEN[:-1], UNEVEN[1:])),
    ("timing_same_minute_share", after(*[1] * 9), 0),
    ("timing_same_minute_share", at(*[0.1, 0.9] * 5), 1),
    ("timing_same_minute_share", after(0, 0, 0, *[1] * 6), 1 / 3),
    ("timing_five_minute_share", after(*[5] * 19), 1),
    ("timing_five_minute_share", at(*[1.5] * 20), 0),
    ("timing_five_minute_share", at(*range(20)), 0.2),
    # Before 1970 too, where minutes are negative.
    (
        "timing_five_minute_share",
        [{"posted_at": START.replace(year=1, minute=m)} for m in range(20)],
        0.2,
    ),
    ("timing_hour_entropy", at(*range(50)), 0),
    (
        "timing_hour_entropy",
        at(*HOURS * 5),
        (log(24) + 23 / 240) / log(24),
    ),
    (
        "timing_hour_entropy",
        at(*[0] * 25, *[600] * 25),
        (log(2) + 1 / 100) / log(24),
    ),
    # One day: nothing on every other day to choose on.
    ("timing_quiet_share", at(*range(50)), None),
    ("timing_quiet_share", at(*DAILY), 0),
    ("timing_quiet_share", at(*HOURS, *LATER[:72]), 0.25),
    # The first quiet hours of even days are those of the posts of odd days.
    (
        "timing_quiet_share",
        at(*[m + 60 * (d % 2) for d, m in enumerate(DAILY)]),
        0.5,
    ),
    ("timing_active_day_share", at(*range(10)), 1),
    ("timing_active_day_share", at(*range(9), 9 * 1440), 0.2),
    # Blocks are counted from the first post, not from midnight.
    ("timing_active_day_share", at(*range(1430, 1450)), 1),
    ("timing_posts_per_active_day", at(*[1440 * d for d in range(5)]), 0),
    ("timing_posts_per_active_day", at(*range(9), 9 * 1440), log(5)),
    ("timing_posts_per_active_day", at(*[0] * 4_000), log(3_200)),
]


@pytest.mark.parametrize(("name", "posts", "expected"), CASES)
def test_value(name, posts, expected):
    assert value_of(name, {"as_of": LAST}, posts) == (
        None if expected is None else pytest.approx(expected, rel=1e-6)
    )


def test_every_feature_has_a_table():
    assert without_case(TIMING, CASES) == set()
