import pytest

from features.wording import WORDING
from tests.features.builders import at, plain, spoken, value_of, without_case

SEVEN = "one two three four five six seven"


def timed(*texts: str) -> list[dict[str, object]]:
    return [
        {**post, "text": text}
        for post, text in zip(at(*range(len(texts))), texts, strict=True)
    ]


CASES = [
    *(
        (measure.name, posts, None)
        for measure in WORDING
        for posts in (
            [],
            spoken("one post"),
            plain(50),
            spoken(*[SEVEN] * (measure.min_posts - 1)),
            # Reposts are somebody else's words.
            spoken(*[SEVEN] * 50, kind="repost"),
        )
    ),
    ("wording_start_repeat_chance", spoken(*"abcde"), 0),
    # Six words: too short to have a beginning and more.
    ("wording_start_repeat_chance", spoken(*["a b c d e f"] * 5), 0),
    (
        "wording_start_repeat_chance",
        spoken(SEVEN, "One, two: three FOUR five eight nine", *"abc"),
        1 / 10,
    ),
    ("wording_start_repeat_chance", spoken(*[SEVEN] * 5), 1),
    (
        "wording_start_repeat_chance",
        spoken(*[f"一二三四五六七{i}" for i in "八九"] * 3),
        1,
    ),
    # The oldest beyond a hundred do not count.
    ("wording_start_repeat_chance", timed(*[SEVEN] * 9, *["a"] * 100), 0),
    ("wording_end_repeat_chance", spoken(*"abcde"), 0),
    (
        "wording_end_repeat_chance",
        spoken(SEVEN, "Eight nine three four five six seven!", *"abc"),
        1 / 10,
    ),
    ("wording_end_repeat_chance", spoken(*[SEVEN] * 5), 1),
    ("wording_form_repeat_chance", spoken("a!", "b?", "c, d", "no marks", ""), 0),
    # One mark is nobody's form.
    ("wording_form_repeat_chance", spoken(*["well."] * 5), 0),
    (
        "wording_form_repeat_chance",
        spoken("Rain: 3 mm #wet", "Sun all day: 9 h #dry", "x", "y", "z"),
        1 / 10,
    ),
    (
        "wording_form_repeat_chance",
        spoken(*[f"@ann {i} look https://a.b/{i}" for i in range(5)]),
        1,
    ),
    ("wording_length_repeat_chance", spoken("", "a", "ab", "abc", "abcd"), 0),
    ("wording_length_repeat_chance", spoken("ab", "cd", "abc", "abcd", "e"), 1 / 10),
    ("wording_length_repeat_chance", spoken(*["x" * 99_999] * 5), 1),
    ("wording_word_repeat_chance", spoken("", "!", "", "", "a"), None),
    ("wording_word_repeat_chance", spoken(*"abcde"), 0),
    # Six words, of which one pair and one triple are alike: 1 + 3 of 15 pairs.
    ("wording_word_repeat_chance", spoken("a a", "B b", "b", "c", ""), 4 / 15),
    ("wording_word_repeat_chance", spoken(*["yes yes"] * 40), 1),
    ("wording_phrase_repeat_chance", spoken("a b", "", "", "", ""), None),
    ("wording_phrase_repeat_chance", spoken("a b c", "b a", "c", "d", "e"), 0),
    # a b, b c; a b; c a: one of six pairs is alike.
    ("wording_phrase_repeat_chance", spoken("a b c", "A, B", "c a", "d", "e"), 1 / 6),
    ("wording_phrase_repeat_chance", spoken(*["yes sir"] * 40), 1),
    # No time, no change.
    ("wording_shift", spoken(*["a b"] * 50), None),
    ("wording_shift", timed(*[f"w{i}" for i in range(50)]), None),
    ("wording_shift", timed(*["a a"] * 40), 0),
    ("wording_shift", timed(*["a a"] * 20, *["b b"] * 20), 1),
    # Forty words a half, twenty of each: 760 of 1,560 pairs within, 800 of 1,600 across.
    ("wording_shift", timed(*["a b"] * 40), 1 - (800 / 1600) / (760 / 1560)),
    # Forty of one word, then twenty of it and twenty of another.
    (
        "wording_shift",
        timed(*["a a"] * 20, *["a b"] * 20),
        1 - 2 * (800 / 1600) / (1 + 760 / 1560),
    ),
]


@pytest.mark.parametrize(("name", "posts", "expected"), CASES)
def test_value(name, posts, expected):
    assert value_of(name, None, posts) == (
        None if expected is None else pytest.approx(expected, abs=1e-6)
    )


def test_every_feature_has_a_table():
    assert without_case(WORDING, CASES) == set()
