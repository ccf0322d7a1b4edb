"""Each repair; and that it takes away what would tell one collector from another."""

from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from features import equalise
from features.build import build_features
from tests.features.builders import (
    AS_OF,
    Post,
    at,
    make_account,
    make_accounts,
    make_posts,
    plain,
    spoken,
    value_of,
)


def account(**columns: Any) -> dict[str, Any]:
    return equalise.accounts(make_account(**columns)).row(0, named=True)


def post(**columns: Any) -> Post:
    return equalise.posts(make_posts([columns])).row(0, named=True)


def test_creation_is_a_day_and_the_moment_a_minute():
    moment = AS_OF + timedelta(hours=5, minutes=4, seconds=3)

    found = account(created_at=moment, as_of=moment)

    assert found["created_at"] == AS_OF
    assert found["as_of"] == AS_OF + timedelta(hours=5, minutes=4)


@pytest.mark.parametrize(
    ("handle", "hashed"),
    [
        ("0123456789abcdef" * 4, True),
        ("nJ7W0+Yq4ZrV2x1cHk9sBf3aQeTmLpOu6iDgXwRbCvE=", True),
        (" nJ7W0+Yq4ZrV2x1cHk9sBf3aQeTmLpOu6iDgXwRbCvE=\t", True),
        ("nJ7W0+Yq4ZrV2x1cHk9sBf3aQeTmLpOu6iDgXwRbCvE0=", False),
        ("0123456789abcdef" * 3, False),
        ("0123456789ABCDEF" * 4, False),
        ("ann", False),
        ("", False),
        (None, False),
    ],
)
@pytest.mark.parametrize("column", ["handle", "name"])
def test_hashes_are_null_in_both_columns(column, handle, hashed):
    other = "name" if column == "handle" else "handle"

    found = account(**{column: handle, other: "Ann"})

    assert found["names_hashed"] is hashed
    assert found[column] == (None if hashed else handle)
    assert found[other] == (None if hashed else "Ann")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("en", "en"),
        ("EN-gb", "en"),
        ("zh_Hans", "zh"),
        ("und", None),
        ("zxx", None),
        ("qme", None),
        ("undu", "undu"),
        ("qaa", "qaa"),
        ("nb", "no"),
        ("", None),
        ("?", None),
        (None, None),
    ],
)
def test_languages(given, expected):
    assert post(language=given)["language"] == expected
    assert account(declared_language=given)["declared_language"] == expected


@pytest.mark.parametrize(
    ("text", "kind", "kept"),
    [
        ("RT @ann: words", "repost", "words"),
        ("RT @ann words", "repost", "words"),
        ("  RT @a+b=: words", "repost", "words"),
        ("RT @ann:", "repost", ""),
        ("RT @ann: RT @bob: words", "repost", "RT @bob: words"),
        ("words RT @ann: words", "reply", "words RT @ann: words"),
        ("RT words", "reply", "RT words"),
        ("", "reply", ""),
        (None, "reply", None),
    ],
)
def test_the_prefix_of_a_repost(text, kind, kept):
    found = post(text=text, kind="reply")

    assert (found["kind"], found["text"]) == (kind, kept)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a &amp; b &lt;3 &gt;", "a & b <3 >"),
        ("&amp;lt;", "&lt;"),
        ("caf\ufffd", "caf"),
        ("http://a.b http://c.d", "https://a.b https://c.d"),
    ],
)
def test_texts(text, expected):
    assert post(text=text)["text"] == expected


@pytest.mark.parametrize(("client", "expected"), [("", None), (" ", " "), ("a", "a")])
def test_an_application_without_a_name_is_none(client, expected):
    assert post(client=client)["client"] == expected


@pytest.mark.parametrize(
    ("column", "read"),
    [("links", ["https://a.b"]), ("mentions", ["@ann"]), ("hashtags", ["#tea"])],
)
def test_lists_are_read_from_the_text_where_they_were_not_given(column, read):
    text = "@ann #tea http://a.b"

    assert post(text=text)[column] == read
    assert post(text=text, **{column: []})[column] == []
    assert post(text=text, **{column: ["x"]})[column] == ["x"]
    assert post(text=None)[column] is None


