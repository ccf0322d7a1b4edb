from datetime import timedelta
from math import log

import pytest

from features.claim import CLAIM
from tests.features.builders import START, at, plain, value_of, without_case

WHOLE = {"history_complete": True, "posts_total": 4}
# Created a thousand minutes before the first post.
BORN = {"created_at": START, "posts_total": 100}
DAILY = at(*[1_440 * i for i in range(1, 21)])


def tagged(*languages: str | None) -> list[dict[str, object]]:
    return [{"language": language} for language in languages]


CASES = [
    *((measure.name, {}, [], None) for measure in CLAIM),
    *((measure.name, {}, plain(30), None) for measure in CLAIM),
    ("claim_language_gap_share", {}, tagged(*["en"] * 10), None),
    (
        "claim_language_gap_share",
        {"declared_language": "en"},
        tagged(*["en"] * 9),
        None,
    ),
    (
        "claim_language_gap_share",
        {"declared_language": "en-gb"},
        tagged(*["EN"] * 10, None),
        0,
    ),
    (
        "claim_language_gap_share",
        {"declared_language": "en"},
        tagged(*["fr"] * 3, *["en"] * 7, "und"),
        0.3,
    ),
    ("claim_language_gap_share", {"declared_language": "en"}, tagged(*["fr"] * 10), 1),
    # One language under a code that was withdrawn, and under that of today.
    ("claim_language_gap_share", {"declared_language": "iw"}, tagged(*["he"] * 10), 0),
    ("claim_language_gap_share", {"declared_language": "tl"}, tagged(*["fil"] * 10), 0),
    ("claim_language_gap_share", {"declared_language": "en"}, tagged("fr"), None),
    # Above, one of eleven posts has no language; here two of twelve.
    (
        "claim_language_gap_share",
        {"declared_language": "en"},
        tagged(*["en"] * 10, None, None),
        None,
    ),
    ("claim_pace_log", BORN, DAILY[:1], None),
    ("claim_pace_log", BORN, DAILY[:19], None),
    ("claim_pace_log", BORN, at(*[0] * 30), None),
    ("claim_pace_log", {**BORN, "posts_total": 0}, DAILY, None),
    ("claim_pace_log", {**BORN, "created_at": START + timedelta(days=99)}, DAILY, None),
    # One post a day now, and five a day over the twenty days of its life.
    ("claim_pace_log", BORN, DAILY, log(1 / 5)),
    ("claim_pace_log", {**BORN, "posts_total": 20}, DAILY, 0),
    ("claim_pace_log", {**BORN, "posts_total": 2**63 - 1}, DAILY, log(20 / 2**63)),
]


@pytest.mark.parametrize(("name", "account", "posts", "expected"), CASES)
def test_value(name, account, posts, expected):
    assert value_of(name, account, posts) == (
        None if expected is None else pytest.approx(expected, abs=1e-6, rel=1e-6)
    )


def test_every_feature_has_a_table():
    assert without_case(CLAIM, CASES) == set()
