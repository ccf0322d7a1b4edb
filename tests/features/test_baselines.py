from datetime import timedelta

import pytest

from features.artefacts import Artefacts
from features.baselines import SGBOT_17, TEXT_6
from tests.features.builders import AS_OF, plain, spoken, value_of, without_case

HASH = "0123456789abcdef" * 4
OLD = AS_OF - timedelta(days=4)
OWN = {f.name: f for f in (*SGBOT_17, *TEXT_6) if f.group in ("sgbot", "text")}
MEASURES = (
    "length",
    "word_count",
    "link_count",
    "mention_count",
    "hashtag_count",
    "marks",
)
CASES = [
    ("sgbot_likes_per_day", {"likes_total": 8}, [], None),
    ("sgbot_likes_per_day", {"created_at": OLD}, [], None),
    ("sgbot_likes_per_day", {"likes_total": 0, "created_at": OLD}, [], 0),
    ("sgbot_likes_per_day", {"likes_total": 8, "created_at": OLD}, [], 2),
    ("sgbot_likes_per_day", {"likes_total": 8, "created_at": AS_OF}, [], 8),
    ("sgbot_handle_digit_count", {}, [], None),
    ("sgbot_handle_digit_count", {"handle": HASH}, [], None),
    ("sgbot_handle_digit_count", {"handle": "ann"}, [], 0),
    ("sgbot_handle_digit_count", {"handle": "a1n22"}, [], 3),
    *((f"text_{measure}_mean", {}, [], None) for measure in MEASURES),
    *((f"text_{measure}_mean", {}, plain(3), None) for measure in MEASURES),
    *((f"text_{measure}_mean", {}, spoken("", ""), 0) for measure in MEASURES),
    *(
        (f"text_{measure}_mean", {}, spoken("#a two! @b https://c.d", ""), expected)
        for measure, expected in zip(
            MEASURES, (3.5, 1, 0.5, 0.5, 0.5, 0.5), strict=True
        )
    ),
]


@pytest.mark.parametrize(("name", "account", "posts", "expected"), CASES)
def test_value(name, account, posts, expected):
    assert value_of(OWN[name], account, posts) == (
        None if expected is None else pytest.approx(expected, rel=1e-6)
    )


def test_every_feature_of_the_baselines_has_a_table():
    assert without_case(list(OWN.values()), CASES, values=2) == set()


def test_sizes():
    assert (len(SGBOT_17), len(TEXT_6)) == (17, 6)
    assert value_of(SGBOT_17[-1], {"handle": "ab"}, artefacts=Artefacts({"ab": 1})) < 0
