from datetime import timedelta
from math import log, log1p

import pytest

from features.profile import PROFILE
from tests.features.builders import AS_OF, value_of, without_case

HUGE = 2**63 - 1
COUNTS = {
    "profile_followers_log": "followers",
    "profile_following_log": "following",
    "profile_posts_log": "posts_total",
    "profile_likes_log": "likes_total",
    "profile_listed_log": "listed",
}
CASES = [
    *(
        (name, {column: count}, expected)
        for name, column in COUNTS.items()
        for count, expected in ((None, None), (0, 0), (1, log(2)), (HUGE, log(2**63)))
    ),
    ("profile_age_log_days", {"created_at": None}, None),
    ("profile_age_log_days", {"created_at": AS_OF}, 0),
    ("profile_age_log_days", {"created_at": AS_OF - timedelta(seconds=1)}, log(2)),
    ("profile_age_log_days", {"created_at": AS_OF - timedelta(days=99)}, log(100)),
    ("profile_age_log_days", {"created_at": AS_OF + timedelta(days=1)}, None),
    # Created tomorrow, less than a day ahead: not an age of 0.
    (
        "profile_age_log_days",
        {"as_of": AS_OF + timedelta(hours=9), "created_at": AS_OF + timedelta(days=1)},
        None,
    ),
    (
        "profile_age_log_days",
        {"created_at": AS_OF.replace(year=1)},
        log1p((AS_OF - AS_OF.replace(year=1)).days),
    ),
    ("profile_completeness_share", {}, None),
    ("profile_completeness_share", {"bio": ""}, 0),
    ("profile_completeness_share", {"bio": "x", "location": "", "url": None}, 0.5),
    ("profile_completeness_share", {"default_image": True, "url": "u"}, 0.5),
    (
        "profile_completeness_share",
        {"bio": "b", "location": "l", "url": "u", "default_image": False},
        1,
    ),
    ("profile_bio_length", {"bio": None}, None),
    ("profile_bio_length", {"bio": ""}, 0),
    # A letter and its accent are one character, however they were sent.
    ("profile_bio_length", {"bio": "e\u0301"}, 1),
    ("profile_bio_length", {"bio": "\u0301"}, 1),
    ("profile_bio_length", {"bio": "x" * 20_000}, 20_000),
    ("profile_bio_link_count", {"bio": None}, None),
    ("profile_bio_link_count", {"bio": "no link http:// here"}, 0),
    ("profile_bio_link_count", {"bio": "http://a.b and https://c.d/e"}, 2),
    ("profile_bio_link_count", {"bio": "https://a.b " * 500}, 500),
    ("profile_bio_hashtag_count", {"bio": None}, None),
    ("profile_bio_hashtag_count", {"bio": "# alone"}, 0),
    ("profile_bio_hashtag_count", {"bio": "#one #два"}, 2),
    ("profile_bio_hashtag_count", {"bio": "#a " * 500}, 500),
    *(
        (f"profile_has_{column}", {column: given}, expected)
        for column in ("bio", "location", "url")
        for given, expected in ((None, None), ("", False), ("x", True))
    ),
    ("profile_url_is_shortened", {"url": None}, None),
    ("profile_url_is_shortened", {"url": ""}, None),
    ("profile_url_is_shortened", {"url": "https://www.example.org/bit.ly"}, False),
    ("profile_url_is_shortened", {"url": "http://BIT.ly/x"}, True),
    ("profile_url_is_shortened", {"url": "bit.ly:80/x"}, True),
    # The platform's own wrapper says nothing.
    ("profile_url_is_shortened", {"url": "https://t.co/x"}, False),
    ("profile_has_default_image", {"default_image": None}, None),
    ("profile_has_default_image", {"default_image": True}, True),
    ("profile_has_default_image", {"default_image": False}, False),
]


@pytest.mark.parametrize(("name", "account", "expected"), CASES)
def test_value(name, account, expected):
    assert value_of(name, account) == (
        None if expected is None else pytest.approx(expected, rel=1e-6)
    )


def test_every_feature_has_a_table():
    assert without_case(PROFILE, CASES) == set()


def test_a_feature_without_a_table_is_named():
    fewer = [case for case in CASES if case[0] != "profile_bio_length"]

    assert without_case(PROFILE, fewer) == {"profile_bio_length"}