@pytest.mark.parametrize(
    ("text", "mentions", "hashtags"),
    [
        ("write to me@mail.example", [], []),
        ("see https://a.example/#top and http://b.example/@ann?x=#y", [], []),
        ("see https://a.example #tea by @ann", ["@ann"], ["#tea"]),
        ("(@ann) .@bob\n@me #a#b", ["@ann", "@bob", "@me"], ["#a"]),
        ("c#sharp ##tea it&#8217;s", [], []),
        ("", [], []),
    ],
)
def test_addresses_name_nobody_and_nothing(text, mentions, hashtags):
    assert post(text=text)["mentions"] == mentions
    assert post(text=text)["hashtags"] == hashtags


@pytest.mark.parametrize(
    "handle", ["nJ7W0+Yq4ZrV2x1cHk9sBf3aQeTmLpOu6iDgXwRbCvE=", "0123456789abcdef" * 4]
)
def test_a_hashed_handle_is_named_whole_and_leaves_no_word(handle):
    told = f"@{handle} good day to you, and so on"
    hashed, plain_one = (
        [{"text": text, "kind": "reply"}] * 20
        for text in (told, told.replace(handle, "ann"))
    )

    assert post(text=told)["mentions"] == [f"@{handle}"]
    for name in ("content_length_mean", "content_digit_share", "content_upper_share"):
        assert value_of(name, None, hashed) == value_of(name, None, plain_one)


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        ("@ann.host.example thanks!", ["@ann.host.example"]),
        ("@ann@host.example thanks!", ["@ann@host.example"]),
        ("@ann@sub.host.example.", ["@ann@sub.host.example"]),
        # One dot ends a sentence.
        ("thanks @ann.And more", ["@ann"]),
        ("@ann @bob", ["@ann", "@bob"]),
    ],
)
def test_handles_of_open_networks_are_named_whole(text, mentions):
    named = post(text=text)["mentions"]
    rest = text
    for name in mentions:
        rest = rest.replace(name, " ")

    assert named == mentions
    for feature in ("content_length_mean", "content_duplicate_share"):
        told, alone = (
            [{"text": f"{one} number {n}", "kind": "reply"} for n in range(20)]
            for one in (text, " ".join(rest.split()))
        )
        assert value_of(feature, None, told) == value_of(feature, None, alone)


@pytest.mark.parametrize("column", ["links", "mentions", "hashtags"])
def test_nothing_at_a_place_of_a_list_does_not_count(column):
    assert post(**{column: [None, "https://a.b", None]})[column] == ["https://a.b"]
    assert post(**{column: [None]})[column] == []
    # What some collectors leave where nothing was found.
    assert post(**{column: ["", " ", "#", "@", "https://a.b"]})[column] == [
        "https://a.b"
    ]
    assert post(**{column: [""]})[column] == []


def test_times_of_posts_are_minutes():
    moment = AS_OF + timedelta(seconds=59, milliseconds=999)

    found = post(posted_at=moment, target_posted_at=moment)

    assert (found["posted_at"], found["target_posted_at"]) == (AS_OF, AS_OF)


def kept_of(posts: list[Post]) -> list[int | None]:
    """Likes of the posts that stay; the same in any order."""
    found = sorted(equalise.distinct(make_posts(posts))["likes"].to_list())
    backwards = equalise.distinct(make_posts(posts[::-1]))["likes"].to_list()
    assert sorted(backwards) == found
    return found


SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [
        ({"post_id": "1"}, {"post_id": "1"}, 1),
        ({"post_id": "1", "text": "a"}, {"post_id": "1", "text": "b"}, 1),
        ({"post_id": "1"}, {"post_id": "2"}, 2),
        ({"post_id": "1"}, {"post_id": "1", "account_id": "a/1"}, 2),
        ({"text": "a", "posted_at": AS_OF}, {"text": "a", "posted_at": AS_OF}, 1),
        ({"posted_at": AS_OF}, {"posted_at": AS_OF, "kind": "repost"}, 1),
        ({"text": "a", "posted_at": AS_OF}, {"text": "b", "posted_at": AS_OF}, 2),
        ({"posted_at": AS_OF}, {"posted_at": AS_OF, "account_id": "a/1"}, 2),
        ({"posted_at": AS_OF}, {"posted_at": AS_OF + SECOND}, 2),
        ({"posted_at": AS_OF}, {"posted_at": AS_OF, "post_id": "1"}, 2),
        ({"text": "a"}, {"text": "a"}, 2),
    ],
)
def test_posts_are_one_by_id_or_else_by_time_and_text(one, other, count):
    assert len(kept_of([{"likes": 1, **one}, {"likes": 2, **other}])) == count


