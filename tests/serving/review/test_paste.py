import json
from datetime import UTC, datetime
from typing import Any

import pytest

from serving.review.paste import PasteError, parse_pasted, parse_share
from tests.serving.builders import make_account, make_item

NOW = datetime(2024, 6, 1, tzinfo=UTC)


def test_an_item_and_a_request_with_one_account_are_the_same() -> None:
    alone = parse_pasted(json.dumps(make_item()), NOW)
    whole = parse_pasted(
        json.dumps({"accounts": [make_item()], "prevalence": 0.01}), NOW
    )

    assert alone.item == whole.item
    assert (alone.prevalence, whole.prevalence) == (None, 0.01)


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ("", "not_json", None),
        ("{", "not_json", None),
        ("[" * 100_000, "not_json", None),
        ("1" * 5000, "not_json", None),
        ([], "wrong_type", None),
        ({}, "missing_field", "account"),
        ({"account": {}}, "missing_field", "account.account_id"),
        ({"account": make_account(followers=-1)}, "out_of_range", "account.followers"),
        (
            {"account": make_account(followers=float("nan"))},
            "wrong_type",
            "account.followers",
        ),
        (
            {"account": make_account(as_of="2024-05-01")},
            "time_without_zone",
            "account.as_of",
        ),
        ({"account": make_account(name="\ud800")}, "wrong_type", "account.name"),
        ({"account": make_account(verified=True)}, "unknown_field", "account"),
        ({"account": make_account(), "posts": [{}]}, "missing_field", "posts[0].kind"),
        ({"accounts": [make_item(), make_item()]}, "too_many_accounts", "accounts"),
        ({"accounts": [make_item()], "prevalence": 2}, "out_of_range", "prevalence"),
        (
            {"accounts": [{"account": {}}]},
            "missing_field",
            "accounts[0].account.account_id",
        ),
    ],
)
def test_what_cannot_be_scored_is_named(
    given: Any, code: str, field: str | None
) -> None:
    text = given if isinstance(given, str) else json.dumps(given)

    with pytest.raises(PasteError) as caught:
        parse_pasted(text, NOW)

    assert (caught.value.fault.code, caught.value.fault.field) == (code, field)


@pytest.mark.parametrize(
    ("typed", "share"), [("5", 0.05), (" 0,1 % ", 0.001), ("", None), ("99.9", 0.999)]
)
def test_a_share_is_typed_in_percent(typed: str, share: float | None) -> None:
    assert parse_share(typed) == pytest.approx(share)


@pytest.mark.parametrize("typed", ["0", "100", "-1", "nan", "inf", "five", "1e999"])
def test_what_is_no_share_is_refused(typed: str) -> None:
    with pytest.raises(PasteError):
        parse_share(typed)
