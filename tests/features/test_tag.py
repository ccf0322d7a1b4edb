import pytest

from features.tag import TAG
from tests.features.builders import plain, spoken, value_of, without_case

NONE = ["none"]
CASES = [
    *(
        (measure.name, posts, None)
        for measure in TAG
        for posts in ([], spoken("#a"), plain(20), spoken(*["#a #b"] * 9))
    ),
    ("tag_post_share", spoken(*NONE * 10), 0),
    ("tag_post_share", spoken("#a #b", "#c", *NONE * 8), 0.2),
    ("tag_post_share", plain(10, hashtags=["x"]), 1),
    ("tag_stack_share", spoken(*["#a #b #c"] * 10), 0),
    ("tag_stack_share", spoken("#a #b #c #d", *NONE * 9), 0.1),
    ("tag_stack_share", plain(10, hashtags=["x"] * 700), 1),
    ("tag_sequence_repeat_chance", spoken(*["#a"] * 10), 0),
    (
        "tag_sequence_repeat_chance",
        spoken("#a #b", "#A x #b", "#b #a", "#a #b #c", *NONE * 6),
        1 / 45,
    ),
    # With and without the sign.
    (
        "tag_sequence_repeat_chance",
        plain(5, hashtags=["a", "B"]) + plain(5, hashtags=["#a", "#b"]),
        1,
    ),
    ("tag_mix_chance", spoken(*["#a"] * 4, *NONE * 6), None),
    ("tag_mix_chance", spoken(*["#a"] * 5, *NONE * 5), 0),
    # Four of the ten pairs are alike.
    ("tag_mix_chance", spoken(*["#a"] * 3, *["#b"] * 2, *NONE * 5), 0.6),
    ("tag_mix_chance", spoken(*[f"#t{i}" for i in range(10)]), 1),
]


@pytest.mark.parametrize(("name", "posts", "expected"), CASES)
def test_value(name, posts, expected):
    assert value_of(name, None, posts) == (
        None if expected is None else pytest.approx(expected, rel=1e-6)
    )


def test_every_feature_has_a_table():
    assert without_case(TAG, CASES) == set()
