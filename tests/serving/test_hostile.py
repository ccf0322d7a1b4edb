"""The hand-written nasty ones, each by name, through the whole service.

Those that need a real connection (40 MiB, chunked, slow) are in test_running.
"""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from serving import telemetry
from serving.contract import MAX_BODY, MAX_POSTS
from tests.serving.builders import make_item, make_post

MARK = "zq7marker"
JSON = "application/json"


def item(**account: Any) -> str:
    return json.dumps({"accounts": [make_item(MARK, **account)]})


def inside(text: str) -> str:
    """A request whose account has this raw JSON as its bio."""
    return item(bio="BIO").replace('"BIO"', text)


DEEP = 100_000
# Name -> body, status, code of the answer or of its first result.
BODIES: dict[str, tuple[str | bytes, int, str]] = {
    "not JSON": (f"{{{MARK}", 400, "not_json"),
    "not UTF-8": (b'{"accounts": ["\xff\xfe"]}', 400, "not_json"),
    "UTF-16": (item().encode("utf-16"), 400, "not_json"),
    "byte order mark": (b"\xef\xbb\xbf" + item().encode(), 400, "not_json"),
    "binary": (bytes(range(256)), 400, "not_json"),
    "NUL in a text": (inside('"\\u0000"'), 200, "scored"),
    "raw NUL": (inside('"\0"'), 400, "not_json"),
    "NaN": (inside("NaN"), 200, "wrong_type"),
    "NaN as a count": (item(followers=float("nan")), 200, "wrong_type"),
    "infinity": (item(followers=float("-inf")), 200, "wrong_type"),
    "1e999": (inside("1e999"), 200, "wrong_type"),
    "1e999 as a count": (
        item(followers=77).replace("77", "1e999"),
        200,
        "wrong_type",
    ),
    "a number of 5,000 digits": (inside("9" * 5_000), 400, "not_json"),
    "1e308 as a count": (item(followers=1e308), 200, "out_of_range"),
    "deep nesting of lists": ("[" * DEEP + "]" * DEEP, 400, "not_json"),
    "deep nesting of objects": ('{"a":' * DEEP + "1" + "}" * DEEP, 400, "not_json"),
    "deep nesting inside": (inside("[" * DEEP + "]" * DEEP), 400, "not_json"),
    "nesting of 150 inside": (inside("[" * 150 + "]" * 150), 200, "wrong_type"),
    "lone surrogate": (inside('"\\ud800"'), 400, "not_json"),
    "lone surrogate in a key": (f'{{"\\udfff{MARK}": 1}}', 400, "not_json"),
    "pair of surrogates": (inside('"\\ud83d\\ude00"'), 200, "scored"),
    "3,201 posts": (
        json.dumps(
            {"accounts": [{**make_item(), "posts": [make_post()] * (MAX_POSTS + 1)}]}
        ),
        200,
        "too_many_posts",
    ),
    "duplicate ids": (
        json.dumps({"accounts": [make_item(MARK, followers=-1), make_item(MARK)] * 2}),
        200,
        "out_of_range",
    ),
    "duplicate keys": ('{"accounts": [], "accounts": [5]}', 200, "wrong_type"),
    "date without zone": (item(as_of="2024-05-01T00:00:00"), 200, "time_without_zone"),
    "year 1": (item(as_of="0001-01-01T00:00:00Z", created_at=None), 200, "scored"),
    "year 9999": (item(as_of="9999-12-31T23:59:59.999999Z"), 200, "scored"),
    "year 1 east of Greenwich": (
        item(created_at="0001-01-01T00:00:00+14:00"),
        200,
        "wrong_time",
    ),
    "year 9999 west of it": (
        item(created_at="9999-12-31T23:59:59-12:00"),
        200,
        "wrong_time",
    ),
    "offset of a day": (item(as_of="2024-05-01T00:00:00+24:00"), 200, "wrong_time"),
    "created after as_of": (item(created_at="2030-01-01T00:00:00Z"), 200, "time_order"),
    "unknown field beside accounts": (
        f'{{"accounts": [], "{MARK}": 1}}',
        422,
        "unknown_field",
    ),
    "unknown field of an account": (item(**{MARK: 1}), 200, "unknown_field"),
    "prototype": (item(__proto__={"a": 1}), 200, "unknown_field"),
    "formula and script": (
        item(bio="=1+1<script>alert(1)</script>{{7*7}}"),
        200,
        "scored",
    ),
    "right-to-left and combining": (
        item(handle="\u202e" + "\u0301" * 500),
        200,
        "scored",
    ),
    "text of 100,000 characters": (item(bio="x" * 100_000), 200, "scored"),
    "text of 100,001 characters": (item(bio="x" * 100_001), 200, "too_long"),
    "counts at their bound": (
        item(followers=2**53, following=2**53, posts_total=2**53, listed=0),
        200,
        "scored",
    ),
    "a million nulls": (
        '{"accounts": [' + "null," * 999_999 + "null]}",
        413,
        "too_many_accounts",
    ),
    "a blank body of 32 MiB": (b" " * MAX_BODY, 400, "not_json"),
    "a body of 40 MiB": (b" " * (40 * 2**20), 413, "too_large"),
}


def send(
    client: TestClient, body: str | bytes, kind: str | None = JSON
) -> httpx.Response:
    headers = {"Content-Type": kind} if kind is not None else {}
    return client.post("/v1/score", content=body, headers=headers)


@pytest.mark.parametrize("name", BODIES)
def test_a_nasty_body_gets_its_code_and_reaches_no_log(
    client: TestClient,
    documented: Callable[[httpx.Response], httpx.Response],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    name: str,
) -> None:
    body, status, code = BODIES[name]

    response = documented(send(client, body))

    answer = response.json()
    assert response.status_code == status
    if status == 200:
        first = answer["results"][0]
        assert (first["error"] or {"code": first["outcome"]})["code"] == code
    else:
        assert answer["error"]["code"] == code
    written = caplog.text + "".join(capfd.readouterr())
    assert MARK not in written
    assert "Traceback" not in written


def test_a_log_with_a_value_in_it_would_be_found(
    client: TestClient,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(telemetry.WithoutContent, "filter", lambda self, record: True)

    send(client, f'{{"accounts": [], "{MARK}": 1}}')

    assert MARK in caplog.text


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/octet-stream",
        "application/vnd.bentoml+pickle",
        "application/json, application/vnd.bentoml+pickle",
        "application/vnd.bentoml+pickle; application/json",
    ],
)
def test_a_wrong_content_type_is_refused(
    client: TestClient,
    documented: Callable[[httpx.Response], httpx.Response],
    kind: str | None,
) -> None:
    response = documented(send(client, '{"accounts": []}', kind))

    assert response.status_code == 415
    assert response.json()["error"]["code"] == "wrong_content_type"


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Encoding": "gzip"},
        {"Payload-Container": "ndarray", "Batch-Size": "1"},
        {"X-Request-Id": MARK},
        {"Accept": "text/html"},
        {"Content-Type": "application/json; application/vnd.bentoml+pickle"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Bentoml-Deployment": MARK, "Traceparent": f"00-{MARK}-01"},
    ],
)
def test_other_headers_change_nothing(
    client: TestClient,
    documented: Callable[[httpx.Response], httpx.Response],
    headers: dict[str, str],
) -> None:
    response = documented(
        client.post(
            "/v1/score", content=item(), headers={"Content-Type": JSON, **headers}
        )
    )

    assert response.json()["results"][0]["outcome"] == "scored"
    assert response.headers["x-request-id"] != MARK
