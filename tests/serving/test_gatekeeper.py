"""The gatekeeper alone, before an app that answers or fails as the test wants."""

import asyncio
import json
from collections.abc import Callable, Iterable, MutableMapping
from typing import Any

import pytest

from serving import gatekeeper
from serving.contract import MAX_BODY
from serving.errors import STATUS
from serving.gatekeeper import MOST_AT_ONCE, SCORE_PATH, Gatekeeper
from tests.serving.builders import KEYS

Message = MutableMapping[str, Any]
HEADERS = {
    "authorization": f"Bearer {KEYS['reviewer']}",
    "content-type": "application/json",
}


class Reply:
    """What was sent back."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {k.decode(): v.decode() for k, v in message["headers"]}
        else:
            self.body += message.get("body", b"")

    @property
    def code(self) -> str:
        return str(json.loads(self.body)["error"]["code"])


def answering(status: int = 200, body: bytes = b"{}") -> Callable[..., Any]:
    """An app that reads all and answers."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        start = {"type": "http.response.start", "status": status, "headers": []}
        await send(start)
        await send({"type": "http.response.body", "body": body})

    return app


async def never() -> Message:
    await asyncio.Event().wait()
    raise AssertionError("woken up")


def parts(*bodies: bytes, then: Message | None = None) -> Callable[[], Any]:
    """A `receive` of a body in parts, and what comes instead of its end."""
    last = len(bodies) - 1
    messages: list[Message] = [
        {
            "type": "http.request",
            "body": body,
            "more_body": then is not None or i < last,
        }
        for i, body in enumerate(bodies)
    ]
    waiting = iter([*messages, *([then] if then else [])])

    async def receive() -> Message:
        for message in waiting:
            return message
        return await never()

    return receive


async def call(
    guard: Gatekeeper,
    receive: Callable[[], Any] | None = None,
    path: str = SCORE_PATH,
    method: str = "POST",
    headers: Iterable[tuple[str, str]] = (),
) -> Reply:
    scope = {
        "type": "http",
        "path": path,
        "method": method,
        "headers": [
            (k.encode(), v.encode("latin-1"))
            for k, v in {**HEADERS, **dict(headers)}.items()
        ],
    }
    reply = Reply()
    await guard(scope, receive or parts(b"{}"), reply.send)
    return reply


def guard_of(app: Callable[..., Any]) -> Gatekeeper:
    return Gatekeeper(app, lambda: KEYS)


def test_a_slow_body_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gatekeeper, "BODY_SECONDS", 0.05)
    guard = guard_of(answering())
    drip = parts(b"{", then={"type": "http.request", "body": b"", "more_body": True})

    reply = asyncio.run(call(guard, drip))

    assert (reply.status, reply.code) == (408, "slow_body")
    assert (guard.held, guard.at_once) == (0, 0)


def test_a_connection_closed_half_way_frees_what_it_held() -> None:
    guard = guard_of(answering())

    reply = asyncio.run(call(guard, parts(b"{", then={"type": "http.disconnect"})))

    assert reply.code == "slow_body"
    assert (guard.held, guard.at_once) == (0, 0)


@pytest.mark.parametrize("announced", [str(MAX_BODY + 1), "9" * 5000])
def test_a_body_announced_too_large_is_not_read(announced: str) -> None:
    reply = asyncio.run(
        call(guard_of(answering()), never, headers=[("content-length", announced)])
    )

    assert (reply.status, reply.code) == (413, "too_large")