def test_the_first_by_time_and_content_is_kept():
    early, late = AS_OF - timedelta(days=1), AS_OF + timedelta(days=1)

    def kept(*times):
        return kept_of(
            [{"post_id": "1", "posted_at": t, "likes": i} for i, t in enumerate(times)]
        )

    assert kept(late, early) == [1]
    assert kept(late, early, None) == [2]
    assert kept(early, early) == [0]


def test_posts_that_stand_once_come_back_as_they_are():
    posts = make_posts([*at(3, 1, 2, text="b"), *plain(2)])

    assert equalise.distinct(posts).equals(posts)
    assert equalise.distinct(posts.clear()).equals(posts.clear())


# Two collectors of one and the same account: what they make of it must be the same.

TEXTS = ["news & views http://a.b #tea", "good morning", "@ann yes!"]
PLAIN = [
    {**p, "text": t, "kind": k, "language": lang}
    for p, t, k, lang in zip(
        at(*range(0, 30)),
        [*TEXTS * 9, *["words of others"] * 3],
        [*["original", "original", "reply"] * 9, *["repost"] * 3],
        [*["en", None, "en"] * 9, *["en"] * 3],
        strict=True,
    )
]


def tell_seconds(posts: list[Post]) -> list[Post]:
    later = timedelta(seconds=31)
    return [{**p, "posted_at": p["posted_at"] + later} for p in posts]


def tell_entities(posts: list[Post]) -> list[Post]:
    return [{**p, "text": p["text"].replace("&", "&amp;")} for p in posts]


def tell_scheme(posts: list[Post]) -> list[Post]:
    return [{**p, "text": p["text"].replace("http:", "https:")} for p in posts]


def tell_prefix(posts: list[Post]) -> list[Post]:
    return [
        {**p, "text": f"RT @bob: {p['text']}", "kind": "original"}
        if p["kind"] == "repost"
        else p
        for p in posts
    ]


def tell_mention_of_the_reposted(posts: list[Post]) -> list[Post]:
    return [{**p, "mentions": ["bob"]} if p["kind"] == "repost" else p for p in posts]


def tell_no_language(posts: list[Post]) -> list[Post]:
    return [{**p, "language": p["language"] or "und"} for p in posts]


def tell_region(posts: list[Post]) -> list[Post]:
    return [{**p, "language": p["language"] and "en-US"} for p in posts]


def tell_tags_without_sign(posts: list[Post]) -> list[Post]:
    return [{**p, "hashtags": ["tea"] if "#tea" in p["text"] else []} for p in posts]


@pytest.mark.parametrize(
    "collect",
    [
        tell_seconds,
        tell_entities,
        tell_scheme,
        tell_prefix,
        tell_mention_of_the_reposted,
        tell_no_language,
        tell_region,
        tell_tags_without_sign,
    ],
)
def test_what_tells_collectors_apart_is_gone_from_the_values(collect):
    other = collect(PLAIN)

    one, two = (
        build_features(make_account(), make_posts(p), None) for p in (PLAIN, other)
    )

    # The planted mark is in the tables, so the first of these could fail.
    assert not make_posts(other).equals(make_posts(PLAIN))
    assert two.equals(one)


def test_a_difference_of_behaviour_is_not():
    other = [{**p, "text": p["text"] + "!"} for p in PLAIN]

    assert value_of("content_mark_share", None, other) != value_of(
        "content_mark_share", None, PLAIN
    )


def test_hashed_and_plain_names_leave_no_mark():
    hashed = {"handle": "0123456789abcdef" * 4}

    built = build_features(make_accounts(hashed, {}), make_posts(spoken("x")), None)

    assert built[0].drop("account_id").equals(built[1].drop("account_id"))


def test_the_plan_tells_repairs_apart(monkeypatch):
    before = equalise.plan()

    monkeypatch.setattr(equalise, "REPOST_PREFIX", "^RT ")

    assert equalise.plan() != before


def test_the_plan_tells_rules_of_sameness_apart(monkeypatch):
    before = equalise.plan()

    monkeypatch.setattr(equalise, "SAME_POST", equalise.SAME_POST[:1])

    assert equalise.plan() != before


@pytest.mark.parametrize(("targets", "kept"), [(["7", "8"], 2), (["7", "7"], 1)])
def test_reposts_of_one_minute_without_ids_are_told_by_what_they_repeat(targets, kept):
    rows = [{"kind": "repost", "target_post_id": target} for target in targets]
    rows = [post | row for post, row in zip(at(5, 5), rows, strict=True)]
    posts = make_posts(rows).with_columns(post_id=pl.lit(None, pl.String))

    assert equalise.distinct(posts).height == kept
