"""POST /v1/score, answer by answer. Each answer is checked against /v1/openapi.json."""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from features.catalogue import FEATURES
from models.bands import band_of
from serving.contract import (
    MAX_ACCOUNTS,
    MAX_EXPLAINED,
    MAX_ITEMS,
    MAX_POSTS,
    MAX_TEXT,
    TOP,
)
from serving.errors import ABSTENTIONS, ITEM_CODES
from serving.model import post_bands
from serving.parsing import parse_item, tables
from tests.serving.builders import (
    AS_OF,
    iso,
    make_account,
    make_item,
    make_post,
    random_items,
)
from tests.serving.conftest import Score


def only(response: Any) -> dict[str, Any]:
    """The one result of an answer."""
    assert response.status_code == 200, response.text
    (result,) = response.json()["results"]
    return dict(result)


def logit_of(probability: float) -> float:
    return math.log(probability) - math.log1p(-probability)


def total(explanation: Mapping[str, Any]) -> float:
    return float(
        explanation["base"]
        + explanation["prevalence_shift"]
        + sum(part["contribution"] for part in explanation["contributions"])
    )


def test_an_answer_says_which_model_at_which_prevalence_for_which_request(
    score: Score,
) -> None:
    response = score([make_item()])

    body = response.json()
    assert set(body) == {"model", "prevalence", "request_id", "results"}
    assert body["model"]["name"] == "telltale-demo"
    assert body["model"]["version"] == "7"
    assert body["model"]["world"] == "demo"
    assert len(body["model"]["fingerprint"]) == 64
    assert body["prevalence"] == 0.05
    assert body["request_id"] == response.headers["x-request-id"]


def test_each_request_has_an_id_of_its_own(score: Score) -> None:
    ids = {score([make_item()]).json()["request_id"] for _ in range(3)}

    assert len(ids) == 3


def test_a_scored_account(score: Score) -> None:
    result = only(score([make_item("twitter/1")]))

    assert result["account_id"] == "twitter/1"
    assert result["as_of"] == iso(AS_OF)
    assert result["outcome"] == "scored"
    low, high = result["interval"]
    assert 0 < low < result["bot_probability"] < high < 1
    assert len(result["receipt"]) == 64
    assert result["reason"] is None
    assert result["error"] is None


def test_the_interval_moves_with_the_prevalence_as_the_logit_does(
    score: Score,
) -> None:
    ends = {}
    for prevalence in (0.01, 0.3):
        result = only(score([make_item()], prevalence=prevalence))
        low, high = result["interval"]
        ends[prevalence] = [
            logit_of(one) for one in (low, result["bot_probability"], high)
        ]

    moved = [b - a for a, b in zip(ends[0.01], ends[0.3], strict=True)]

    assert moved == pytest.approx([logit_of(0.3) - logit_of(0.01)] * 3, abs=1e-9)


def test_full_explanations_name_all_features_and_add_up(score: Score) -> None:
    response = score(random_items(20, 12), explain="full", prevalence=0.3)

    for result in response.json()["results"]:
        explanation = result["explanation"]
        names = [part["feature"] for part in explanation["contributions"]]
        assert names == [feature.name for feature in FEATURES]
        assert total(explanation) == pytest.approx(
            logit_of(result["bot_probability"]), abs=1e-6
        )
        for feature, part in zip(FEATURES, explanation["contributions"], strict=True):
            facts = (part["group"], part["family"], part["label"], part["unit"])
            assert facts == (feature.group, feature.family, feature.label, feature.unit)
            assert (part["value"] is None) == (part["missing_reason"] is not None)
            assert part["missing_reason"] in (None, *feature.reasons)


def test_parts_that_do_not_add_up_would_be_found(score: Score) -> None:
    result = only(score([make_item()], explain="full"))
    strongest = max(
        result["explanation"]["contributions"], key=lambda p: abs(p["contribution"])
    )

    strongest["contribution"] += 1e-5

    assert total(result["explanation"]) != pytest.approx(
        logit_of(result["bot_probability"]), abs=1e-6
    )


@pytest.mark.parametrize("given", [{}, {"explain": None}, {"explain": "top"}])
def test_top_is_the_default_and_gives_the_strongest_both_ways(
    score: Score, given: dict[str, Any]
) -> None:
    (item,) = random_items(1, 30)
    full = only(score([item], explain="full"))

    top = only(score([item], **given))

    every = full["explanation"]["contributions"]
    parts = top["explanation"]["contributions"]
    strengths = [abs(part["contribution"]) for part in parts]
    assert strengths == sorted(strengths, reverse=True)
    for sign in (1, -1):
        one_way = [p for p in every if sign * p["contribution"] > 0]
        one_way.sort(key=lambda p: -abs(p["contribution"]))
        assert [p for p in parts if sign * p["contribution"] > 0] == one_way[:TOP]
    assert top["bot_probability"] == full["bot_probability"]
    assert top["receipt"] == full["receipt"]