@pytest.mark.parametrize("announced", ["", "x", "-1", "²", "10"])
def test_a_body_is_counted_whatever_was_announced(announced: str) -> None:
    part = b" " * (MAX_BODY // 2)
    guard = guard_of(answering())

    reply = asyncio.run(
        call(guard, parts(part, part, b" "), headers=[("content-length", announced)])
    )

    assert (reply.status, reply.code) == (413, "too_large")
    assert guard.held == 0


def test_a_body_as_large_as_the_limit_passes() -> None:
    part = b"[" + b" " * (MAX_BODY // 2 - 1)

    reply = asyncio.run(call(guard_of(answering()), parts(part, part)))

    assert reply.status == 200


def test_bodies_held_at_once_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gatekeeper, "MOST_HELD", 100)
    guard = guard_of(answering())
    closed: Message = {"type": "http.disconnect"}

    async def run() -> tuple[Reply, Reply]:
        ended = asyncio.Event()
        begun = parts(b"x" * 60, then=closed)

        async def slow() -> Message:
            if guard.held:
                await ended.wait()
            return dict(await begun())

        waiting = asyncio.create_task(call(guard, slow))
        while not guard.held:
            await asyncio.sleep(0)
        refused = await call(guard, parts(b"x" * 60))
        ended.set()
        await waiting
        return refused, await call(guard, parts(b"x" * 60))

    refused, after = asyncio.run(run())

    assert (refused.status, refused.code) == (429, "too_busy")
    assert after.status == 200
    assert guard.held == 0


def test_beyond_the_most_at_once_a_request_is_sent_away() -> None:
    done = asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await done.wait()
        await answering()(scope, receive, send)

    guard = guard_of(slow)

    async def run() -> tuple[Reply, list[Reply], Reply]:
        waiting = [asyncio.create_task(call(guard)) for _ in range(MOST_AT_ONCE)]
        await asyncio.sleep(0)
        while guard.at_once < MOST_AT_ONCE:
            await asyncio.sleep(0)
        refused = await call(guard)
        done.set()
        answered = [await task for task in waiting]
        return refused, answered, await call(guard)

    refused, answered, after = asyncio.run(run())

    assert (refused.status, refused.code) == (429, "too_busy")
    assert [reply.status for reply in answered] == [200] * MOST_AT_ONCE
    assert after.status == 200


def test_a_request_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gatekeeper, "ANSWER_SECONDS", 0.05)

    async def hanging(scope: Any, receive: Any, send: Any) -> None:
        await never()

    guard = guard_of(hanging)

    reply = asyncio.run(call(guard))

    assert (reply.status, reply.code) == (504, "timeout")
    assert guard.at_once == 0


def test_an_app_that_fails_is_an_internal_error_without_its_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def failing(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError("secret words")

    guard = guard_of(failing)

    reply = asyncio.run(call(guard))

    assert (reply.status, reply.code) == (500, "internal")
    assert b"secret" not in reply.body
    assert guard.at_once == 0


def test_after_the_body_an_app_hears_what_the_connection_says() -> None:
    heard = []

    async def listening(scope: Any, receive: Any, send: Any) -> None:
        heard.append(await receive())
        heard.append(await receive())
        await answering()(scope, parts(b""), send)

    said: list[Message] = [
        {"type": "http.request", "body": b"{}"},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return said.pop(0)

    asyncio.run(call(guard_of(listening), receive))

    assert [message["type"] for message in heard] == ["http.request", "http.disconnect"]
    assert heard[0]["body"] == b"{}"


def test_an_answer_under_way_is_not_answered_again() -> None:
    async def breaking(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})
        raise ValueError

    reply = asyncio.run(call(guard_of(breaking)))

    assert (reply.status, reply.body) == (200, b"{")


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (400, b"", "not_json"),
        (400, b"[]", "not_json"),
        (400, b'{"detail": []}', "not_json"),
        (
            400,
            b'{"detail": [{"type": "missing", "loc": ["accounts"]}]}',
            "missing_field",
        ),
        (400, b'{"detail": [{"type": "new_in_pydantic", "loc": []}]}', "wrong_type"),
        (404, b"Not Found", "not_found"),
        (405, b"", "method_not_allowed"),
        (413, b"", "too_large"),
        (415, b"", "wrong_content_type"),
        (429, b"", "too_busy"),
        (418, b"", "internal"),
        (500, b"secret", "internal"),
        (502, b"", "internal"),
        (503, b"", "not_ready"),
    ],
)
def test_errors_of_the_server_get_our_shape(
    status: int, body: bytes, code: str
) -> None:
    reply = asyncio.run(call(guard_of(answering(status, body))))

    assert reply.code == code
    assert reply.status == STATUS[code]
    assert b"secret" not in reply.body
    assert reply.headers["content-length"] == str(len(reply.body))


@pytest.mark.parametrize(
    ("kind", "allowed"),
    [
        ("application/json", True),
        ("Application/JSON; charset=utf-8", True),
        ("", False),
        ("text/plain", False),
        ("application/jsonp", False),
        ("application/x-www-form-urlencoded", False),
        ("multipart/form-data; boundary=x", False),
        ("application/vnd.bentoml+pickle", False),
        ("application/octet-stream", False),
    ],
)
def test_one_content_type_passes(kind: str, allowed: bool) -> None:
    reply = asyncio.run(call(guard_of(answering()), headers=[("content-type", kind)]))

    assert reply.status == (200 if allowed else 415)
    assert allowed or reply.code == "wrong_content_type"


def test_other_paths_pass_untouched() -> None:
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope.get("path"))

    for path in ("/", "/review", "/v10", "/metrics"):
        asyncio.run(call(guard_of(app), path=path))
    asyncio.run(guard_of(app)({"type": "lifespan"}, never, Reply().send))

    assert seen == ["/", "/review", "/v10", "/metrics", None]
