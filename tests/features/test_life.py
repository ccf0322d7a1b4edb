from datetime import timedelta
from math import log, log1p

import pytest

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
CASES = [
    *(
        (measure.name, WHOLE, posts, None)
        for measure in LIFE
        for posts in ([], plain(100), [*at(*range(measure.min_posts - 1)), *plain(9)])
    ),
    ("life_longest_silence_share", WHOLE, at(*[3] * 20), None),
    ("life_longest_silence_share", WHOLE, after(*[1] * 19), 1 / 19),
    ("life_longest_silence_share", WHOLE, after(*[0] * 18, 9), 1),
    ("life_longest_silence_share", WHOLE, after(*[1] * 18, 18), 0.5),
    ("life_late_activity_log", WHOLE, at(*[3] * 20), -log(21)),
    ("life_late_activity_log", WHOLE, at(*[0] * 10, *[9] * 10), 0),
    ("life_late_activity_log", WHOLE, at(0, *[9] * 19), log(10)),
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
    ("life_birth_dormancy_log_days", WHOLE, at(1440 * 99, 1440 * 200), log(100)),
    (
        "life_birth_dormancy_log_days",
        {**WHOLE, "created_at": START + timedelta(hours=23)},
        at(720),
        log(1.5),
    ),
]


@pytest.mark.parametrize(("name", "account", "posts", "expected"), CASES)
def test_value(name, account, posts, expected):
    assert value_of(name, account, posts) == (
        None if expected is None else pytest.approx(expected, rel=1e-6)
    )


def test_every_feature_has_a_table():
    assert without_case(LIFE, CASES) == set()