def test_none_gives_the_score_alone(score: Score) -> None:
    full = only(score([make_item()], explain="full"))

    none = only(score([make_item()], explain="none"))

    assert none == {**full, "explanation": None}


def test_prevalence_moves_every_logit_by_the_difference_of_logits(score: Score) -> None:
    items = random_items(30, 8)

    low = score(items, prevalence=0.02, explain="full").json()["results"]
    high = score(items, prevalence=0.4, explain="full").json()["results"]

    expected = logit_of(0.4) - logit_of(0.02)
    for before, after in zip(low, high, strict=True):
        moved = logit_of(after["bot_probability"]) - logit_of(before["bot_probability"])
        assert moved == pytest.approx(expected, abs=1e-9)
        shifts = [r["explanation"].pop("prevalence_shift") for r in (before, after)]
        assert shifts[1] - shifts[0] == pytest.approx(expected, abs=1e-12)
        assert before["explanation"] == after["explanation"]


@pytest.mark.parametrize("prevalence", [None, 0.05])
def test_without_a_prevalence_it_is_that_of_the_bundle(
    score: Score, prevalence: float | None
) -> None:
    assert score([make_item()], prevalence=prevalence).json()["prevalence"] == 0.05


@pytest.mark.parametrize("prevalence", [5e-324, 1e-300, 1 - 2**-53])
def test_an_extreme_prevalence_still_answers(score: Score, prevalence: float) -> None:
    result = only(score([make_item()], prevalence=prevalence))

    assert 0 <= result["bot_probability"] <= 1


def test_results_come_in_the_order_of_the_request(score: Score) -> None:
    items = random_items(40, 3)[::-1]

    results = score(items).json()["results"]

    asked = [item["account"]["account_id"] for item in items]
    assert [result["account_id"] for result in results] == asked


def test_no_accounts_give_no_results(score: Score) -> None:
    assert score([]).json()["results"] == []


