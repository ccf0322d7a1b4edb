"""A reason exactly where a value is null, always one that the feature lists."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings

from features.artefacts import Artefacts
from features.baselines import SGBOT_17, TEXT_6
from features.build import build_features, explain_missing
from features.catalogue import FEATURES
from features.copying import COPYING
from features.feature import REASONS, Feature
from features.history import HISTORY_CAP
from features.link import LINK
from features.tag import TAG
from features.totals import lineage
from tests.features.builders import (
    AS_OF,
    START,
    Post,
    at,
    fails,
    fitted_tables,
    make_account,
    make_posts,
    plain,
    planted,
    reason_of,
    spoken,
)
from tests.features.nasty import tables

TABLE = fitted_tables()
HASH = "0123456789abcdef" * 4
EMPTY = dict.fromkeys(("handle", "name", "bio", "location", "url"), "") | {
    "followers": 0,
    "following": 0,
    "likes_total": 0,
    "posts_total": 0,
    "created_at": AS_OF + timedelta(days=1),
}
LIVED = {"history_complete": True, "created_at": START, "posts_total": 99}

# Every column that a feature may read, and nothing that ever changes.
FULL = [
    {
        **post,
        "text": "some words #a",
        "language": "en",
        "client": "web",
        "kind": "repost",
        "target_account_id": "x",
    }
    for post in at(*range(60))
]
# Posts of one minute leave these defined, and are too few days for others.
NEVER_AT_ONCE = {
    "life_birth_dormancy_log_days",
    "life_first_repost_log_days",
    "life_deleted_share",
    "days_clumping_log",
}

CASES: list[tuple[str, dict[str, Any], list[Post], str]] = [
    *(
        (f.name, {}, [], "too_few_posts")
        for f in FEATURES
        if f.min_posts and not f.full_history and f.group != "claim"
    ),
    *(
        (f.name, LIVED, plain(60), "field_absent")
        for f in FEATURES
        if f.table != "accounts"
        and "field_absent" in f.reasons
        and f.among is None
        and f.name != "life_deleted_share"
    ),
    *((f.name, {}, [], "field_absent") for f in FEATURES if f.table == "accounts"),
    *(
        (f.name, {"handle": HASH}, [], "field_hashed")
        for f in FEATURES
        if "field_hashed" in f.reasons
    ),
    *(
        (name, EMPTY, [], "undefined")
        for name in (
            "name_handle_digit_share",
            "name_handle_upper_share",
            "name_handle_bigram_loglik",
            "handle_underscore_share",
            "handle_variety",
            "handle_similarity_share",
            "name_display_upper_share",
            "profile_age_log_days",
            "profile_url_is_shortened",
            "audience_ratio_share",
            "audience_likes_share",
        )
    ),
    *(
        (
            f"audience_{what}_per_day",
            {**EMPTY, "posts_total": 1, "listed": 1},
            [],
            "undefined",
        )
        for what in ("followers", "following", "posts", "listed", "likes")
    ),
    ("timing_burstiness", {}, at(*[0] * 30), "undefined"),
    ("timing_memory", {}, at(*[0] * 30), "undefined"),
    ("rhythm_quiet_share", {}, at(*[0] * 60), "undefined"),
    ("life_longest_silence_share", {}, at(*[0] * 30), "undefined"),
    ("life_birth_dormancy_log_days", LIVED, [], "too_few_posts"),
    ("life_birth_dormancy_log_days", LIVED, at(-60), "undefined"),
    (
        "life_birth_dormancy_log_days",
        {**LIVED, "created_at": None},
        at(0),
        "field_absent",
    ),
    (
        "life_birth_dormancy_log_days",
        {"created_at": START},
        at(0),
        "history_incomplete",
    ),
    *(
        (f.name, {}, [{**p, "text": ""} for p in at(*range(50))], "undefined")
        for f in FEATURES
        if f.counted == "own" and "undefined" in f.reasons
    ),
    (
        "content_language_switch_share",
        {},
        [
            {**p, "text": "ok", "language": "en" if i % 2 else None}
            for i, p in enumerate(at(*range(30)))
        ],
        "undefined",
    ),
    *(
        (name, {}, plain(10), "field_absent")
        for name in (
            "action_mentions_per_post",
            "reaction_engaged_share",
            "reaction_per_post_log",
            "content_duplicate_share",
            "content_link_share",
            "content_hashtags_per_post",
            "content_hashtag_repeat_share",
            *(f.name for f in (*LINK, *TAG, *COPYING)),
        )
    ),
    ("tag_mix_chance", {}, spoken(*["none"] * 10), "undefined"),
    ("link_host_entropy", {}, spoken(*["none"] * 10), "undefined"),
    ("wording_shift", {}, spoken(*["a b"] * 50), "field_absent"),
    (
        "claim_language_gap_share",
        {},
        plain(10, language="en"),
        "field_absent",
    ),
    ("claim_language_gap_share", {"declared_language": "en"}, [], "too_few_posts"),
    (
        "claim_pace_log",
        {"created_at": START, "posts_total": 0},
        at(*range(20)),
        "undefined",
    ),
    (
        "claim_pace_log",
        {"created_at": START, "posts_total": 9},
        [],
        "too_few_posts",
    ),
    *(
        (name, {}, plain(10, kind="repost"), "field_absent")
        for name in (
            "source_top_share",
            "source_repeat_share",
            "source_instant_share",
        )
    ),
    *(
        (f.name, account, posts, code)
        for f in FEATURES
        if f.full_history
        for account, posts, code in (
            ({**LIVED, "history_complete": None}, FULL, "history_incomplete"),
            (LIVED, FULL[: f.min_posts - 1], "too_few_posts"),
        )
    ),
    # As long as is read: what was before is not known.
    *(
        ("life_birth_dormancy_log_days", LIVED, at(*range(HISTORY_CAP + more)), code)
        for more, code in ((0, "history_incomplete"), (1, "history_incomplete"))
    ),
    *(
        (f.name, LIVED, at(*[0] * 60), "undefined")
        for f in FEATURES
        if f.group in ("life", "rhythm", "days", "timing")
        and "undefined" in f.reasons
        and f.name not in NEVER_AT_ONCE
    ),
    *((f.name, LIVED, FULL, "undefined") for f in FEATURES if f.group == "change"),
    ("life_deleted_share", {"history_complete": True}, plain(60), "field_absent"),
    ("life_first_repost_log_days", LIVED, at(*range(20)), "undefined"),
    ("life_deleted_share", {**LIVED, "posts_total": 1}, at(*range(20)), "undefined"),
    ("days_clumping_log", {}, at(*[1440 * d for d in range(20)]), "undefined"),
    *(
        (f"action_{kind}_again_share", {}, at(*range(20), kind="quote"), "undefined")
        for kind in ("original", "repost", "reply")
    ),
    *(
        (name, {}, plain(20, kind=kind), "field_absent")
        for kind, name in (
            ("reply", "action_self_reply_share"),
            ("repost", "action_self_repost_share"),
            ("repost", "source_at_once_share"),
            ("repost", "source_repost_wait_log"),
            ("repost", "source_reposts_repeat_share"),
            ("repost", "source_reposts_distinct_share"),
            ("reply", "source_reply_wait_log"),
            ("reply", "source_replies_repeat_share"),
            ("reply", "source_replies_distinct_share"),
            ("original", "source_mention_repeat_share"),
            ("original", "reaction_none_share"),
            ("original", "reaction_per_own_log"),
            ("original", "reaction_repost_share"),
            ("original", "reaction_answers_log"),
        )
    ),
    *(
        (name, {}, plain(20, kind="repost", likes=1, reposts=1, replies=1), "undefined")
        for name in (
            "reaction_none_share",
            "reaction_per_own_log",
            "reaction_repost_share",
            "reaction_answers_log",
        )
    ),
    # Answered and reposted before they were written.
    *(
        (
            f"source_{kind}_wait_log",
            {},
            [{**p, "target_posted_at": AS_OF} for p in at(*range(9), kind=kind)],
            "undefined",
        )
        for kind in ("repost", "reply")
    ),
    *(
        (name, {}, spoken(*["words"] * 12, *[None] * 12), "field_absent")
        for name in ("bloc_content_repeat_share", "bloc_content_distinct_share")
    ),
    # Half of the posts say who signed them, or in what language they are.
    *(
        (f.name, {"declared_language": "en"}, told + silent, "field_absent")
        for f in FEATURES
        for told, silent in (
            (at(*range(20), client="web"), at(*range(20, 40))),
            (
                at(*range(20), text="these are some words said", language="de"),
                at(*range(20, 40), text="these are some words said"),
            ),
            (at(*range(20), language="de"), at(*range(20, 40))),
        )
        if f.among is not None
        and {"client", "language"} & lineage(f.inputs()) & set(told[0])
    ),
    # Reposts alone, whose texts were not kept; own posts without, beside reposts with.
    *(
        (f.name, {}, posts, code)
        for f in FEATURES
        if f.counted == "own" and f.among is None
        for posts, code in (
            (at(*range(60), kind="repost"), "too_few_posts"),
            (
                at(*range(60)) + at(*range(60, 99), kind="repost", text="said"),
                "field_absent",
            ),
        )
    ),
    # Too few to say; and that no reposted account is named is because none reposts.
    ("source_top_share", {}, plain(3), "too_few_posts"),
    # Accounts are named in replies, but not in the reposts that the measure is about.
    (
        "source_top_share",
        {},
        plain(9, kind="reply", target_account_id="x") + plain(9, kind="repost"),
        "field_absent",
    ),
    # Likes of some posts and reposts of others: no post tells both.
    (
        "reaction_engaged_share",
        {},
        plain(9, likes=1) + plain(9, reposts=1),
        "field_absent",
    ),
]


# Tables in which nobody signs and nobody is widely read.
UNTOLD: list[tuple[str, dict[str, Any], list[Post], str]] = [
    ("copying_prominent_share", {}, at(*range(5), text="a"), "undefined"),
    ("client_rarity", {}, plain(5, client="web"), "undefined"),
]


@pytest.mark.parametrize(("name", "account", "posts", "expected"), UNTOLD)
def test_reason_with_empty_tables(name, account, posts, expected):
    assert reason_of(name, account, posts, Artefacts({})) == expected
    assert reason_of(name, account, posts, TABLE) is None


@pytest.mark.parametrize(("name", "account", "posts", "expected"), CASES)
def test_reason(name, account, posts, expected):
    assert reason_of(name, account, posts, TABLE) == expected


def test_without_a_table():
    for measure in FEATURES:
        expected = "artefact_absent" if measure.tier == "F" else None
        found = reason_of(measure, {"handle": "abab"}, at(*range(99)))
        assert (found == "artefact_absent") == (expected is not None)


def test_without_a_population():
    # Of the name of a trace: what it reads of posts is asked for even so.
    around = planted(
        pl.lit(None, dtype=pl.Float64),
        name="coactivity_repost_ratio",
        group="coactivity",
        tier="P",
        table="population",
        reasons=("population_absent",),
    )

    assert reason_of(around) == "population_absent"


def unshown(
    cases: Sequence[tuple[str, Any, Any, str]], features: Sequence[Feature]
) -> set[tuple[str, str]]:
    """Codes that a feature lists and no case shows."""
    listed = {(f.name, code) for f in features for code in f.reasons}
    shown = {(name, code) for name, _, _, code in cases}
    return listed - shown - {(f.name, "artefact_absent") for f in features}


def test_every_code_that_is_listed_is_reached():
    assert unshown([*CASES, *UNTOLD], FEATURES) == set()


def test_a_code_that_cannot_occur_is_named():
    always = planted(pl.lit(1.0), reasons=("undefined",))

    assert unshown(CASES, [always]) == {("planted_value", "undefined")}


def test_every_code_of_the_list_is_used():
    used = {code for measure in FEATURES for code in measure.reasons}

    assert used == set(REASONS) - {"population_absent"}


def check_reasons(
    accounts: pl.DataFrame,
    posts: pl.DataFrame,
    artefacts: Artefacts | None,
    features: Sequence[Feature],
) -> None:
    values = build_features(accounts, posts, artefacts, features)
    reasons = explain_missing(accounts, posts, artefacts, features)
    assert reasons["account_id"].equals(values["account_id"])
    for measure in features:
        null = values[measure.name].is_null()
        codes = reasons[measure.name]
        assert codes.is_not_null().equals(null), measure.name
        assert set(codes.drop_nulls()) <= set(measure.reasons), measure.name


ALL = tuple({f.name: f for f in (*FEATURES, *SGBOT_17, *TEXT_6)}.values())


@settings(max_examples=20, deadline=None, database=None)
@given(tables())
def test_a_listed_code_exactly_where_the_value_is_null(
    both: tuple[pl.DataFrame, pl.DataFrame],
):
    accounts, posts = both

    check_reasons(accounts, posts, None, ALL)
    check_reasons(accounts, posts, TABLE, ALL)


def test_a_code_that_is_not_listed_is_caught():
    rooted = planted(pl.col("followers").cast(pl.Float64), reasons=("undefined",))

    assert fails(lambda: check_reasons(make_account(), make_posts([]), None, [rooted]))
