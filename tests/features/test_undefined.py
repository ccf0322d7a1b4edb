"""What leaves a value undefined is told where the feature says what null means."""

from datetime import timedelta

import pytest

from features.catalogue import feature
from tests.features.builders import (
    AS_OF,
    START,
    Post,
    after,
    at,
    fitted_tables,
    plain,
    reason_of,
    spoken,
)

BORN_LATER = {"created_at": AS_OF + timedelta(days=2), "followers": 1}
COMPLETE = {"history_complete": True}
# Thirty days of posts, a year of silence, thirty days.
RETURNED = [
    {**post, "hashtags": [str(place)]}
    for place, post in enumerate(after(*[1_440] * 29, 525_600, *[1_440] * 29))
]
KINDS = ["original"] * 5 + ["repost"] * 6
FIRST_OF_FIVE = [
    {**post, "kind": kind} for post, kind in zip(at(*range(11)), KINDS, strict=True)
]
ONE_MINUTE = [{"posted_at": START, **post} for post in spoken(*["so it goes"] * 40)]


@pytest.mark.parametrize(
    ("name", "account", "posts", "said"),
    [
        ("audience_followers_per_day", BORN_LATER, [], "after the moment of judging"),
        ("name_handle_digit_share", {"handle": ""}, [], "is empty"),
        ("name_handle_upper_share", {"handle": ""}, [], "is empty"),
        ("name_display_upper_share", {"name": ""}, [], "is empty"),
        ("handle_underscore_share", {"handle": ""}, [], "is empty"),
        ("handle_variety", {"handle": ""}, [], "under two characters"),
        ("name_handle_bigram_loglik", {"handle": "x"}, [], "under two characters"),
        ("profile_url_is_shortened", {"url": "https://"}, [], "names no website"),
        ("change_hashtag_distance", COMPLETE, RETURNED, "no two of a side that agree"),
        ("action_original_again_share", {}, FIRST_OF_FIVE, "follow another post"),
        ("wording_shift", {}, ONE_MINUTE, "all in one minute"),
        ("content_word_length", {}, spoken(*["👍👍"] * 3), "no words"),
        ("content_upper_share", {}, spoken(*["12 34"] * 3), "no letters"),
    ],
)
def test_what_leaves_a_value_undefined_is_told(
    name: str, account: dict[str, object], posts: list[Post], said: str
) -> None:
    assert reason_of(name, account, posts, fitted_tables()) == "undefined"
    assert said in feature(name).missing


@pytest.mark.parametrize(
    ("name", "account", "posts", "code", "said"),
    [
        (
            "life_deleted_share",
            {**COMPLETE, "posts_total": 9},
            at(1, 2),
            "too_few_posts",
            "fewer than five posts",
        ),
        ("claim_pace_log", {}, after(*[9] * 30), "field_absent", "not known"),
        ("content_link_share", {}, plain(5), "field_absent", "links are not"),
        ("content_hashtags_per_post", {}, plain(5), "field_absent", "hashtags are not"),
    ],
)
def test_what_is_too_little_or_absent_is_told(
    name: str, account: dict[str, object], posts: list[Post], code: str, said: str
) -> None:
    assert reason_of(name, account, posts) == code
    assert said in feature(name).missing
