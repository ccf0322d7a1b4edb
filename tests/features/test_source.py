from math import log

import pytest

from features.source import SOURCE
from tests.features.builders import (
    LAST,
    Post,
    at,
    plain,
    spoken,
    value_of,
    without_case,
)


def repost(target: str | None, **columns: object) -> Post:
    return {"kind": "repost", "target_account_id": target, **columns}


def quick(minutes: int, kind: str = "repost") -> Post:
    """A repost (or reply) of a post so many minutes old."""
    original, own = at(0, minutes)
    return {**own, "kind": kind, "target_posted_at": original["posted_at"]}


def aimed(kind: str, targets: str) -> list[Post]:
    """Posts of a kind, each at the account that a letter names."""
    return [{"kind": kind, "target_account_id": target} for target in targets]


CASES = [
    *(
        (measure.name, posts, None)
        for measure in SOURCE
        for posts in ([], at(0), at(*range(measure.min_posts - 1)))
    ),
    ("source_top_share", plain(50), 0),
    ("source_top_share", [repost("x")] * 15 + [repost("y")] * 10 + plain(25), 0.3),
    ("source_top_share", [repost("x")] * 50, 1),
    ("source_top_share", [repost(None)] * 50, None),
    ("source_top_share", [repost("x")] * 25 + [repost(None)] * 25, None),
    ("source_top_share", [repost("x")] * 45 + [repost(None)] * 5, 0.9),
    (
        "source_top_share",
        [repost(None), *plain(49, kind="reply", target_account_id="x")],
        None,
    ),
    ("source_repeat_share", plain(10), 0),
    ("source_repeat_share", [repost(str(i)) for i in range(10)], 0),
    # Three pairs of x and one of y, of 45 pairs.
    (
        "source_repeat_share",
        [repost("x")] * 3 + [repost("y")] * 2 + plain(5),
        4 / 45,
    ),
    ("source_repeat_share", [repost("x")] * 10, 1),
    ("source_repeat_share", [repost(None)] * 10, None),
    ("source_instant_share", plain(10), 0),
    (
        "source_instant_share",
        [quick(m) for m in (-1, 0, 1, 2, 90)] + plain(5),
        0.2,
    ),
    ("source_instant_share", [quick(0)] * 10, 1),
    ("source_instant_share", [repost("x")] * 10, None),
    ("source_at_once_share", plain(10), 0),
    ("source_at_once_share", [quick(m) for m in (-1, 0, 0, 1, 90)] + plain(5), 0.2),
    ("source_at_once_share", [quick(0)] * 10, 1),
    ("source_at_once_share", [repost("x")] * 10, None),
    *(
        (f"source_{what}_{form}_share", posts, expected)
        for what, kind in (("reposts", "repost"), ("replies", "reply"))
        for form, posts, expected in (
            ("repeat", plain(30), None),
            ("repeat", aimed(kind, "abcdefghij"), 0),
            # Four of x and six of y: 12 and 30 of 90 pairs.
            ("repeat", aimed(kind, "xxxxyyyyyy") + plain(9), 42 / 90),
            ("repeat", aimed(kind, "x" * 10), 1),
            ("repeat", plain(10, kind=kind), None),
            ("distinct", plain(30), None),
            ("distinct", aimed(kind, "x" * 12), 0.1),
            ("distinct", aimed(kind, "abcdefghijkl"), 1),
            # Of each is seen all but where both draws left out are the same pair.
            ("distinct", aimed(kind, "aabbccddeeff"), 0.6 - 6 / 66 / 10),
            ("distinct", plain(12, kind=kind), None),
        )
    ),
    *(
        (f"source_{kind}_wait_log", posts, expected)
        for kind in ("repost", "reply")
        for posts, expected in (
            (plain(9), None),
            (plain(9, kind=kind), None),
            ([quick(0, kind)] * 5, 0),
            ([quick(m, kind) for m in (1, 2, 4, 7, 90)], log(5)),
            # What lies after the post itself is no age.
            ([quick(m, kind) for m in (-9, -9, -9, -9, 7)], log(8)),
            ([quick(-9, kind)] * 5, None),
            ([quick(50_000_000, kind)] * 5, log(50_000_001)),
        )
    ),
    ("source_mention_repeat_share", plain(10), None),
    ("source_mention_repeat_share", plain(10, text="nobody"), 0),
    # Only who is mentioned first, of own posts, capitals aside: 3 pairs of 45.
    (
        "source_mention_repeat_share",
        spoken("@Ann", "@ann @bob", "ask @ann", "@bob", *["none"] * 5)
        + spoken("@bob", kind="repost"),
        3 / 45,
    ),
    ("source_mention_repeat_share", plain(10, text="@ann"), 1),
    ("source_mention_repeat_share", plain(10, kind="repost", text="@ann"), 0),
]


@pytest.mark.parametrize(("name", "posts", "expected"), CASES)
def test_value(name, posts, expected):
    assert value_of(name, {"as_of": LAST}, posts) == (
        None if expected is None else pytest.approx(expected, rel=1e-6)
    )


def test_every_feature_has_a_table():
    assert without_case(SOURCE, CASES) == set()
