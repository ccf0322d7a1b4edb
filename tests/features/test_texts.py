"""Repairs and own words of texts, against the same rules written in plain Python.

The expressions pass over texts that need no change; these tests change every text.
"""

import re
import unicodedata

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import equalise, measures
from tests.features.builders import Post, make_posts

# Without marks and fractions, which are letters to one of the two engines alone.
PIECES = st.lists(
    st.sampled_from(
        [
            *("RT @a: ", "RT @a+b= ", "via @b", "@ann", "@", "a", "Ä", "7", "٣", "_"),
            *("\ufffd", "\r", "\r\n", "\n", " ", "  ", "\t", "\u3000", "!", "…", "ﬁ"),
            *("&amp;", "&lt;", "&#39;", "&amp;lt;", "&", "amp;", "＠ann", "K"),
            *("http://a.b", "HTTP://a.b", "hTtP://", "xhttp://", "https://c", "://"),
            *("字", "Ⅳ", "ᾈ", "\u00a0", "\u200b", "😀"),
        ]
    ),
    max_size=8,
).map("".join)
SETTINGS = settings(max_examples=60, deadline=None, database=None)


def repaired(text: str) -> str:
    text = re.sub("\r\n?", "\n", text.replace("\ufffd", ""))
    entities = dict(equalise.ENTITIES)
    text = re.sub("|".join(entities), lambda found: entities[found[0]], text)
    text = re.sub(r"(?i)\bhttp://", "https://", text)
    return re.sub(r"^\s*RT @\S+?:?(?:\s+|$)", "", text, count=1)


UNSEEN = "[\u00ad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"


def words(text: str) -> str:
    text = re.sub(UNSEEN, "", text)
    text = re.sub(r"https?://\S+|@\w+", " ", text)
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip()


def wrong_repairs(texts: list[str]) -> list[str]:
    posts = equalise.posts(make_posts([{"text": text} for text in texts]))
    return [
        text
        for text, found in zip(texts, posts["text"], strict=True)
        if found != repaired(text)
    ]


def wrong_words(posts: list[Post]) -> list[Post]:
    """Own posts with other words or letters than these, others with any."""
    found = measures.measure(make_posts(posts), {"words_only", "letters"})
    wrong = []
    for post, own, letters in zip(
        posts, found["words_only"], found["letters"], strict=True
    ):
        expected = None
        if post["kind"] != "repost" and post["text"] is not None:
            expected = words(post["text"])
        count = sum(unicodedata.category(c)[0] == "L" for c in expected or "")
        if (own, letters) != (expected, None if expected is None else count):
            wrong.append(post)
    return wrong


@SETTINGS
@given(st.lists(PIECES, min_size=1, max_size=20))
def test_texts_are_repaired_wherever_the_damage_is(texts):
    assert wrong_repairs(texts) == []


def test_a_repair_that_is_left_out_is_caught(monkeypatch):
    """The twin."""
    monkeypatch.setattr(equalise, "_SIGNS", dict(equalise.ENTITIES))

    assert wrong_repairs(["a\rb"])


def test_a_damage_that_is_not_looked_for_is_caught(monkeypatch):
    """The twin: texts that hold it are passed over."""
    monkeypatch.setattr(equalise, "DAMAGED", equalise.DAMAGED.replace("pP", "p"))

    assert wrong_repairs(["http://a.b HTTP://a.b"]) == []
    assert wrong_repairs(["HTTP://a.b"])


@SETTINGS
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "kind": st.sampled_from(["original", "repost", "reply"]),
                "text": st.none() | PIECES,
            }
        ),
        min_size=1,
        max_size=20,
    )
)
def test_own_words_and_their_letters(posts):
    assert wrong_words(posts) == []


def test_spaces_that_normalising_leaves_are_single_ones():
    posts: list[Post] = [
        {"kind": "original", "text": text}
        for text in ("a\u00a0 \u3000b", "a @b\u00a0@c d", "\u00a8 \u00a8", "a ＠b  c")
    ]

    assert wrong_words(posts) == []


@pytest.mark.parametrize("sign", ["\u200b", "\u00ad", "\u202e", "\ufeff", "\u2066"])
def test_signs_that_nobody_sees_do_not_hide_a_repeated_text(sign):
    said = "one and the same text"
    hidden = f"one and{sign} the same{sign} te{sign}xt"
    found = measures.measure(
        equalise.posts(make_posts([{"text": text} for text in (said, hidden)])),
        {"words_only", "text_key", "token_keys"},
    )

    for column in ("words_only", "text_key", "token_keys"):
        assert found[column][0] is not None
        assert found[column].n_unique() == 1


def test_signs_that_join_letters_stay():
    joined = ["می\u200cخواهم", "\U0001f468\u200d\U0001f469\u200d\U0001f467"]
    posts = make_posts([{"text": text} for text in joined])

    assert measures.measure(posts, {"words_only"})["words_only"].to_list() == joined


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("gr漢字 ok", ["gr", "漢", "字", "ok"]),
        ("7月3日", ["7", "月", "3", "日"]),
        ("スーパー", [*"スーパー"]),
        ("ไทยabc", [*"ไทย", "abc"]),
        ("don2 t_x", ["don2", "t_x"]),
    ],
)
def test_words_of_scripts_without_spaces_are_characters(text, tokens):
    posts = make_posts([{"text": text}])

    found = measures.measure(posts, {"tokens"})["tokens"]

    assert found.to_list() == [tokens]


def test_words_that_are_not_normalised_are_caught(monkeypatch):
    """The twin: as if every text were ASCII."""
    plain = pl.when(pl.col("kind") != "repost").then(measures._bare(pl.col("text")))
    shape, first, *others = measures._STAGES
    changed = {**first, "words_only": plain}
    monkeypatch.setattr(measures, "_STAGES", (shape, changed, *others))
    # What they need is kept, of the true ones and then of these.
    monkeypatch.setattr(measures, "_needed", measures._needed.__wrapped__)

    assert wrong_words([{"kind": "original", "text": "ﬁne"}])
