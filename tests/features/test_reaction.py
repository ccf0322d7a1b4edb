from math import log

import pytest

from features.reaction import REACTION
from tests.features.builders import Post, at, plain, value_of, without_case

HUGE = 2**63 - 1


def liked(likes: int | None, reposts: int | None = 0, **columns: object) -> Post:
    return {"likes": likes, "reposts": reposts, **columns}


CASES = [
    *(
        (measure.name, posts, None)
        for measure in REACTION
        for posts in ([], at(0), at(*range(measure.min_posts - 1)))
    ),
    ("reaction_engaged_share", plain(10, kind="repost"), 0),
    ("reaction_engaged_share", plain(10), None),
    ("reaction_engaged_share", [liked(None, 3)] * 10, None),
    ("reaction_engaged_share", [liked(0)] * 8 + [liked(1), liked(0, 1)], 0.2),
    ("reaction_engaged_share", [liked(1)] * 5 + [liked(9, kind="repost")] * 5, 0.5),
    ("reaction_engaged_share", [liked(HUGE, HUGE)] * 10, 1),
    ("reaction_per_post_log", plain(10, kind="repost"), 0),
    ("reaction_per_post_log", plain(10), None),
    ("reaction_per_post_log", [liked(0)] * 10, 0),
    ("reaction_per_post_log", [liked(20, 10)] + [liked(0)] * 9, log(4)),
    ("reaction_per_post_log", [liked(HUGE, HUGE)] * 10, log(2 * 10**12 + 1)),
    ("reaction_none_share", plain(10), None),
    ("reaction_none_share", plain(10, kind="repost"), None),
    ("reaction_none_share", [liked(1)] * 10, 0),
    ("reaction_none_share", [liked(0)] * 8 + [liked(1), liked(0, 1)], 0.8),
    ("reaction_none_share", [liked(0)] * 5 + [liked(9, kind="repost")] * 5, 1),
    # Nine tell, the tenth is not taken for noticed.
    ("reaction_none_share", [liked(0)] * 9 + [liked(None)], 1),
    ("reaction_per_own_log", plain(10), None),
    ("reaction_per_own_log", plain(10, kind="repost"), None),
    ("reaction_per_own_log", [liked(0)] * 10, 0),
    (
        "reaction_per_own_log",
        [liked(9, 6)] + [liked(0)] * 4 + plain(5, kind="repost"),
        log(4),
    ),
    ("reaction_per_own_log", [liked(HUGE, HUGE)] * 10, log(2 * 10**12 + 1)),
    ("reaction_repost_share", plain(10), None),
    ("reaction_repost_share", [liked(0)] * 10, None),
    ("reaction_repost_share", [liked(5)] * 10, 0),
    ("reaction_repost_share", [liked(2, 1)] * 5 + [liked(1)] * 5, 0.25),
    ("reaction_repost_share", [liked(0, HUGE)] * 10, 1),
    # Where likes are not told in a post, its reposts are a share of nothing known.
    ("reaction_repost_share", [liked(0, 4)] * 12 + [liked(None, 9)], 1),
    ("reaction_answers_log", plain(10), None),
    ("reaction_answers_log", plain(10, kind="repost"), None),
    ("reaction_answers_log", plain(10, replies=0), 0),
    ("reaction_answers_log", plain(5, replies=3) + plain(5, kind="repost"), log(4)),
    ("reaction_answers_log", plain(10, replies=HUGE), log(10**12 + 1)),
]


@pytest.mark.parametrize(("name", "posts", "expected"), CASES)
def test_value(name, posts, expected):
    assert value_of(name, None, posts) == (
        None if expected is None else pytest.approx(expected, rel=1e-6)
    )


def test_every_feature_has_a_table():
    assert without_case(REACTION, CASES) == set()