# How an account differs from a sound one -> code, place below accounts[i].
FAULTS: dict[str, tuple[Any, str, str]] = {
    "not an object": (5, "wrong_type", ""),
    "null": (None, "wrong_type", ""),
    "a list": ([], "wrong_type", ""),
    "no account": ({"posts": []}, "missing_field", ".account"),
    "no id": ({"account": {}}, "missing_field", ".account.account_id"),
    "empty id": (
        {"account": {"account_id": ""}},
        "out_of_range",
        ".account.account_id",
    ),
    "id of 201": (
        {"account": {"account_id": "x" * 201}},
        "too_long",
        ".account.account_id",
    ),
    "numeric id": ({"account": {"account_id": 7}}, "wrong_type", ".account.account_id"),
    "unknown key beside": (
        {"account": {"account_id": "z"}, "more": 1},
        "unknown_field",
        "",
    ),
    "unknown key": (
        {"account": {"account_id": "z", "verified": True}},
        "unknown_field",
        ".account",
    ),
    "count as text": (
        {"account": make_account("z", followers="7")},
        "wrong_type",
        ".account.followers",
    ),
    "count as float": (
        {"account": make_account("z", followers=7.5)},
        "wrong_type",
        ".account.followers",
    ),
    "count as bool": (
        {"account": make_account("z", followers=True)},
        "wrong_type",
        ".account.followers",
    ),
    "negative count": (
        {"account": make_account("z", followers=-1)},
        "out_of_range",
        ".account.followers",
    ),
    "infinite count": (
        {"account": make_account("z", followers=float("inf"))},
        "wrong_type",
        ".account.followers",
    ),
    "huge count": (
        {"account": make_account("z", followers=2**53 + 1)},
        "out_of_range",
        ".account.followers",
    ),
    "count beyond 64 bits": (
        {"account": make_account("z", followers=10**40)},
        "out_of_range",
        ".account.followers",
    ),
    "bool as number": (
        {"account": make_account("z", default_image=1)},
        "wrong_type",
        ".account.default_image",
    ),
    "text too long": (
        {"account": make_account("z", bio="x" * (MAX_TEXT + 1))},
        "too_long",
        ".account.bio",
    ),
    "no time": (
        {"account": make_account("z", as_of="soon")},
        "wrong_time",
        ".account.as_of",
    ),
    "time as number": (
        {"account": make_account("z", as_of=1_700_000_000)},
        "wrong_type",
        ".account.as_of",
    ),
    "time without zone": (
        {"account": make_account("z", as_of="2024-05-01T12:30:00")},
        "time_without_zone",
        ".account.as_of",
    ),
    "day alone": (
        {"account": make_account("z", created_at="2024-05-01")},
        "time_without_zone",
        ".account.created_at",
    ),
    "before year 1": (
        {"account": make_account("z", as_of="0001-01-01T00:00:00+10:00")},
        "wrong_time",
        ".account.as_of",
    ),
    "after year 9999": (
        {"account": make_account("z", as_of="9999-12-31T23:59:59-10:00")},
        "wrong_time",
        ".account.as_of",
    ),
    "year 10000": (
        {"account": make_account("z", as_of="10000-01-01T00:00:00Z")},
        "wrong_time",
        ".account.as_of",
    ),
    "created after a post": (
        {
            "account": make_account("z", created_at=iso(AS_OF)),
            "posts": [make_post(posted_at=iso(AS_OF - timedelta(days=1, minutes=1)))],
        },
        "time_order",
        ".account.created_at",
    ),
    "created after as_of": (
        {
            "account": make_account(
                "z", created_at=iso(AS_OF + timedelta(days=1, minutes=1))
            )
        },
        "time_order",
        ".account.created_at",
    ),
    "posts not a list": (
        {"account": make_account("z"), "posts": {}},
        "wrong_type",
        ".posts",
    ),
    "too many posts": (
        {"account": make_account("z"), "posts": [make_post()] * (MAX_POSTS + 1)},
        "too_many_posts",
        ".posts",
    ),
    "post of no kind": (
        {"account": make_account("z"), "posts": [make_post(), {}]},
        "missing_field",
        ".posts[1].kind",
    ),
    "post of an unknown kind": (
        {"account": make_account("z"), "posts": [make_post(kind="like")]},
        "unknown_value",
        ".posts[0].kind",
    ),
    "post of another account": (
        {"account": make_account("z"), "posts": [make_post(account_id="y")]},
        "account_mismatch",
        ".posts[0].account_id",
    ),
    "post time without zone": (
        {
            "account": make_account("z"),
            "posts": [make_post()] * 7 + [make_post(posted_at="2024-01-01T00:00:00")],
        },
        "time_without_zone",
        ".posts[7].posted_at",
    ),
    "tags not a list": (
        {"account": make_account("z"), "posts": [make_post(hashtags="north")]},
        "wrong_type",
        ".posts[0].hashtags",
    ),
    "tag not a text": (
        {"account": make_account("z"), "posts": [make_post(hashtags=["a", None])]},
        "wrong_type",
        ".posts[0].hashtags[1]",
    ),
    "too many tags": (
        {
            "account": make_account("z"),
            "posts": [make_post(hashtags=["a"] * (MAX_ITEMS + 1))],
        },
        "too_long",
        ".posts[0].hashtags",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_rejects_its_account_and_no_other(score: Score, name: str) -> None:
    bad, code, place = FAULTS[name]

    response = score([make_item("a"), bad, make_item("b")])

    first, rejected, last = response.json()["results"]
    assert response.status_code == 200
    assert (first["outcome"], last["outcome"]) == ("scored", "scored")
    assert rejected["outcome"] == "rejected"
    assert rejected["error"]["code"] == code
    assert rejected["error"]["field"] == f"accounts[1]{place}"
    assert rejected["bot_probability"] is None
    assert rejected["explanation"] is None
    assert rejected["receipt"] is None


def test_every_code_of_a_rejected_account_is_shown() -> None:
    shown = {code for _, code, _ in FAULTS.values()} | {"duplicate_account"}

    assert shown == set(ITEM_CODES)


def test_a_fault_in_a_batch_of_one_is_answered_with_200(score: Score) -> None:
    result = only(score([{"account": {"account_id": "a", "followers": "x"}}]))

    assert result["outcome"] == "rejected"


def test_the_second_account_of_an_id_is_rejected(score: Score) -> None:
    items = [make_item("a"), make_item("b"), make_item("a", posts=5), make_item("a")]

    results = score(items).json()["results"]

    outcomes = [result["outcome"] for result in results]
    assert outcomes == ["scored", "scored", "rejected", "rejected"]
    assert results[2]["error"]["code"] == "duplicate_account"
    assert results[2]["error"]["field"] == "accounts[2].account.account_id"
    assert results[0]["receipt"] == only(score([make_item("a")]))["receipt"]


def test_an_account_that_was_rejected_does_not_take_its_id(score: Score) -> None:
    results = score([make_item("a", followers=-1), make_item("a")]).json()["results"]

    assert [result["outcome"] for result in results] == ["rejected", "scored"]


def test_a_name_alone_is_no_evidence(score: Score) -> None:
    named = {"account_id": "a", "handle": "someone", "name": "Someone"}

    result = only(score([{"account": named}], explain="full"))

    assert result["outcome"] == "abstained"
    assert result["reason"] in ABSTENTIONS
    assert result["bot_probability"] is None
    assert result["interval"] is None
    assert result["explanation"] is None
    assert result["error"] is None
    assert len(result["receipt"]) == 64


def test_one_value_more_is_evidence(score: Score) -> None:
    named = {"account_id": "a", "handle": "someone", "followers": 3, "following": 4}

    assert only(score([{"account": named}]))["outcome"] == "scored"


def test_what_is_left_out_is_the_same_as_null(score: Score) -> None:
    item = make_item()
    spelt = json.loads(json.dumps(item))
    spelt["account"]["bio"] = None
    spelt["posts"][0]["links"] = None

    assert only(score([spelt])) == only(score([item]))


def test_a_whole_number_may_be_written_with_a_point(score: Score) -> None:
    pointed = make_item(followers=120.0)
    assert json.dumps(pointed).count("120.0") == 1

    assert only(score([pointed])) == only(score([make_item(followers=120)]))


def test_without_as_of_it_is_the_minute_of_receipt(score: Score) -> None:
    item = make_item()
    del item["account"]["as_of"]
    before = datetime.now(UTC)  # noqa: TID251 - compared with the service's clock

    result = only(score([item]))

    moment = datetime.fromisoformat(result["as_of"])
    assert result["as_of"].endswith(":00Z")
    assert timedelta(minutes=-1) < moment - before <= timedelta(minutes=1)


@pytest.mark.parametrize(
    ("as_of", "answered"),
    [
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:00Z"),
        ("2024-05-01T14:30:00+02:00", "2024-05-01T12:30:00Z"),
        ("2024-05-01T12:30:00.123456Z", "2024-05-01T12:30:00Z"),
        ("20240501T123000Z", "2024-05-01T12:30:00Z"),
        ("2024-05-01t12:30:00z", "2024-05-01T12:30:00Z"),
    ],
)
def test_as_of_is_answered_in_utc(score: Score, as_of: str, answered: str) -> None:
    result = only(score([make_item(as_of=as_of, created_at=None)]))

    assert result["outcome"] in ("scored", "abstained")
    assert result["as_of"] == answered


def with_late_posts(item: dict[str, Any]) -> dict[str, Any]:
    """The item with more posts than any band holds, all after as_of."""
    late = [
        make_post(posted_at=iso(AS_OF + timedelta(minutes=number)))
        for number in range(60)
    ]
    return {"account": item["account"], "posts": item["posts"] + late}


def test_posts_after_as_of_change_nothing_but_the_receipt(score: Score) -> None:
    item = make_item(posts=6)

    before = only(score([item], explain="full"))
    after = only(score([with_late_posts(item)], explain="full"))

    assert after.pop("receipt") != before.pop("receipt")
    assert after == before


def test_bands_count_the_posts_that_count() -> None:
    item = make_item(posts=6)
    given = with_late_posts({**item, "posts": item["posts"] * 9})
    parsed = parse_item(given, "accounts[0]", AS_OF)

    assert post_bands(*tables([parsed])) == [band_of(6)]
    assert band_of(len(given["posts"])) != band_of(6)


def test_a_post_that_stands_twice_counts_once(score: Score) -> None:
    (item,) = random_items(1, 12)
    twice = {"account": item["account"], "posts": item["posts"] * 2}

    once, again = (only(score([i], explain="full")) for i in (item, twice))

    assert again.pop("receipt") != once.pop("receipt")
    assert again == once


def receipt_of(score: Score, item: dict[str, Any], **rest: Any) -> str:
    return str(only(score([item], **rest))["receipt"])


def test_the_same_request_has_the_same_receipt_in_any_company(score: Score) -> None:
    items = random_items(3, 5)
    alone = [receipt_of(score, item) for item in items]

    together = [r["receipt"] for r in score(items[::-1]).json()["results"]]

    assert alone == [receipt_of(score, item) for item in items]
    assert together == alone[::-1]
    assert len(set(alone)) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"as_of": iso(AS_OF + timedelta(minutes=1))},
        {"account_id": "b"},
        {"followers": 121},
        {"bio": ""},
        {"history_complete": False},
    ],
)
def test_a_receipt_changes_with_the_account(
    score: Score, change: dict[str, Any]
) -> None:
    assert receipt_of(score, make_item(**change)) != receipt_of(score, make_item())


