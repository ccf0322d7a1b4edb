import pytest

from features.language import LANGUAGE
from tests.features.builders import plain, value_of, without_case


def tagged(*languages: str | None) -> list[dict[str, object]]:
    return [{"language": language} for language in languages]


CASES = [
    ("language_mix_chance", [], None),
    ("language_mix_chance", tagged("en"), None),
    ("language_mix_chance", plain(20), None),
    ("language_mix_chance", tagged(*["en"] * 9, "und"), None),
    ("language_mix_chance", tagged(*["en-GB", "EN"] * 5), 0),
    ("language_mix_chance", tagged(*["en"] * 9, "fr", None), 9 / 45),
    ("language_mix_chance", tagged(*"abcdefghij"), 1),
]


@pytest.mark.parametrize(("name", "posts", "expected"), CASES)
def test_value(name, posts, expected):
    assert value_of(name, None, posts) == (
        None if expected is None else pytest.approx(expected, rel=1e-6)
    )


def test_every_feature_has_a_table():
    assert without_case(LANGUAGE, CASES) == set()
