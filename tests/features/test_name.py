from math import log

import pytest

from features.artefacts import Artefacts
from features.name import NAME
from tests.features.builders import value_of, without_case

HASH = "0123456789abcdef" * 4
# Five pairs in all, four kinds of pair with the one that was never seen.
TABLE = Artefacts({"ab": 3, "bc": 1, "ca": 1})
CASES = [
    *(
        (name, account, None)
        for name in (
            "name_handle_length",
            "name_handle_digit_share",
            "name_handle_digit_tail",
            "name_handle_upper_share",
            "name_handle_bigram_loglik",
        )
        for account in ({"handle": None, "name": "Ann"}, {"handle": HASH})
    ),
    ("name_handle_length", {"handle": ""}, 0),
    ("name_handle_length", {"handle": "e\u0301_1"}, 3),
    ("name_handle_length", {"handle": "x" * 3_000}, 3_000),
    ("name_handle_digit_share", {"handle": ""}, None),
    ("name_handle_digit_share", {"handle": "ann"}, 0),
    ("name_handle_digit_share", {"handle": "an12"}, 0.5),
    ("name_handle_digit_share", {"handle": "٣٤"}, 1),
    ("name_handle_digit_tail", {"handle": ""}, 0),
    ("name_handle_digit_tail", {"handle": "a1b22"}, 2),
    ("name_handle_digit_tail", {"handle": "2020"}, 4),
    ("name_handle_digit_tail", {"handle": "22a"}, 0),
    ("name_handle_upper_share", {"handle": ""}, None),
    ("name_handle_upper_share", {"handle": "ann"}, 0),
    ("name_handle_upper_share", {"handle": "AnnB"}, 0.5),
    ("name_handle_upper_share", {"handle": "ÄÖ"}, 1),
    ("name_handle_bigram_loglik", {"handle": "a"}, None),
    ("name_handle_bigram_loglik", {"handle": "Ab"}, log(4 / 9)),
    ("name_handle_bigram_loglik", {"handle": "abzc"}, log(4 / 9 / 81) / 3),
    ("name_handle_bigram_loglik", {"handle": "z" * 99}, log(1 / 9)),
    *(
        (name, {"name": given}, None)
        for name in ("name_display_length", "name_display_digit_count")
        for given in (None, HASH)
    ),
    *(
        (name, {"name": given}, None)
        for name in (
            "name_display_mixes_look_alikes",
            "name_display_emoji_count",
            "name_display_upper_share",
        )
        for given in (None, HASH)
    ),
    ("name_says_program", {"handle": "ann", "name": None}, None),
    ("name_says_program", {"handle": HASH, "name": "Ann"}, None),
    ("name_says_program", {"handle": "", "name": ""}, False),
    ("name_says_program", {"handle": "talbot", "name": "Botany Club"}, False),
    ("name_says_program", {"handle": "rain_BOT", "name": ""}, True),
    ("name_says_program", {"handle": "bot_rain_7", "name": ""}, True),
    ("name_says_program", {"handle": "rain", "name": "The Rain BOT"}, True),
    ("name_display_mixes_look_alikes", {"name": ""}, False),
    ("name_display_mixes_look_alikes", {"name": "Anna Анна"}, False),
    # The second letter is Cyrillic.
    ("name_display_mixes_look_alikes", {"name": "P\u0430ul"}, True),
    ("name_display_emoji_count", {"name": "Ann © 7 #"}, 0),
    ("name_display_emoji_count", {"name": "🌍 Ann 🌊🌊"}, 3),
    ("name_display_emoji_count", {"name": "🌊" * 500}, 500),
    ("name_display_upper_share", {"name": ""}, None),
    ("name_display_upper_share", {"name": "ann"}, 0),
    ("name_display_upper_share", {"name": "AnnB"}, 0.5),
    ("name_display_upper_share", {"name": "ANN"}, 1),
    ("name_display_length", {"name": ""}, 0),
    ("name_display_length", {"name": "Ann 7"}, 5),
    ("name_display_length", {"name": "\u0301" * 400}, 400),
    ("name_display_digit_count", {"name": "Ann"}, 0),
    ("name_display_digit_count", {"name": "Ann 1984 ٣"}, 5),
    ("name_display_digit_count", {"name": "7" * 500}, 500),
]


@pytest.mark.parametrize(("name", "account", "expected"), CASES)
def test_value(name, account, expected):
    assert value_of(name, account, artefacts=TABLE) == (
        None if expected is None else pytest.approx(expected, abs=1e-6)
    )


def test_every_feature_has_a_table():
    assert without_case(NAME, CASES) == set()


def test_no_likelihood_without_a_table():
    assert value_of("name_handle_bigram_loglik", {"handle": "ab"}) is None