def test_a_receipt_changes_with_prevalence_and_posts_and_not_with_detail(
    score: Score,
) -> None:
    item = make_item(posts=3)
    before = receipt_of(score, item)

    assert receipt_of(score, item, prevalence=0.06) != before
    assert receipt_of(score, item, prevalence=0.05) == before
    assert receipt_of(score, item, explain="none") == before
    assert receipt_of(score, make_item(posts=4)) != before
    item["posts"][1]["text"] += "."
    assert receipt_of(score, item) != before


def test_the_order_of_posts_changes_nothing(score: Score) -> None:
    (item,) = random_items(1, 25)
    turned = {"account": item["account"], "posts": item["posts"][::-1]}

    assert only(score([turned], explain="full")) == only(score([item], explain="full"))


@pytest.mark.parametrize(("explain", "most"), [("top", 1_000), ("full", 500)])
def test_as_many_accounts_as_the_limit_are_answered(
    score: Score, explain: str, most: int
) -> None:
    assert most == (MAX_EXPLAINED if explain == "full" else MAX_ACCOUNTS)
    items = [{"account": make_account(f"a{number}")} for number in range(most + 1)]

    allowed = score(items[:most], explain=explain)
    refused = score(items, explain=explain)

    assert [r["outcome"] for r in allowed.json()["results"]] == ["scored"] * most
    assert refused.status_code == 413
    assert refused.json()["error"]["code"] == "too_many_accounts"
    assert refused.json()["error"]["field"] == "accounts"


