import pytest

from features.handle import HANDLE
from tests.features.builders import value_of, without_case

HASH = "0123456789abcdef" * 4
CASES = [
    *(
        (measure.name, {"handle": given, "name": "Ann"}, None)
        for measure in HANDLE
        for given in (None, HASH)
    ),
    ("handle_digit_run", {"handle": ""}, 0),
    ("handle_digit_run", {"handle": "ann"}, 0),
    ("handle_digit_run", {"handle": "a1b2345c67"}, 4),
    ("handle_digit_run", {"handle": "1" * 3_000}, 3_000),
    ("handle_is_offered", {"handle": ""}, False),
    ("handle_is_offered", {"handle": "ann1234567"}, False),
    ("handle_is_offered", {"handle": "ann123456789"}, False),
    ("handle_is_offered", {"handle": "Ann_b12345678"}, True),
    ("handle_digit_row_count", {"handle": ""}, 0),
    ("handle_digit_row_count", {"handle": "ann12345"}, 1),
    ("handle_digit_row_count", {"handle": "a1b22٣c4"}, 3),
    ("handle_underscore_share", {"handle": ""}, None),
    ("handle_underscore_share", {"handle": "ann"}, 0),
    ("handle_underscore_share", {"handle": "a_n_"}, 0.5),
    ("handle_underscore_share", {"handle": "___"}, 1),
    ("handle_variety", {"handle": ""}, None),
    ("handle_variety", {"handle": "a"}, None),
    ("handle_variety", {"handle": "aaaa"}, 0),
    # One of the three pairs is alike.
    ("handle_variety", {"handle": "ann"}, 2 / 3),
    ("handle_variety", {"handle": "abcdefghij"}, 1),
    ("handle_similarity_share", {"handle": "ann", "name": None}, None),
    ("handle_similarity_share", {"handle": "", "name": "!"}, None),
    ("handle_similarity_share", {"handle": "xyz", "name": "Ann"}, 0),
    # an, nn, nb, bo, ob of the handle; an, nn of the name.
    ("handle_similarity_share", {"handle": "annbob", "name": "Ann"}, 2 / 5),
    ("handle_similarity_share", {"handle": "Ann_Bo", "name": "ann bo"}, 1),
]


@pytest.mark.parametrize(("name", "account", "expected"), CASES)
def test_value(name, account, expected):
    assert value_of(name, account) == (
        None if expected is None else pytest.approx(expected, rel=1e-6)
    )


def test_every_feature_has_a_table():
    assert without_case(HANDLE, CASES) == set()
