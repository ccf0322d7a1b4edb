from math import log

import pytest

from features.action import ACTION
from features.schema import KINDS
from tests.features.builders import Post, at, plain, value_of, without_case

ITSELF = "a/0"


def aimed(kind: str, *targets: str | None) -> list[Post]:
    """Posts of a kind at these accounts."""
    return [{"kind": kind, "target_account_id": target} for target in targets]


def kinds(*names: str) -> list[Post]:
    return [
        {**post, "kind": k}
        for post, k in zip(at(*range(len(names))), names, strict=True)
    ]


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
    ("action_mix_entropy", plain(10), 0),
    (
        "action_mix_entropy",
        plain(5) + plain(5, kind="reply"),
        (log(2) + 1 / 20) / log(4),
    ),
    (
        "action_mix_entropy",
        [post for kind in KINDS for post in plain(10, kind=kind)],
        (log(4) + 3 / 80) / log(4),
    ),
    ("action_self_reply_share", plain(5), 0),
    ("action_self_reply_share", aimed("reply", "x", "x", "y", "y", ITSELF), 0.2),
    ("action_self_reply_share", aimed("reply", *[ITSELF] * 5), 1),
    ("action_self_reply_share", aimed("repost", *[ITSELF] * 5), 0),
    ("action_self_reply_share", aimed("reply", *[None] * 5), None),
    # A handle may be one's own; of one of ten it does not matter.
    ("action_self_reply_share", aimed("reply", *["@x"] * 5), None),
    ("action_self_reply_share", aimed("reply", *["a/@x"] * 2, *"xxxxx"), None),
    ("action_self_reply_share", aimed("reply", "@x", *[ITSELF] * 9), 0.9),
    ("action_self_repost_share", plain(5), 0),
    ("action_self_repost_share", aimed("repost", "x", "x", "y", "y", ITSELF), 0.2),
    ("action_self_repost_share", aimed("repost", *[ITSELF] * 5), 1),
    ("action_self_repost_share", aimed("repost", *[None] * 5), None),
    ("action_self_repost_share", aimed("repost", *["@x"] * 5), None),
    *(
        (f"action_{kind}_again_share", posts, expected)
        for kind in ("original", "repost", "reply")
        for posts, expected in (
            (kinds(*["quote"] * 11), None),
            (kinds(*["quote", kind] * 6), 0),
            (kinds(*[kind] * 11), 1),
            # Of six that follow a post three follow one of their kind.
            (
                kinds(
                    kind, kind, "quote", kind, kind, *["quote", kind] * 2, kind, "quote"
                ),
                0.5,
            ),
        )
    ),
]


@pytest.mark.parametrize(("name", "posts", "expected"), CASES)
def test_value(name, posts, expected):
    assert value_of(name, None, posts) == (
        None if expected is None else pytest.approx(expected, rel=1e-6)
    )


def test_every_feature_has_a_table():
    assert without_case(ACTION, CASES) == set()
