from datetime import timedelta
from math import log, log1p

import pytest

from features.history import HISTORY_CAP
from features.life import LIFE
from tests.features.builders import (
    LAST,
    START,
    after,
    at,
    plain,
    value_of,
    without_case,
)

WHOLE = {"as_of": LAST, "created_at": START, "history_complete": True}
EVER = [{"posted_at": START.replace(year=y)} for y in (1, 1, 1, 1, 9999)]
LIVED = at(*range(20))
CASES = [
    *(
        (measure.name, WHOLE, posts, None)
        for measure in LIFE
        for posts in ([], plain(100), [*at(*range(measure.min_posts - 1)), *plain(9)])
    ),
    *((measure.name, WHOLE, at(0), None) for measure in LIFE if measure.min_posts > 1),
    ("life_longest_silence_share", WHOLE, at(*[3] * 20), None),
    ("life_longest_silence_share", WHOLE, after(*[1] * 19), 1 / 19),
    ("life_longest_silence_share", WHOLE, after(*[0] * 18, 9), 1),
    ("life_longest_silence_share", WHOLE, after(*[1] * 18, 18), 0.5),
    ("life_late_activity_log", WHOLE, at(*[3] * 50), None),
    ("life_late_activity_log", WHOLE, at(*[3] * 50, 4), log(2 / 51)),
    ("life_late_activity_log", WHOLE, at(*[0] * 25, *[9] * 25), 0),
    ("life_late_activity_log", WHOLE, at(0, *[9] * 49), log(25)),
    ("life_span_log_days", WHOLE, at(*[3] * 5), 0),
    ("life_span_log_days", WHOLE, after(1440, 1440, 720, 720), log(4)),
    (
        "life_span_log_days",
        WHOLE,
        EVER,
        log1p((START.replace(year=9999) - START.replace(year=1)).days),
    ),
    ("life_birth_dormancy_log_days", {**WHOLE, "created_at": None}, at(0), None),
    ("life_birth_dormancy_log_days", {**WHOLE, "history_complete": None}, at(0), None),
    ("life_birth_dormancy_log_days", {**WHOLE, "history_complete": False}, at(0), None),
    ("life_birth_dormancy_log_days", WHOLE, at(-1), None),
    ("life_birth_dormancy_log_days", WHOLE, at(0), 0),
    ("life_birth_dormancy_log_days", WHOLE, at(*range(HISTORY_CAP - 1)), 0),
    ("life_birth_dormancy_log_days", WHOLE, at(*range(HISTORY_CAP)), None),
    ("life_birth_dormancy_log_days", WHOLE, at(1440 * 99, 1440 * 200), log(100)),
    (
        "life_birth_dormancy_log_days",
        {**WHOLE, "created_at": START + timedelta(hours=23)},
        at(720),
        log(1.5),
    ),
    *(
        (measure.name, {**WHOLE, "history_complete": None}, LIVED, None)
        for measure in LIFE
        if measure.full_history
    ),
    ("life_silence_log_days", WHOLE, at(*[3] * 20), 0),
    ("life_silence_log_days", WHOLE, after(*[1] * 18, 1440 * 99), log(100)),
    ("life_silence_log_days", WHOLE, EVER * 4, log1p(50_000_000 / 1440)),
    ("life_silence_age_share", {**WHOLE, "created_at": None}, LIVED, None),
    ("life_silence_age_share", WHOLE, at(-1, *range(1, 20)), None),
    ("life_silence_age_share", WHOLE, at(*[0] * 20), None),
    ("life_silence_age_share", WHOLE, at(*[1440] * 20), 0),
    ("life_silence_age_share", WHOLE, at(*[1440] * 10, *[5 * 1440] * 10), 0.8),
    ("life_silence_age_share", WHOLE, at(*[0] * 10, *[99] * 10), 1),
    ("life_months_silent_share", WHOLE, at(*[3] * 20), None),
    ("life_months_silent_share", WHOLE, after(*[43_199] * 19), 0),
    ("life_months_silent_share", WHOLE, after(*[43_200] * 19), 1),
    ("life_months_silent_share", WHOLE, after(*[7_200] * 18, 43_200), 0.25),
    # Ten in nine days, then ten in three.
    ("life_reactivation_log", WHOLE, at(*[3] * 20), None),
    ("life_reactivation_log", WHOLE, after(*[1] * 3, 99, *[1] * 20), None),
    ("life_reactivation_log", WHOLE, after(*[1440] * 9, 9_999, *[480] * 9), log(3)),
    ("life_reactivation_log", WHOLE, after(*[9] * 9, 9_999, *[9] * 9), 0),
    ("life_reactivation_log", WHOLE, after(*[9] * 9, 999, *[0] * 39), log(4)),
    ("life_reactivation_log", WHOLE, after(*[9] * 9, 999, *[0] * 2_999), log(300)),
    ("life_centre_share", WHOLE, at(*[3] * 20), None),
    ("life_centre_share", WHOLE, after(*[60] * 19), 0.5),
    ("life_centre_share", WHOLE, at(0, *[60] * 19), 0.95),
    ("life_centre_share", WHOLE, at(*[0] * 19, 60), 0.05),
    ("life_first_month_share", WHOLE, at(*[3] * 20), 1),
    ("life_first_month_share", WHOLE, at(0, *[43_199] * 4, *[43_200] * 15), 0.25),
    ("life_first_month_share", WHOLE, after(*[43_200] * 19), 0.05),
    ("life_first_repost_log_days", WHOLE, LIVED, None),
    ("life_first_repost_log_days", WHOLE, at(0, 1, 2, 3, 4, kind="repost"), 0),
    (
        "life_first_repost_log_days",
        WHOLE,
        [*at(0, 1, 2, 3), *at(1440 * 9, 1440 * 99, kind="repost")],
        log(10),
    ),
    (
        "life_first_repost_log_days",
        WHOLE,
        [*at(0, 1, 2, 3), *at(1440 * 9_999, kind="repost")],
        log(10_000),
    ),
    ("life_deleted_share", WHOLE, LIVED, None),
    ("life_deleted_share", {**WHOLE, "posts_total": 19}, LIVED, None),
    ("life_deleted_share", {**WHOLE, "posts_total": 20}, LIVED, 0),
    ("life_deleted_share", {**WHOLE, "posts_total": 80}, LIVED, 0.75),
    ("life_deleted_share", {**WHOLE, "posts_total": 2**63 - 1}, LIVED, 1),
    ("life_deleted_share", {**WHOLE, "posts_total": 9_999}, plain(3_200), None),
]


@pytest.mark.parametrize(("name", "account", "posts", "expected"), CASES)
def test_value(name, account, posts, expected):
    assert value_of(name, account, posts) == (
        None if expected is None else pytest.approx(expected, rel=1e-6)
    )


def test_every_feature_has_a_table():
    assert without_case(LIFE, CASES) == set()
