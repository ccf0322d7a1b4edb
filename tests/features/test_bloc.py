from itertools import combinations

import pytest

from features.bloc import BLOC
from features.evidence import show_behaviour
from features.schema import KINDS
from tests.features.builders import (
    LAST,
    Post,
    after,
    at,
    make_account,
    make_posts,
    named,
    plain,
    spoken,
    value_of,
    without_case,
)


def acting(kinds: list[str], *pauses: float, **columns: object) -> list[Post]:
    """Posts of these kinds with these pauses."""
    return [
        {**post, "kind": kind, **columns}
        for post, kind in zip(after(*pauses), kinds, strict=True)
    ]


# Every step of four kinds and pauses of eight sizes, at most once.
SIZES = [0, 1, 5, 60, 1_440, 10_080, 43_200, 525_600]
VARIED = acting(
    [KINDS[(step // 8 + step) % 4] for step in range(25)],
    *[SIZES[step % 8] for step in range(24)],
)
BUILT = ["words", "@ann words", "#a", "https://a.b", "hi @ann #a", "words https://a.b"]
# Twelve different builds: words with or without mention, hashtag and link, and quotes.
PARTS = ("@ann", "#a", "https://b.c")
EIGHT = [" ".join(("words", *p)) for n in range(4) for p in combinations(PARTS, n)]
TWELVE = spoken(*EIGHT) + spoken(*EIGHT[:4], kind="quote")
CASES = [
    *(
        (measure.name, posts, None)
        for measure in BLOC
        for posts in (
            [],
            at(0, text="words"),
            plain(100),
            [*at(*range(measure.min_posts - 1), text="words"), *plain(5)],
        )
    ),
    ("bloc_step_repeat_share", at(*range(20)), 1),
    ("bloc_step_repeat_share", VARIED, 0),
    # Ten steps from reply to quote, nine back: 45 and 36 of 171 pairs.
    ("bloc_step_repeat_share", acting(["reply", "quote"] * 10, *[9] * 19), 81 / 171),
    # Pauses of one size are alike.
    ("bloc_step_repeat_share", after(*[61, 999] * 10), 1),
    ("bloc_step_distinct_share", at(*range(20)), 0.1),
    ("bloc_step_distinct_share", VARIED, 1),
    # Nine of one and ten of the other step: ten draws see both, save ten of the one.
    (
        "bloc_step_distinct_share",
        acting(["reply", "quote"] * 10, *[9] * 19),
        0.2 - 0.1 / 92_378,
    ),
    ("bloc_content_repeat_share", spoken(*["words"] * 12), 1),
    (
        "bloc_content_repeat_share",
        spoken("words") * 6 + spoken("@ann hi") * 6,
        60 / 132,
    ),
    ("bloc_content_repeat_share", plain(12, kind="repost", text="words"), None),
    ("bloc_content_repeat_share", TWELVE, 0),
    ("bloc_content_distinct_share", TWELVE, 1),
    # Lists that are not known leave nothing to compare.
    ("bloc_content_distinct_share", spoken(*["words"] * 12), 0.1),
    # Two each of six: see the table of rarefied sources.
    ("bloc_content_distinct_share", spoken(*BUILT) * 2, 0.6 - 6 / 66 / 10),
]


@pytest.mark.parametrize(("name", "posts", "expected"), CASES)
def test_value(name, posts, expected):
    assert value_of(name, {"as_of": LAST}, posts) == (
        None if expected is None else pytest.approx(expected, rel=1e-6)
    )


def test_every_feature_has_a_table():
    assert without_case(BLOC, CASES) == set()


def told(posts: list[Post]) -> tuple[str, str | None]:
    table = show_behaviour(make_account(), make_posts(named(posts)))
    return table["action"][0], table["content"][0]


def test_the_string_of_actions():
    posts = acting([*KINDS, *KINDS], 0, 1, 5, 60, 1_440, 10_080, 43_200)

    assert told(posts)[0] == "TR.P:Q|T/R-P=Q"
    assert told(acting(["original"] * 2, 525_600))[0] == "T#T"


def test_actions_on_itself():
    posts = acting(["repost", "reply", "quote"], 1, 1, target_account_id="a/0")

    assert told(posts)[0] == "\u03c1.\u03c0.Q"


def test_the_string_of_contents():
    posts = [
        *at(0, text="see @ann #a https://b.c"),
        *at(1, text="words", kind="quote"),
        *at(2, text="RT @ann: words"),
        *at(3, text="https://b.c"),
    ]

    assert told(posts)[1] == "(tmHU)(tq)(U)"


def test_no_text_is_no_string_of_contents():
    assert told(plain(3)) == ("TTT", None)


def test_no_posts_have_no_strings():
    assert show_behaviour(make_account(), None).is_empty()
