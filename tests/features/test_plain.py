"""What is spared on most posts changes nothing: against the rules, applied to all.

Byte by byte where a text is ASCII, repairs where something is to repair, cut before
repairs, cap where there may be too many, pairs without looking at each.
"""

from collections import Counter
from itertools import chain
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import equalise, history, measures, plain, totals, words
from features.hosts import SHORTENERS, host
from features.measures import measure
from features.prepared import prepare
from tests.features import nasty
from tests.features.builders import AS_OF, at, make_account, make_posts, spoken

HOSTILE = st.one_of(
    st.lists(
        st.sampled_from(
            [
                *("RT @a: ", "@ann ", "#tag", "http://a.b ", "HTTPS://C.D/é ", "vote"),
                *(
                    "&amp;lt;",
                    "&#39;",
                    "\ufffd",
                    "\r\n",
                    "\x00",
                    "\x1c",
                    "\x7f",
                    "\x85",
                ),
                *("\u202eabc\u202c", "\u2066", "\u200b", "\ufeff", "\u00a0", "\u3000"),
                *(
                    "\\ud83d\\ude00",
                    "Ã©",
                    "â€™",
                    "Ð¡",
                    "É",
                    "ǅ",
                    "ß",
                    "İ",
                    "Ⅳ",
                    "字",
                    "ก",
                ),
                *(
                    "A",
                    "Z",
                    "a",
                    "z",
                    "@",
                    "[",
                    "`",
                    "{",
                    "0",
                    "_",
                    " ",
                    "  ",
                    "!",
                    "'",
                ),
            ]
        ),
        max_size=8,
    ).map("".join),
    # One byte in Latin-1, two in UTF-8, which some collector decoded as Latin-1.
    st.text(max_size=8).map(
        lambda text: text.encode("utf-8", "replace").decode("latin-1")
    ),
    st.text(st.characters(max_codepoint=127), max_size=12),
    st.text(st.characters(codec="utf-8"), max_size=12),
)
POSTS = st.lists(
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(["original", "repost", "reply"]),
            "text": st.none() | HOSTILE,
        }
    ),
    min_size=1,
    max_size=12,
)
SETTINGS = settings(max_examples=80, deadline=None, database=None)
READ = (
    *("kind", "text", "words_only", "upper", "letters", "host", "tag_sequence"),
    *("tokens", "outline"),
)


def by_rules(posts: pl.DataFrame) -> pl.DataFrame:
    """Every rule on every row, as it is declared."""
    text = pl.col("text")
    aimed = rf"{equalise.LINK}|{equalise.MENTION}"
    own = pl.when(pl.col("kind") != "repost")
    bare = pl.col("words_only")
    link = text.str.extract_all(equalise.LINK).list.first()
    tags = text.str.extract_all(equalise.FROM_TEXT["hashtags"]).list.eval(
        pl.element().str.extract(r"(#\w+)$")
    )
    return (
        posts.with_columns(
            text.str.replace_all(equalise.UNDECODED, "", literal=True)
            .str.replace_many(equalise._SIGNS, leftmost=True)
            .str.replace_all(equalise.PLAIN_SCHEME, "https://")
        )
        .with_columns(
            pl.when(text.str.contains(equalise.REPOST_PREFIX))
            .then(pl.lit("repost"))
            .otherwise("kind")
            .alias("kind"),
            text.str.replace(equalise.REPOST_PREFIX, ""),
        )
        .with_columns(
            words_only=own.then("text")
            .str.replace_many(measures._UNSEEN, [""])
            .str.replace_all(aimed, " ")
            .str.normalize("NFKC")
            .str.replace_all(r"\s+", " ")
            .str.strip_chars()
        )
        .select(
            *("kind", "text", "words_only"),
            bare.str.count_matches(r"\p{Lu}").cast(pl.Int64).alias("upper"),
            bare.str.count_matches(r"\p{L}").cast(pl.Int64).alias("letters"),
            own.then(host(link))
            .replace(dict.fromkeys(("t.co", *SHORTENERS)))
            .alias("host"),
            pl.when(tags.list.len() > 1)
            .then(tags.list.join(" ").str.to_lowercase().str.replace_all("#", ""))
            .alias("tag_sequence"),
            bare.str.to_lowercase().str.extract_all(words._WORD).alias("tokens"),
            own.then(words._outline(text)).alias("outline"),
        )
    )


