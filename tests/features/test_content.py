from math import sqrt

import pytest

from features.content import CONTENT
from tests.features.builders import Post, at, plain, spoken, value_of, without_case

GREETING = "good morning"


def tagged(*languages: str | None) -> list[Post]:
    return [
        {**post, "language": language}
        for post, language in zip(at(*range(len(languages))), languages, strict=True)
    ]


CASES = [
    *(
        (measure.name, posts, None)
        for measure in CONTENT
        for posts in (
            [],
            spoken("one post"),
            plain(20),
            spoken(*["few posts"] * (measure.min_posts - 1)),
        )
    ),
    ("content_duplicate_share", spoken(*(f"post number {i}" for i in range(5))), 0),
    ("content_duplicate_share", spoken(*[GREETING] * 5), 1),
    # Links, mentions, capitals and spaces aside.
    (
        "content_duplicate_share",
        spoken(GREETING, "Good  MORNING", "@ann good morning https://x.y", *"ab"),
        0.3,
    ),
    # Width and composition aside.
    ("content_duplicate_share", spoken("ｇｏｏｄ morning", GREETING, *"abc"), 0.1),
    ("content_duplicate_share", spoken(*["thanks"] * 5), 0),
    # Eight characters, and one fewer.
    ("content_duplicate_share", spoken(*["thankyou"] * 5), 1),
    ("content_duplicate_share", spoken(*["thanku!"] * 5), 0),
    ("content_duplicate_share", spoken(*[GREETING] * 5, kind="repost"), 0),
    ("content_duplicate_share", plain(5, kind="repost"), 0),
    ("content_link_share", spoken(*["none"] * 5), 0),
    ("content_link_share", spoken("http://a.b https://c.d", *["none"] * 4), 0.2),
    ("content_link_share", plain(5, links=["u"]), 1),
    ("content_hashtags_per_post", spoken(*["none"] * 5), 0),
    ("content_hashtags_per_post", spoken("#a #b #c", *["#d"] * 2, "", ""), 1),
    ("content_hashtags_per_post", plain(5, hashtags=["x"] * 700), 700),
    ("content_hashtag_repeat_share", spoken(*(f"#t{i}" for i in range(10))), 0),
    ("content_hashtag_repeat_share", spoken(*["#a"] * 3, *["x"] * 7), 3 / 45),
    # With and without the sign, in capitals or not.
    (
        "content_hashtag_repeat_share",
        [*plain(5, hashtags=["A"]), *plain(5, hashtags=["#a", "#b"])],
        1,
    ),
    ("content_language_switch_share", tagged(*["en"] * 10), 0),
    ("content_language_switch_share", tagged(*["en", "fr"] * 5), 1),
    ("content_language_switch_share", tagged(*["en"] * 5, *["fr"] * 5), 1 / 9),
    ("content_language_switch_share", tagged(*["en-GB", "EN_us"] * 5), 0),
    # Not known which came first.
    ("content_language_switch_share", plain(5, language="en") * 2, None),
    ("content_language_switch_share", tagged(*["en", None] * 10), None),
    ("content_language_switch_share", tagged(*["en"] * 11, None), 0),
    ("content_language_switch_share", tagged(*["en"] * 11, None, None), None),
    # No language is not another language.
    ("content_language_switch_share", tagged(*["en"] * 10, "und", "fr", "fr"), 0),
    ("content_length_mean", spoken("", "", ""), 0),
    ("content_length_mean", spoken("abc", "abcdef", "@ann abc https://x.y"), 4),
    ("content_length_mean", [*spoken("a" * 9, "", ""), *spoken("x", kind="repost")], 3),
    ("content_length_mean", spoken(*["x" * 200_000] * 3), 200_000),
    ("content_length_variation", spoken("", "", ""), None),
    ("content_length_variation", spoken("abc", "abc", "abc"), 0),
    ("content_length_variation", spoken("aaaaaa", "", ""), sqrt(2)),
    ("content_length_variation", spoken("a" * 10**6, *[""] * 99), sqrt(99)),
    ("content_word_length", spoken("", "!!", "..."), None),
    ("content_word_length", spoken("ab cd", "ab cd", "ab cd"), 2.5),
    ("content_word_length", spoken("!!!!", "", "a"), 5),
    ("content_word_length", spoken(*["x" * 200_000] * 3), 200_000),
    ("content_upper_share", spoken("123", "", "!"), None),
    ("content_upper_share", spoken("abc", "", ""), 0),
    ("content_upper_share", spoken("AbcD", "ÄÖ", "xy"), 0.5),
    ("content_upper_share", spoken("ABC", "D", ""), 1),
    ("content_digit_share", spoken("", "", ""), None),
    ("content_digit_share", spoken("abc", "", ""), 0),
    ("content_digit_share", spoken("ab12", "٣a", ""), 0.5),
    ("content_digit_share", spoken("12", "3", ""), 1),
    ("content_mark_share", spoken("", "", ""), None),
    ("content_mark_share", spoken("abc", "", ""), 0),
    ("content_mark_share", spoken("ab!?", "", ""), 0.5),
    ("content_mark_share", spoken("!", "?", "!!"), 1),
    ("content_mark_share", spoken("a؟", "b؟", "c؟"), 0),
]


@pytest.mark.parametrize(("name", "posts", "expected"), CASES)
def test_value(name, posts, expected):
    assert value_of(name, None, posts) == (
        None if expected is None else pytest.approx(expected, rel=1e-6)
    )


def test_every_feature_has_a_table():
    assert without_case(CONTENT, CASES) == set()
