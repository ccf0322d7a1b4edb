from collections.abc import Sequence

import pytest

from features.change import CHANGE
from tests.features.builders import (
    LAST,
    START,
    Post,
    after,
    at,
    plain,
    value_of,
    without_case,
)

WHOLE = {"as_of": LAST, "created_at": START, "history_complete": True}
# Ten posts an hour apart, a silence as long as both, ten more.
PAUSES = [60] * 9 + [1_080] + [60] * 9
OF = {
    "change_language_distance": ("language", "en", "fr"),
    "change_client_distance": ("client", "web", "phone"),
    "change_kind_distance": ("kind", "original", "repost"),
    "change_hashtag_distance": ("hashtags", ["a"], ["b"]),
    "change_content_distance": ("text", "words", "@ann"),
}


def turned(column: str, values: Sequence[object], **columns: object) -> list[Post]:
    """Twenty posts with these values, the longest silence in the middle."""
    columns = {"language": "en", "client": "web", "text": "words #a", **columns}
    return [
        {**post, **columns, column: value}
        for post, value in zip(after(*PAUSES), values, strict=True)
    ]


def with_all(posts: list[Post], **columns: object) -> list[Post]:
    return [
        {"language": "en", "client": "web", "text": "words", **columns, **p}
        for p in posts
    ]


EVEN = turned("kind", ["original"] * 20)
# Hours 0 to 9, and 0 to 9 again; or 12 to 21.
SAME_HOURS = with_all(
    at(*[60 * h for h in range(10)] * 2, *[10_080 + 60 * h for h in range(10)] * 2)
)
OTHER_HOURS = with_all(
    at(*[60 * h for h in range(10)] * 2, *[10_800 + 60 * h for h in range(10)] * 2)
)
# Half of the later posts at earlier hours: across 1 in 20, on a side 10 in 190 pairs.
HALF_HOURS = with_all(
    at(
        *[60 * h for h in range(10)] * 2,
        *[10_080 + 60 * h for h in range(5)] * 2,
        *[10_800 + 60 * h for h in range(5)] * 2,
    )
)
CASES = [
    *(
        (measure.name, account, posts, None)
        for measure in CHANGE
        for account, posts in (
            (WHOLE, []),
            (WHOLE, at(0)),
            (WHOLE, plain(100)),
            (WHOLE, with_all(at(*range(19)))),
            ({**WHOLE, "history_complete": None}, EVEN),
            # Nine before the silence.
            (WHOLE, with_all(after(*[60] * 8, 9_999, *[60] * 15))),
            # No silence at all.
            (WHOLE, with_all(at(*[0] * 40))),
        )
    ),
    *(
        (name, WHOLE, turned(column, values), expected)
        for name, (column, one, other) in OF.items()
        for values, expected in (
            ([one] * 20, 0),
            ([one] * 10 + [other] * 10, 1),
            # Across 1/2; on a side 1 and 2 x 20 of 90 pairs.
            ([one] * 10 + [one, other] * 5, 1 - 1 / (1 + 40 / 90)),
        )
    ),
    ("change_language_distance", WHOLE, turned("language", [None] * 20), None),
    (
        "change_language_distance",
        WHOLE,
        turned("language", ["en"] * 10 + ["fr"] * 9 + [None]),
        None,
    ),
    ("change_hour_distance", WHOLE, OTHER_HOURS, 1),
    # All posts of both sides at one hour of the day.
    (
        "change_hour_distance",
        WHOLE,
        with_all(at(*[1_440 * d for d in (*range(10), *range(30, 40))])),
        0,
    ),
    # Chance alone would bring more posts of one side to the same hours.
    ("change_hour_distance", WHOLE, SAME_HOURS, 1 - 2 / 10 / (2 * 20 / 380)),
    ("change_hour_distance", WHOLE, HALF_HOURS, 1 - 2 / 20 / (2 * 20 / 380)),
    ("change_step_distance", WHOLE, EVEN, None),
    (
        "change_step_distance",
        WHOLE,
        with_all(after(*[60] * 10, 1_500, *[60] * 10)),
        1 - 2 * (10 / 11) / (1 + 90 / 110),
    ),
    (
        "change_step_distance",
        WHOLE,
        with_all(after(*[60] * 10, 9_000, *[3] * 10)),
        1,
    ),
    # Of eleven steps after, five are those before, five have another pause; the silence.
    (
        "change_step_distance",
        WHOLE,
        with_all(after(*[60] * 10, 1_500, *[60] * 5, *[3] * 5)),
        1 - 2 * (5 / 11) / (1 + 40 / 110),
    ),
    # Language and application of 1 and 0; hours never twice; silence 1080 of 2160.
    (
        "change_hands_share",
        WHOLE,
        turned("language", ["en"] * 10 + ["fr"] * 10),
        0.5 / 3,
    ),
    ("change_hands_share", WHOLE, EVEN, 0),
    # The application too.
    (
        "change_hands_share",
        WHOLE,
        [
            {**post, "client": "web" if place < 10 else "phone"}
            for place, post in enumerate(turned("language", ["en"] * 10 + ["fr"] * 10))
        ],
        0.5 * 2 / 3,
    ),
    (
        "change_hands_share",
        WHOLE,
        turned("language", ["en"] * 10 + ["fr"] * 10, kind="reply"),
        0.5 / 3,
    ),
]


@pytest.mark.parametrize(("name", "account", "posts", "expected"), CASES)
def test_value(name, account, posts, expected):
    assert value_of(name, account, posts) == (
        None if expected is None else pytest.approx(expected, rel=1e-6, abs=1e-9)
    )


def test_every_feature_has_a_table():
    assert without_case(CHANGE, [(n, p, v) for n, _, p, v in CASES]) == set()