def wrong(posts: list[dict[str, Any]]) -> list[str]:
    """Measures of which some post has another value than by the rules."""
    table = make_posts(posts)
    found, expected = measure(equalise.posts(table), set(READ)), by_rules(table)
    return [name for name in READ if not found[name].equals(expected[name])]


@SETTINGS
@given(POSTS)
def test_hostile_texts_are_measured_as_by_the_rules(posts):
    assert wrong(posts) == []


@pytest.mark.parametrize(
    ("name", "among"),
    [("is_capital", lambda byte: byte > 64), ("is_letter", plain.is_capital)],
)
def test_bytes_that_are_told_apart_wrongly_are_caught(monkeypatch, name, among):
    """The twin."""
    column = {"is_capital": "upper", "is_letter": "letters"}[name]
    counted = plain.count(measures._WORDS, among)
    changed = [
        {**stage, column: counted} if column in stage else stage
        for stage in measures._STAGES
    ]
    monkeypatch.setattr(measures, "_STAGES", changed)
    monkeypatch.setattr(measures, "_needed", measures._needed.__wrapped__)

    assert wrong(spoken("Ab c")) == [column]


def test_a_text_that_is_not_plain_is_not_taken_for_one(monkeypatch):
    """The twin: its letters beyond ASCII would be lost."""
    shape, *others = measures._STAGES
    every = {**shape, "plain": pl.col("text").is_not_null()}
    monkeypatch.setattr(measures, "_STAGES", (every, *others))
    monkeypatch.setattr(measures, "_needed", measures._needed.__wrapped__)

    assert wrong(spoken("abc")) == []
    assert "letters" in wrong(spoken("abcé"))


def same_posts(accounts: pl.DataFrame, posts: pl.DataFrame) -> bool:
    """Whether those that are prepared are those cut after all repairs."""
    once = equalise.posts(equalise.distinct(posts))
    expected = history.before_as_of(once, equalise.accounts(accounts))
    return prepare(accounts, posts, None).posts[expected.columns].equals(expected)


@settings(max_examples=40, deadline=None, database=None)
@given(nasty.tables(), st.sampled_from([1, 3, 60, 3_200]))
def test_posts_are_those_cut_after_all_repairs(tables, cap):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(history, "HISTORY_CAP", cap)

        assert same_posts(*tables)


def test_posts_beyond_the_cap_are_cut_from_one_more(monkeypatch):
    monkeypatch.setattr(history, "HISTORY_CAP", 3)

    for count in (2, 3, 4):
        posts = make_posts(at(*range(count)))
        assert prepare(make_account(), posts, None).posts.height == min(count, 3)


def test_a_cap_that_is_left_out_is_caught(monkeypatch):
    """The twin: as if nobody had many posts."""
    latest = history.latest
    monkeypatch.setattr(history, "HISTORY_CAP", 3)
    monkeypatch.setattr(
        history, "latest", lambda posts, most=None: latest(posts, most and 0)
    )

    assert not same_posts(make_account(as_of=AS_OF), make_posts(at(*range(4))))


def pairs(tokens: list[list[str]]) -> int:
    counts = Counter(chain.from_iterable(tokens))
    return sum(count * (count - 1) for count in counts.values())


@SETTINGS
@given(POSTS)
def test_pairs_of_words_are_those_of_each_with_each(posts):
    measured = measure(equalise.posts(make_posts(posts)))
    found = totals.reduce(measured, {"words_pairs"}, {})

    assert found["words_pairs"].to_list() == [
        pairs(measured["tokens"].drop_nulls().to_list())
    ]
