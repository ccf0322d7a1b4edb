from math import log

import pytest

from features.artefacts import Artefacts
from features.rhythm import RHYTHM
from tests.features.builders import (
    LAST,
    START,
    after,
    at,
    fitted_tables,
    plain,
    reason_of,
    value_of,
    without_case,
)

TABLES = fitted_tables()

HOURS = [hour * 60 for hour in range(24)]
LATER = [hour * 60 for hour in range(24, 600)]
DAILY = [1440 * day for day in range(50)]
# Nine hours of five days of six weeks.
OFFICE = [
    10_080 * w + 1440 * d + 60 * h for w in range(6) for d in range(5) for h in range(9)
]
EVERY_HOUR = [60 * hour for hour in range(4 * 168)]
CASES = [
    *(
        (measure.name, posts, None)
        for measure in RHYTHM
        for posts in (
            [],
            at(0),
            plain(100),
            [*at(*range(measure.min_posts - 1)), *plain(5)],
        )
    ),
    ("rhythm_five_minute_share", after(*[5] * 19), 1),
    ("rhythm_five_minute_share", at(*[1.5] * 20), 0),
    ("rhythm_five_minute_share", at(*range(20)), 0.2),
    # Before 1970 too, where minutes are negative.
    (
        "rhythm_five_minute_share",
        [{"posted_at": START.replace(year=1, minute=m)} for m in range(20)],
        0.2,
    ),
    ("rhythm_hour_entropy", at(*range(50)), 0),
    (
        "rhythm_hour_entropy",
        at(*HOURS * 5),
        (log(24) + 23 / 240) / log(24),
    ),
    (
        "rhythm_hour_entropy",
        at(*[0] * 25, *[600] * 25),
        (log(2) + 1 / 100) / log(24),
    ),
    # One day: nothing on every other day to choose on.
    ("rhythm_quiet_share", at(*range(50)), None),
    ("rhythm_quiet_share", at(*DAILY), 0),
    ("rhythm_quiet_share", at(*HOURS, *LATER[:72]), 0.25),
    # The first quiet hours of even days are those of the posts of odd days.
    (
        "rhythm_quiet_share",
        at(*[m + 60 * (d % 2) for d, m in enumerate(DAILY)]),
        0.5,
    ),
    ("rhythm_office_share", at(*range(50)), None),
    ("rhythm_office_share", at(*OFFICE), 1),
    ("rhythm_office_share", at(*EVERY_HOUR), 45 / 168),
    # Even weeks at nights, odd weeks by day.
    (
        "rhythm_office_share",
        at(*[m + 720 * (m // 10_080 % 2) for m in OFFICE]),
        0,
    ),
    ("rhythm_rest_share", at(*range(50)), None),
    ("rhythm_rest_share", at(*OFFICE), 0),
    ("rhythm_rest_share", at(*EVERY_HOUR), 48 / 168),
    # A day of rest, and the one beside it.
    ("rhythm_rest_share", at(*[m for m in EVERY_HOUR if m // 1440 % 7]), 24 / 144),
    ("rhythm_noon_share", at(*range(50)), None),
    ("rhythm_noon_share", at(*EVERY_HOUR), 1 / 9),
    ("rhythm_noon_share", at(*[m for m in OFFICE if m % 1440 != 240]), 0),
    # Twice in the middle hour.
    (
        "rhythm_noon_share",
        at(*sorted([*OFFICE, *[m + 1 for m in OFFICE if m % 1440 == 240]])),
        0.2,
    ),
    ("rhythm_minute_repeat_share", at(*[0] * 20), None),
    ("rhythm_minute_repeat_share", at(*range(20)), 0),
    ("rhythm_minute_repeat_share", at(*HOURS), 1),
    # Ten at 0 and ten at 30: 2 x 45 of 190 pairs.
    ("rhythm_minute_repeat_share", after(*[30] * 19), 90 / 190),
    ("rhythm_slot_distinct_share", at(*range(10)), 0.1),
    ("rhythm_slot_distinct_share", after(*[15] * 19), 1),
    # Five of each of two slots: all but none of the draws of ten see both.
    ("rhythm_slot_distinct_share", at(*[0] * 5, *[15] * 5), 0.2),
    ("rhythm_day_strength", at(*[0] * 20), None),
    ("rhythm_day_strength", at(*DAILY), 1),
    # Evenly around the day: chance would give more.
    ("rhythm_day_strength", at(*HOURS), -1 / 23),
    # Fifteen at one hour and ten at the opposite: as five, squared, and of 25 posts.
    (
        "rhythm_day_strength",
        at(*DAILY[:15], *[m + 720 for m in DAILY[15:25]]),
        0,
    ),
    # Half at 0 and half a quarter of a day later: |S| squared is 2 x 25 squared.
    (
        "rhythm_day_strength",
        at(*[m + 360 * (d % 2) for d, m in enumerate(DAILY)]),
        (2 * 25**2 - 50) / (50 * 49),
    ),
    ("rhythm_week_strength", at(*[0] * 20), None),
    ("rhythm_week_strength", at(*[10_080 * w for w in range(20)]), 1),
    ("rhythm_week_strength", at(*EVERY_HOUR), -1 / (4 * 168 - 1)),
    (
        "rhythm_week_strength",
        at(*[10_080 * w + 5_040 * (w >= 15) for w in range(25)]),
        0,
    ),
    # Fifteen at one time of the week and five at the opposite: as ten, squared.
    (
        "rhythm_week_strength",
        at(*[10_080 * w for w in range(15)], *[10_080 * w + 5_040 for w in range(5)]),
        (10**2 - 20) / (20 * 19),
    ),
    ("rhythm_clock_strength", at(*[0] * 20), None),
    ("rhythm_clock_strength", at(*HOURS), 1),
    ("rhythm_clock_strength", at(*range(60)), -1 / 59),
    # Thirty evenly around each period, and six on the hour: as six, squared, of 36.
    ("rhythm_clock_strength", at(*range(0, 60, 2), *HOURS[1:7]), 0),
    # Half an hour apart: even over the hour, exact for the half and the quarter.
    ("rhythm_clock_strength", after(*[30] * 19), (1 + 1 - 1 / 19) / 3),
    # The usual day has nine hours: its overlap with itself is 1/9.
    ("rhythm_circadian_distance", at(*range(50)), None),
    ("rhythm_circadian_distance", at(*OFFICE), 0),
    # Overlaps: 2/24 across, 1/24 and 1/9 with themselves.
    ("rhythm_circadian_distance", at(*EVERY_HOUR), 1 - (2 / 24) / (1 / 24 + 1 / 9)),
    ("rhythm_circadian_distance", at(*DAILY), 1 - (2 / 9) / (1 + 1 / 9)),
    # What is chosen on even days is counted on odd ones, half a day away.
    (
        "rhythm_circadian_distance",
        at(*[m + 720 * (d % 2) for d, m in enumerate(DAILY)]),
        1,
    ),
]


@pytest.mark.parametrize(("name", "posts", "expected"), CASES)
def test_value(name, posts, expected):
    assert value_of(name, {"as_of": LAST}, posts, TABLES) == (
        None if expected is None else pytest.approx(expected, rel=1e-5, abs=1e-6)
    )


def test_why_a_distance_from_the_usual_day_is_missing():
    def reason(posts, tables=TABLES):
        return reason_of("rhythm_circadian_distance", {"as_of": LAST}, posts, tables)

    assert reason(at(*DAILY)) is None
    assert reason(at(*DAILY), None) == "artefact_absent"
    assert reason(at(*DAILY), Artefacts({})) == "undefined"
    assert reason(at(*range(50))) == "undefined"
    assert reason(at(*DAILY[:49])) == "too_few_posts"
    assert reason(plain(60)) == "field_absent"


def test_every_feature_has_a_table():
    assert without_case(RHYTHM, CASES) == set()