def test_as_many_posts_as_the_limit_are_answered(score: Score) -> None:
    item = {"account": make_account(), "posts": [make_post()] * MAX_POSTS}

    assert only(score([item]))["outcome"] == "scored"


# Envelope -> status, code, field.
ENVELOPES: dict[str, tuple[str, int, str, str | None]] = {
    "not JSON": ("{", 400, "not_json", None),
    "text after JSON": ('{"accounts": []} x', 400, "not_json", None),
    "empty": ("", 400, "not_json", None),
    "blank": (" \n", 400, "not_json", None),
    "NaN as word of no JSON": ('{"accounts": [nan]}', 400, "not_json", None),
    "a list": ("[]", 422, "wrong_type", None),
    "null": ("null", 422, "wrong_type", None),
    "no accounts": ("{}", 422, "missing_field", "accounts"),
    "accounts no list": ('{"accounts": {}}', 422, "wrong_type", "accounts"),
    "accounts null": ('{"accounts": null}', 422, "wrong_type", "accounts"),
    "unknown key": ('{"accounts": [], "x": 1}', 422, "unknown_field", None),
    "prevalence 0": (
        '{"accounts": [], "prevalence": 0}',
        422,
        "out_of_range",
        "prevalence",
    ),
    "prevalence 1": (
        '{"accounts": [], "prevalence": 1}',
        422,
        "out_of_range",
        "prevalence",
    ),
    "prevalence below": (
        '{"accounts": [], "prevalence": -0.1}',
        422,
        "out_of_range",
        "prevalence",
    ),
    "prevalence NaN": (
        '{"accounts": [], "prevalence": NaN}',
        422,
        "out_of_range",
        "prevalence",
    ),
    "prevalence 1e999": (
        '{"accounts": [], "prevalence": 1e999}',
        422,
        "out_of_range",
        "prevalence",
    ),
    "prevalence as text": (
        '{"accounts": [], "prevalence": "0.1"}',
        422,
        "wrong_type",
        "prevalence",
    ),
    "explain unknown": (
        '{"accounts": [], "explain": "all"}',
        422,
        "unknown_value",
        "explain",
    ),
    "explain a number": (
        '{"accounts": [], "explain": 1}',
        422,
        "unknown_value",
        "explain",
    ),
}


@pytest.mark.parametrize("name", ENVELOPES)
def test_a_fault_of_the_envelope_is_named(
    client: TestClient, documented: Any, name: str
) -> None:
    body, status, code, field = ENVELOPES[name]

    response = documented(
        client.post(
            "/v1/score", content=body, headers={"Content-Type": "application/json"}
        )
    )

    assert response.status_code == status
    error = response.json()["error"]
    assert set(response.json()) == {"error"}
    assert set(error) == {"code", "message", "field"}
    assert (error["code"], error["field"]) == (code, field)
    assert len(response.headers["x-request-id"]) == 16
