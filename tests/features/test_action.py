from math import log

import pytest

from features.action import ACTION
from tests.features.builders import Post, at, plain, value_of, without_case

HUGE = 2**63 - 1


def repost(target: str | None, **columns: object) -> Post:
    return {"kind": "repost", "target_account_id": target, **columns}


def quick(minutes: int) -> Post:
    """A repost of a post so many minutes old."""
    original, own = at(0, minutes)
    return {**own, "kind": "repost", "target_posted_at": original["posted_at"]}


def liked(likes: int | None, reposts: int | None = 0, **columns: object) -> Post:
    return {"likes": likes, "reposts": reposts, **columns}


def kinds(*names: str) -> list[Post]:
    return [{**post, "kind": k} for post, k in zip(at(*range(9)), names, strict=False)]


CASES = [
    *(
        (measure.name, posts, None)
        for measure in ACTION
        for posts in ([], at(0), at(*range(measure.min_posts - 1)))
    ),
    ("action_repost_share", plain(5), 0),
    ("action_repost_share", plain(4) + plain(1, kind="repost"), 0.2),
    # Told by the text alone, with nothing after the name.
    ("action_repost_share", plain(4) + plain(1, text="RT @ann:"), 0.2),
    ("action_repost_share", plain(5, kind="repost"), 1),
    ("action_reply_share", plain(5), 0),
    ("action_reply_share", plain(4) + plain(1, kind="reply"), 0.2),
    ("action_reply_share", plain(5, kind="reply"), 1),
    ("action_quote_share", plain(5), 0),
    ("action_quote_share", plain(4) + plain(1, kind="quote"), 0.2),
    ("action_quote_share", plain(5, kind="quote"), 1),
    ("action_kind_change_share", plain(9), None),
    ("action_kind_change_share", at(*range(9)), 0),
    (
        "action_kind_change_share",
        kinds("reply", "quote", "quote", "quote", "reply"),
        0.5,
    ),
    ("action_kind_change_share", kinds(*["reply", "quote"] * 4), 1),
    ("action_mentions_per_post", plain(5), None),
    ("action_mentions_per_post", plain(5, text="nobody"), 0),
    ("action_mentions_per_post", plain(5, text="@ann and @bob"), 2),
    ("action_mentions_per_post", plain(5, mentions=["a"] * 600), 600),
    ("action_mentions_per_post", plain(5, text="@ann", mentions=[]), 0),
    # Some collectors count the account that is reposted, some do not.
    ("action_mentions_per_post", plain(5, kind="repost", mentions=["a"]), 0),
    # Most posts silent: a share of those that speak would be the collector's.
    ("action_mentions_per_post", plain(4) + plain(1, text="@ann"), None),
    ("action_top_source_share", plain(10), 0),
    ("action_top_source_share", [repost("x")] * 3 + [repost("y")] * 2 + plain(5), 0.3),
    ("action_top_source_share", [repost("x")] * 10, 1),
    ("action_top_source_share", [repost(None)] * 10, None),
    ("action_top_source_share", [repost("x")] * 5 + [repost(None)] * 5, None),
    ("action_top_source_share", [repost("x")] * 9 + [repost(None)], 0.9),
    (
        "action_top_source_share",
        [repost(None), *plain(9, kind="reply", target_account_id="x")],
        None,
    ),
    ("action_source_repeat_share", plain(10), 0),
    ("action_source_repeat_share", [repost(str(i)) for i in range(10)], 0),
    # Three pairs of x and one of y, of 45 pairs.
    (
        "action_source_repeat_share",
        [repost("x")] * 3 + [repost("y")] * 2 + plain(5),
        4 / 45,
    ),
    ("action_source_repeat_share", [repost("x")] * 10, 1),
    ("action_source_repeat_share", [repost(None)] * 10, None),
    ("action_instant_repost_share", plain(10), 0),
    (
        "action_instant_repost_share",
        [quick(m) for m in (-1, 0, 1, 2, 90)] + plain(5),
        0.2,
    ),
    ("action_instant_repost_share", [quick(0)] * 10, 1),
    ("action_instant_repost_share", [repost("x")] * 10, None),
    ("action_engaged_share", plain(10, kind="repost"), 0),
    ("action_engaged_share", plain(10), None),
    ("action_engaged_share", [liked(None, 3)] * 10, None),
    ("action_engaged_share", [liked(0)] * 8 + [liked(1), liked(0, 1)], 0.2),
    ("action_engaged_share", [liked(1)] * 5 + [liked(9, kind="repost")] * 5, 0.5),
    ("action_engaged_share", [liked(HUGE, HUGE)] * 10, 1),
    ("action_engagement_log", plain(10, kind="repost"), 0),
    ("action_engagement_log", plain(10), None),
    ("action_engagement_log", [liked(0)] * 10, 0),
    ("action_engagement_log", [liked(20, 10)] + [liked(0)] * 9, log(4)),
    ("action_engagement_log", [liked(HUGE, HUGE)] * 10, log(2 * 10**12 + 1)),
]


@pytest.mark.parametrize(("name", "posts", "expected"), CASES)
def test_value(name, posts, expected):
    assert value_of(name, None, posts) == (
        None if expected is None else pytest.approx(expected, rel=1e-6)
    )


def test_every_feature_has_a_table():
    assert without_case(ACTION, CASES) == set()
