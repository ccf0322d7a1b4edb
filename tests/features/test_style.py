import pytest

from features.style import STYLE
from tests.features.builders import at, plain, spoken, value_of, without_case

CASES = [
    *(
        (measure.name, posts, None)
        for measure in STYLE
        for posts in (
            [],
            spoken("one post"),
            plain(20),
            spoken(*["Few!!"] * 4),
            spoken(*['Theirs, "quoted"\n!!'] * 9, kind="repost"),
        )
    ),
    ("style_punctuation_share", spoken(*[""] * 5), None),
    ("style_punctuation_share", spoken(*["abc"] * 5), 0),
    ("style_punctuation_share", spoken(*["ab.,"] * 5), 0.5),
    ("style_punctuation_share", spoken(*["。!?"] * 5), 1),
    ("style_comma_share", spoken(*[""] * 5), None),
    ("style_comma_share", spoken(*["abc."] * 5), 0),
    ("style_comma_share", spoken(*["a, b, "] * 5), 2 / 5),
    # The wide comma is the same character after normalisation.
    ("style_comma_share", spoken(*["，"] * 5), 1),
    ("style_comma_share", spoken(*["a، b、"] * 5), 0),
    ("style_shouted_share", spoken(*["!"] * 5), None),
    ("style_shouted_share", spoken(*["I am A b"] * 5), 0),
    ("style_shouted_share", spoken(*["STOP it NOW please"] * 5), 0.5),
    ("style_shouted_share", spoken(*["ДА"] * 5), 1),
    ("style_emoji_share", spoken(*["© 2 #"] * 5), 0),
    ("style_emoji_share", spoken("🌊", "a 🌊🌊", "", "b", "c"), 0.4),
    ("style_emoji_share", spoken(*["🌊"] * 5), 1),
    ("style_break_share", spoken(*[" a b \n"] * 5), 0),
    ("style_break_share", spoken("a\nb", "a\n\nb\n", "", "b", "c"), 0.4),
    ("style_break_share", spoken(*["a\r\nb"] * 5), 1),
    ("style_quote_share", spoken(*["it's 'so'"] * 5), 0),
    ("style_quote_share", spoken('a "b"', "«c»", "", "b", "c"), 0.4),
    ("style_quote_share", spoken(*["„b“"] * 5), 1),
    ("style_mark_run_share", spoken(*["a! b?"] * 5), 0),
    ("style_mark_run_share", spoken("a!!", "b?!", "", "b", "c"), 0.4),
    ("style_mark_run_share", spoken(*["!!!!"] * 5), 1),
    ("style_closed_share", spoken("", "a", "a,", "a.b", "a #b"), 0),
    ("style_closed_share", spoken("a.", 'a!"', "b", "c", "d"), 0.4),
    # A link after it is not a word.
    ("style_closed_share", spoken(*["a? https://x.y"] * 5), 1),
    # As the limitation says: hashtags, emoji, marks of Arabic and Hindi.
    ("style_closed_share", spoken("a. #b", "a. 🌊", "هل؟", "नमस्ते।", "b."), 0.2),
    ("style_capital_start_share", spoken("", "a", "7 A", "ა", "!"), 0),
    ("style_capital_start_share", spoken("Ab", '"Éb', "b", "c", "d"), 0.4),
    ("style_capital_start_share", spoken(*["@ann Yes"] * 5), 1),
]


@pytest.mark.parametrize(("name", "posts", "expected"), CASES)
def test_value(name, posts, expected):
    assert value_of(name, None, posts) == (
        None if expected is None else pytest.approx(expected, rel=1e-6)
    )


def test_every_feature_has_a_table():
    assert without_case(STYLE, CASES) == set()


@pytest.mark.parametrize("measure", STYLE, ids=lambda measure: measure.name)
def test_only_the_latest_hundred_count(measure):
    loud, quiet = 'STOP, "now"\n!! 🌊.', "x"
    posts = [
        {**post, "text": loud if place < 5 else quiet}
        for place, post in enumerate(at(*range(105)))
    ]

    assert value_of(measure, None, posts[:100]) > 0
    assert value_of(measure, None, posts) == 0
