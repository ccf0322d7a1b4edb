"""The posts that show a value are those that the value counts."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import polars as pl
import pytest

from features import schema
from features.catalogue import FEATURES, feature
from features.change import CHANGE
from features.evidence import show_evidence
from tests.features.builders import (
    AS_OF,
    START,
    Post,
    after,
    at,
    make_account,
    make_accounts,
    make_posts,
    plain,
    shown_by,
    spoken,
    value_of,
)

REACTIONS: list[Post] = [
    {"likes": 1, "reposts": 0},
    {"likes": 0, "reposts": 0},
    {"likes": 1, "reposts": 1, "kind": "repost"},
    {"likes": 0, "reposts": 2},
]


def mixed(column: str, *values: object, **columns: object) -> list[Post]:
    return [{column: value, **columns} for value in values]


def aimed(kind: str, *targets: str | None) -> list[Post]:
    return mixed("target_account_id", *targets, kind=kind)


def weekly(days: int, hours: int) -> list[Post]:
    """Each of four weeks, on so many days, one post in each of the first hours."""
    return at(
        *(
            10_080 * week + 1_440 * day + 60 * hour
            for week in range(4)
            for day in range(days)
            for hour in range(hours)
        )
    )


def places(posts: int, shown: Callable[[int], bool]) -> list[str]:
    return [str(place) for place in range(posts) if shown(place)]


AGES = [
    {**post, "kind": kind, "target_posted_at": START}
    for post, kind in zip(at(0, 1, 0), ["repost", "repost", "reply"], strict=True)
]
WHOLE = {
    "history_complete": True,
    "created_at": START,
    "declared_language": "en",
}
SEVEN = "one two three four five six seven"
GREETING = "good morning"
CASES: list[tuple[str, list[Post], Sequence[str]]] = [
    ("action_repost_share", mixed("kind", "repost", "reply", "repost"), "02"),
    ("action_repost_share", spoken("RT @ann: x", "x"), "0"),
    ("action_reply_share", mixed("kind", "repost", "reply", "quote"), "1"),
    ("action_quote_share", mixed("kind", "repost", "reply", "quote"), "2"),
    (
        "action_kind_change_share",
        [
            {**p, "kind": k}
            for p, k in zip(
                at(0, 1, 2, 3), ["reply", "quote", "quote", "reply"], strict=True
            )
        ],
        "13",
    ),
    ("action_mentions_per_post", spoken("@ann", "none", "RT @bob: @ann"), "0"),
    (
        "source_top_share",
        mixed("target_account_id", "b", "a", "b", "a", "c", None, kind="repost")
        + plain(1, target_account_id="a"),
        "13",
    ),
    (
        "source_repeat_share",
        mixed("target_account_id", "b", "a", "b", "a", "c", None, None, kind="repost"),
        "0123",
    ),
    (
        "source_instant_share",
        [
            {**p, "kind": k, "target_posted_at": START}
            for p, k in zip(
                at(0, 1, 2, 1), ["repost", "repost", "repost", "reply"], strict=True
            )
        ],
        "01",
    ),
    ("reaction_engaged_share", REACTIONS, "03"),
    ("reaction_per_post_log", REACTIONS, "03"),
    # The first of the repeated posts too.
    (
        "content_duplicate_share",
        spoken(GREETING, "Good  morning @ann", "yes", "yes", "another text", None),
        "01",
    ),
    ("content_link_share", spoken("https://a.b", "none"), "0"),
    ("content_hashtags_per_post", spoken("#a", "none", "#b #c"), "02"),
    ("content_hashtag_repeat_share", spoken("#a", "#b", "none", "#A #b", "none"), "03"),
    (
        "content_language_switch_share",
        [
            {**p, "language": lang}
            for p, lang in zip(at(0, 1, 2, 3), ["en", "fr", "fr", None], strict=True)
        ],
        "1",
    ),
    ("wording_start_repeat_chance", spoken(SEVEN, "x", f"{SEVEN} x", "x"), "02"),
    ("wording_end_repeat_chance", spoken(SEVEN, "x", f"x {SEVEN}", "x"), "02"),
    ("wording_form_repeat_chance", spoken("a, b!", "x", "c, d!", "x"), "02"),
    ("copying_by_hand_share", spoken("x via @ann", "x", "so RT @ann"), "02"),
    ("style_punctuation_share", spoken("a.", "b", "c,"), "02"),
    ("style_comma_share", spoken("a.", "b", "c,"), "2"),
    ("style_shouted_share", spoken("NO", "no", "No NO"), "02"),
    ("style_emoji_share", spoken("🌊", "a", "b 🌊"), "02"),
    ("style_break_share", spoken("a\nb", "a", "a "), "0"),
    ("style_quote_share", spoken('"a"', "a", "«b»"), "02"),
    ("style_mark_run_share", spoken("a!!", "a!", "a?!"), "02"),
    ("style_closed_share", spoken("a.", "a", "a.b"), "0"),
    ("style_capital_start_share", spoken("A", "a", "aB"), "0"),
    (
        "link_host_repeat_chance",
        spoken("https://a.b/1", "https://c.d", "https://a.b/2", "x", "x"),
        "02",
    ),
    (
        "link_top_host_share",
        spoken("https://c.d", "https://a.b", "https://c.d", "https://a.b", "x"),
        "13",
    ),
    ("link_shortened_share", spoken("https://bit.ly/x", "https://a.b"), "0"),
    ("link_bare_share", spoken("https://a.b", "a b c https://a.b", "a b c"), "0"),
    ("link_host_entropy", spoken("https://a.b", "x", "c.d", "https://t.co/x"), "0"),
    ("tag_post_share", spoken("#a", "a", "#b #c"), "02"),
    ("tag_stack_share", spoken("#a", "a", "#b #c #d #e"), "2"),
    ("tag_sequence_repeat_chance", spoken("#a #b", "#b #a", "#A #b", "#a", "#a"), "02"),
    ("tag_mix_chance", spoken("#a", "a", "#b #c"), "02"),
    ("claim_language_gap_share", mixed("language", "fr", "en", None, "de"), "03"),
    ("client_official_share", mixed("client", "web", "my own", None), "0"),
    ("client_scheduler_share", mixed("client", "web", "Buffer", None), "1"),
    ("client_automaton_share", mixed("client", "web", "IFTTT", None), "1"),
    ("client_imitation_share", mixed("client", "TweetDeck", "Tweet Deck", "x"), "1"),
    ("content_digit_share", spoken("one", "1", "٣"), "12"),
    ("content_mark_share", spoken("one", "one!", "?"), "12"),
    ("client_top_share", mixed("client", "b", "a", "b", "a", "c", None), "13"),
    ("timing_gap_low_log", after(*[5] * 8, 1, 1, 9), ["9", "10"]),
    ("timing_same_minute_share", after(0, 5, 5, 0), "0134"),
    ("rhythm_five_minute_share", at(0, 1, 5, 62, 65), "024"),
    ("timing_gap_high_log", after(*[5] * 7, 9, 9, 1), "89"),
    ("timing_burst_share", after(1, 1, 90, 1, 90, 90, 90), "012"),
    ("days_busy_log", at(0, 1440, 2880, 2881, 2882), "234"),
    *(
        (name, after(1, 9, 1), "12")
        for name in (
            "life_longest_silence_share",
            "life_silence_log_days",
            "life_silence_age_share",
            "life_reactivation_log",
            *(f.name for f in CHANGE),
        )
    ),
    # Two silences as long: sides are those of the first.
    ("change_kind_distance", [*plain(1), *after(1, 9, 1, 9)], "23"),
    ("life_reactivation_log", [*plain(1), *after(1, 9, 1, 9)], "23"),
    ("life_longest_silence_share", [*plain(1), *after(1, 9, 1, 9)], "2345"),
    ("life_months_silent_share", after(43_199, 43_200, 5), "12"),
    (
        "life_first_repost_log_days",
        [*at(0, 1), *at(9, 3, 3, kind="repost"), *plain(1, kind="repost")],
        "34",
    ),
    *(
        (
            f"action_{kind}_again_share",
            [{**p, "kind": k} for p, k in zip(at(*range(5)), row, strict=True)],
            "2",
        )
        for kind in ("original", "repost", "reply")
        for row in [["quote", kind, kind, "quote", kind]]
    ),
    ("action_self_reply_share", aimed("reply", "x", "a/0", None), "1"),
    ("action_self_repost_share", aimed("repost", "x", "a/0", None), "1"),
    ("source_at_once_share", AGES, "0"),
    (
        "source_reposts_repeat_share",
        aimed("repost", "b", "a", "b", "c", None, None),
        "02",
    ),
    (
        "source_replies_repeat_share",
        aimed("reply", "b", "a", "b", "c", None, None),
        "02",
    ),
    ("source_mention_repeat_share", spoken("@ann", "@bob", "hi @Ann", "none"), "02"),
    ("reaction_none_share", REACTIONS, "1"),
    ("reaction_per_own_log", REACTIONS, "03"),
    ("reaction_repost_share", REACTIONS, "3"),
    # Likes not known: not counted, and not shown.
    ("reaction_repost_share", [{"reposts": 5}, {"likes": 1, "reposts": 1}], "1"),
    ("reaction_answers_log", mixed("replies", 0, 2, None), "1"),
    ("life_birth_dormancy_log_days", at(7, 3, 9), "1"),
    ("life_first_month_share", at(0, 43_199, 43_200), "01"),
    # Waits of 0, 1 and 9 minutes, one that is not known, and one of another kind.
    *(
        (
            f"source_{name}_wait_log",
            [
                {**post, "kind": kind, "target_posted_at": START}
                for post, kind in zip(
                    at(0, 1, 9, 0), [name, name, name, "quote"], strict=True
                )
            ]
            + plain(1, kind=name),
            "01",
        )
        for name in ("repost", "reply")
    ),
    ("wording_length_repeat_chance", spoken("abc", "ab", "xyz @ann", "x"), "02"),
    (
        "bloc_content_repeat_share",
        spoken("words", "words #a", "other", "https://b.c words"),
        "02",
    ),
    # From post to post within the minute, twice; from post to post after an hour.
    ("bloc_step_repeat_share", at(0, 0, 0, 60), "12"),
    ("timing_gap_repeat_share", after(9, 4, 9, 4, 7), "13"),
    # Two at the ninth minute, of which one is not the first of its minute.
    ("rhythm_minute_repeat_share", at(0, 9, 69, 69, 70), "12"),
    ("days_week_spike_log", at(0, 1, 10_080, 10_081, 10_082, 20_160), "234"),
    # Of ten hours on five days the first nine, of six days the last with the seventh.
    ("rhythm_office_share", weekly(5, 10), places(200, lambda p: p % 10 < 9)),
    ("rhythm_rest_share", weekly(6, 24), places(576, lambda p: p // 24 % 6 == 5)),
    # Two of twenty hours with the four that are empty; the fifth of nine.
    ("rhythm_quiet_share", weekly(7, 20), places(560, lambda p: p % 20 >= 18)),
    ("rhythm_noon_share", weekly(7, 9), places(252, lambda p: p % 9 == 4)),
    # Nine posts in the odd weeks, on the odd days: no stretch is chosen.
    ("rhythm_office_share", at(*range(20), *range(10_080, 10_089)), ""),
    ("rhythm_quiet_share", at(*range(20), *range(1_680, 1_689)), ""),
    ("rhythm_noon_share", at(*range(20), *range(1_680, 1_689)), ""),
    # Pauses 1, 5, 5, 9: the middle one and the mean are 5, the quarters 1 and 9.
    ("timing_gap_median_log", [*plain(1), *after(5, 1, 9, 5)], "1245"),
    ("timing_gap_mean_log", after(5, 1, 9, 5), "134"),
    ("timing_gap_mean_log", after(1, 1, 10), "3"),
    ("timing_gap_spread_log", after(5, 1, 9, 5), "123"),
    ("timing_gap_spread_log", after(5, 1, 9, 5, 5, 1, 9), "123567"),
    # The last falls in the quarter hour of the first, a day later.
    ("rhythm_slot_distinct_share", [*plain(1), *at(0, 14, 15, 1_440)], "13"),
    # At noon of three days, once at midnight; twice in one minute counts once.
    ("rhythm_day_strength", [*plain(1), *at(0, 1_440, 2_880, 2_880, 3_600)], "123"),
    # As far apart as can be: neither is nearer.
    ("rhythm_day_strength", [*plain(1), *at(0, 720, 720)], "12"),
    # Four a little behind the middle draw it down; the last minute counts once.
    (
        "rhythm_day_strength",
        at(0, 1_440, 3_286, 4_726, 6_794, *[8_234] * 5),
        "012345",
    ),
    ("rhythm_week_strength", at(0, 10_080, 20_160, 25_200), "012"),
    ("rhythm_clock_strength", at(0, 60, 127, 180), "013"),
    # Apart by the half hour alone, and by the hour alone.
    ("rhythm_clock_strength", at(0, 30, 60, 75), "02"),
    ("rhythm_clock_strength", at(0, 60, 120, 150), "012"),
    # Of the first day and the last nothing, of a day between its first post.
    ("days_active_share", [*plain(1), *at(0, 1, 1_440, 1_441, 4_320, 7_200)], "35"),
    # Days of one post, of three, of two.
    ("days_posts_log", [*plain(1), *at(0, 1_440, 1_441, 1_442, 2_880, 2_881)], "23456"),
    ("days_posts_log", at(0, 1_440, 1_441, 1_442, 2_880), "123"),
    ("days_streak_share", [*plain(1), *at(0, 1_440, 1_441, 2_880, 5_760)], "24"),
    ("days_clumping_log", [*plain(2), *at(0, 1_439, 1_440, 2_880, 2_881)], "2356"),
    ("days_bouts_log", [*plain(1), *after(29, 30, 0)], "13"),
    ("days_bout_posts_log", [*plain(1), *after(29, 30, 30, 0, 30)], "1245"),
    ("days_bout_minutes_log", [*plain(1), *after(29, 30, 30, 0, 1, 30)], "1256"),
    ("life_late_activity_log", [*plain(1), *at(0, 5, 6, 10)], "34"),
    ("life_span_log_days", [*plain(1), *at(0, 0, 5, 9)], "124"),
    ("life_centre_share", [*plain(1), *at(0, 5, 6, 10)], "34"),
    # Originals and reposts as often: the first by name is the usual one.
    ("action_mix_entropy", mixed("kind", "reply", *["repost", "original"] * 2), "013"),
    (
        "source_reposts_distinct_share",
        aimed("repost", "b", "a", "b", None, "c") + aimed("reply", "d"),
        "014",
    ),
    (
        "source_replies_distinct_share",
        aimed("reply", "b", "a", "b", None, "c") + aimed("repost", "d"),
        "014",
    ),
    # The first post follows none; steps within the minute, after an hour.
    ("bloc_step_distinct_share", [*plain(1), *at(0, 0, 0, 60, 120)], "24"),
    (
        "bloc_content_distinct_share",
        [
            {**post, "text": text, "kind": kind}
            for post, text, kind in zip(
                at(0, 1, 2, 3),
                ["#a", "words", "others", "words #a"],
                ["repost", "original", "reply", "original"],
                strict=True,
            )
        ],
        "13",
    ),
    ("content_length_mean", spoken("abcd", "ab", "abc", None, "abc @ann"), "024"),
    ("content_length_mean", spoken("abc", "abc"), "01"),
    ("content_length_variation", spoken("abcd", "ab", "abc", "ab", None), "013"),
    # 3, 5 and 2 characters a word, and 13 over 4 in all; no word, no text.
    ("content_word_length", spoken("ab ef", "abcde", "ab", "?", None), "1"),
    ("content_word_length", spoken("ab", "ef", "gh"), "012"),
    # Half, a quarter, none, of 3 in 12 in all.
    ("content_upper_share", spoken("ABcd", "Abcd", "abcd", "12", None), "01"),
    ("content_upper_share", spoken("abcd", "12"), ""),
    # "buy now" comes three times, "it is" twice; of reposts no words are read.
    (
        "wording_phrase_repeat_chance",
        [
            *spoken("it is so", "Buy now", "buy now it is", "BUY NOW!", "now buy"),
            *spoken("buy now", kind="repost"),
        ],
        "123",
    ),
    ("wording_phrase_repeat_chance", spoken("one two", "two three"), ""),
    (
        "language_mix_chance",
        mixed("language", "fr", "en", None, "fr", "en", "de"),
        "035",
    ),
    ("language_mix_chance", mixed("language", "en", "en", None), ""),
    ("client_mix_share", mixed("client", "b", "a", None, "b", "a", "c"), "035"),
    ("client_distinct_share", mixed("client", "b", None, "a", "b", None, "c"), "025"),
]


@pytest.mark.parametrize(("name", "posts", "expected"), CASES)
def test_evidence(name, posts, expected):
    assert shown_by(name, posts, WHOLE) == list(expected)


def test_every_evidence_has_a_case():
    shown = {
        measure.name
        for measure in FEATURES
        # Fitted ones are shown beside their own tests, with a table.
        if measure.evidence is not None and measure.tier != "F"
    }

    assert shown == {name for name, _, _ in CASES}


SHARES = [
    name
    for name, _, _ in CASES
    if name
    in {
        "action_repost_share",
        "action_reply_share",
        "action_quote_share",
        "source_top_share",
        "source_instant_share",
        "reaction_engaged_share",
        "content_link_share",
        "client_top_share",
        "rhythm_five_minute_share",
    }
]


@pytest.mark.parametrize("name", sorted(set(SHARES)))
def test_a_share_is_the_share_of_the_posts_shown(name):
    """Evidence and value over one and the same history of a hundred posts."""
    moments = [START + timedelta(minutes=7 * i) for i in range(100)]
    posts = [
        {
            "posted_at": moment,
            "text": "https://a.b" if i % 3 else "words",
            "kind": schema.KINDS[i % 4],
            "client": "web" if i % 5 else "phone",
            "target_account_id": f"t/{i % 7}",
            "target_posted_at": moment - timedelta(minutes=i % 3),
            "likes": i % 2,
            "reposts": 0,
        }
        for i, moment in enumerate(moments)
    ]

    assert value_of(name, None, posts) == pytest.approx(
        len(shown_by(name, posts)) / 100
    )


def test_posts_of_each_account_for_itself():
    """A text that two accounts wrote once each is repeated by neither."""
    posts = [{"account_id": f"a/{i}", "text": GREETING} for i in (0, 1)]

    found = show_evidence(
        make_accounts({}, {}), make_posts(posts), feature("content_duplicate_share")
    )

    assert found.is_empty()


def test_posts_at_and_after_the_moment_show_nothing():
    posts = [{"posted_at": AS_OF, "kind": "repost"}]

    assert shown_by("action_repost_share", posts) == []


def test_a_feature_without_evidence_shows_no_posts():
    found = show_evidence(
        make_account(), make_posts(plain(3)), feature("timing_burstiness")
    )

    assert found.schema == pl.Schema(schema.POSTS)
    assert found.is_empty()
