import pytest

from features.bio import BIO
from tests.features.builders import value_of, without_case

CASES = [
    *((measure.name, {"bio": None}, None) for measure in BIO),
    ("bio_emoji_count", {"bio": ""}, 0),
    ("bio_emoji_count", {"bio": "© 2020 #1 ™"}, 0),
    ("bio_emoji_count", {"bio": "tea 🍵 and 🌊🌊"}, 3),
    ("bio_emoji_count", {"bio": "🌊" * 500}, 500),
    # As the limitation says: a family of three, a flag.
    ("bio_emoji_count", {"bio": "👩‍👩‍👧"}, 3),
    ("bio_emoji_count", {"bio": "🇬🇪"}, 0),
    ("bio_mention_count", {"bio": "me @ home"}, 0),
    ("bio_mention_count", {"bio": "me@mail.example https://a.example/@me"}, 0),
    ("bio_mention_count", {"bio": "at @work, ex @school"}, 2),
    ("bio_mention_count", {"bio": "@ann " * 500}, 500),
    ("bio_says_program", {"bio": ""}, False),
    ("bio_says_program", {"bio": "robotics and botany"}, False),
    ("bio_says_program", {"bio": "I am a Bot. By @ann"}, True),
    ("bio_says_program", {"bio": "automated rain reports"}, True),
]


@pytest.mark.parametrize(("name", "account", "expected"), CASES)
def test_value(name, account, expected):
    assert value_of(name, account) == expected


def test_every_feature_has_a_table():
    assert without_case(BIO, CASES) == set()
