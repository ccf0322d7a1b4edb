from datetime import UTC, datetime, timedelta

import pytest

from serving.review.session import LASTS, new_session, session_caller

KEYS = {"reviewer": "r" * 43, "other": "o" * 43}
NOW = datetime(2024, 5, 1, tzinfo=UTC)


def test_a_session_speaks_for_its_caller_until_it_is_over() -> None:
    value = new_session(KEYS, "reviewer", NOW)

    assert session_caller(KEYS, value, NOW) == "reviewer"
    assert session_caller(KEYS, value, NOW + LASTS - timedelta(seconds=1)) == "reviewer"
    assert session_caller(KEYS, value, NOW + LASTS) is None


def test_a_session_does_not_hold_the_key() -> None:
    assert KEYS["reviewer"] not in new_session(KEYS, "reviewer", NOW)


def test_taking_out_or_changing_the_key_ends_its_sessions() -> None:
    value = new_session(KEYS, "reviewer", NOW)

    assert session_caller({"other": "o" * 43}, value, NOW) is None
    assert session_caller({**KEYS, "reviewer": "n" * 43}, value, NOW) is None


def forged() -> list[str]:
    caller, until, signature = new_session(KEYS, "reviewer", NOW).split(".")
    return [
        f"other.{until}.{signature}",
        f"{caller}.{int(until) + 1}.{signature}",
        f"{caller}.{until}.{signature[:-1]}",
        f"{caller}.{until}.{'0' * 64}",
        f"{caller}.{until}.\udcff",
        f"{caller}.{'9' * 4000}.{signature}",
        f"{caller}.\u0661.{signature}",
        f"{caller}.{until}",
        f"nobody.{until}.{signature}",
        "reviewer",
        "...",
        "",
    ]


@pytest.mark.parametrize("value", forged())
def test_a_forged_session_speaks_for_nobody(value: str) -> None:
    assert session_caller(KEYS, value, NOW) is None
