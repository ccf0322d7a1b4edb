"""Gatekeeper: what must hold before a request reaches the service, and its errors.

An ASGI middleware inside BentoML's own. It checks the key, the type and the size of a
body while it streams in, gives every request an id, turns whatever BentoML answers to a
faulty request into our error shape, and counts and logs requests without content.
"""

import asyncio
import json
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final

from serving.answers import ERROR_MARK, fault_body
from serving.contract import MAX_BODY
from serving.errors import ApiError, Fault
from serving.faults import fault_of
from serving.keys import KEYS, caller_of
from serving.telemetry import (
    LATENCY,
    REQUEST_ID,
    count_request,
    log_event,
    where,
)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_MARK: Final = ERROR_MARK.encode()
SCORE_PATH: Final = "/v1/score"
_FREE: Final = ("/v1/openapi.json",)
# A body that comes in more slowly than this in all is given up.
BODY_SECONDS: Final = 20.0
# A request that has waited this long is given up; below BentoML's own limit, whose
# answer is not of our shape. What runs already is finished.
ANSWER_SECONDS: Final = 240.0
# Requests worked on or waited for at once, in one worker.
MOST_AT_ONCE: Final = 16
# Bytes of bodies held at once, in one worker; a slow body holds what has come of it.
MOST_HELD: Final = 8 * MAX_BODY

# What the server answers on its own -> our code.
_OF_STATUS: Final = {
    400: ("not_json", "the body is not JSON"),
    404: ("not_found", "no such path"),
    405: ("method_not_allowed", "the path does not have this method"),
    408: ("slow_body", "the body came in too slowly"),
    413: ("too_large", "the body is larger than allowed"),
    415: ("wrong_content_type", "send application/json"),
    429: ("too_busy", "too many requests at once; try again"),
    503: ("not_ready", "the service is not ready; try again"),
}


class Gatekeeper:
    """Middleware for /v1/*; /review gets the keys, other paths pass untouched."""

    def __init__(self, app: App, keys: Callable[[], Mapping[str, str]]) -> None:
        """Guard `app`.

        Args:
            app: what lies behind.
            keys: gives caller -> key, asked once, when the server starts.
        """
        self.app = app
        self.keys = keys()
        self.at_once = 0
        self.held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        path = scope.get("path", "")
        if scope["type"] != "http" or path == "/review" or path.startswith("/review/"):
            await self.app({**scope, KEYS: self.keys}, receive, send)
            return
        if path != "/v1" and not path.startswith("/v1/"):
            await self.app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        REQUEST_ID.set(request_id)
        started = time.perf_counter()
        answer = _Answer(send, request_id)
        caller: str | None = None
        try:
            if path not in _FREE:
                caller = self._caller(scope)
            if path == SCORE_PATH and scope["method"] == "POST":
                await self._score(scope, receive, answer)
            else:
                await self._pass_on(scope, receive, answer)
            await answer.finish()
        except ApiError as error:
            await answer.refuse(error.status, error.fault)
        except Exception as error:
            await answer.refuse(500, Fault("internal", "an internal error"))
            log_event("failed", request_id=request_id, **where(error))
        seconds = time.perf_counter() - started
        if path == SCORE_PATH:
            LATENCY.observe(seconds)
        count_request(answer.status, answer.code)
        log_event(
            "request",
            request_id=request_id,
            caller=caller,
            path=path if path in (SCORE_PATH, "/v1/model", *_FREE) else "other",
            method=scope["method"] if scope["method"] in ("GET", "POST") else "other",
            status=answer.status,
            code=answer.code,
            seconds=round(seconds, 4),
        )

    def _caller(self, scope: Scope) -> str:
        given = _header(scope, b"authorization")
        kind, _, key = given.partition(" ")
        caller = caller_of(self.keys, key) if kind.lower() == "bearer" else None
        if caller is None:
            raise ApiError("wrong_key", "send the header Authorization: Bearer <key>")
        return caller

    async def _score(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        """Read the body, then have it answered."""
        body = bytearray()
        try:
            await self._read(scope, receive, body)
            await self._pass_on(scope, _replay(bytes(body), receive), answer)
        finally:
            self.held -= len(body)

    async def _pass_on(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        """Have a request answered, unless too many are."""
        if self.at_once >= MOST_AT_ONCE:
            raise ApiError("too_busy", "too many requests at once; try again")
        self.at_once += 1
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self.app(scope, receive, answer.send)
        except TimeoutError:
            raise ApiError("timeout", "took too long; send fewer accounts") from None
        finally:
            self.at_once -= 1

    async def _read(self, scope: Scope, receive: Receive, body: bytearray) -> None:
        """Fill `body` under its limits; its length is counted in `held`."""
        kind = _header(scope, b"content-type").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise ApiError("wrong_content_type", "send application/json")
        announced = _header(scope, b"content-length")
        # Twenty digits are too many already, and no more are worth reading.
        if announced.isdecimal() and int(announced[:20]) > MAX_BODY:
            raise ApiError("too_large", f"at most {MAX_BODY} bytes")
        try:
            async with asyncio.timeout(BODY_SECONDS):
                more = True
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise ApiError("slow_body", "the connection was closed")
                    part = message.get("body", b"")
                    body += part
                    self.held += len(part)
                    if len(body) > MAX_BODY:
                        raise ApiError("too_large", f"at most {MAX_BODY} bytes")
                    if self.held > MOST_HELD:
                        raise ApiError("too_busy", "too much at once; try again")
                    more = message.get("more_body", False)
        except TimeoutError:
            raise ApiError("slow_body", f"not there after {BODY_SECONDS:g} s") from None
        if not body or body.isspace():
            raise ApiError("not_json", "the body is empty")


def _replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body already read, then what follows it."""
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


class _Answer:
    """Passes answers on; holds back an error of the server to put it into our shape."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self._held: list[bytes] | None = None
        self._started = False
        self._allow = b""
        self.status = 500
        self.code: str | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = dict(message.get("headers", []))
            if self.status >= 400 and _MARK not in headers:
                self._held = []
                self._allow = headers.get(b"allow", b"")
                return
            self.code = headers.pop(_MARK, b"").decode() or None
            headers[b"x-request-id"] = self._request_id.encode()
            self._started = True
            await self._send({**message, "headers": list(headers.items())})
        elif self._held is not None:
            self._held.append(message.get("body", b""))
        else:
            await self._send(message)

    async def finish(self) -> None:
        """Send what was held back, as one of our errors."""
        if self._held is not None:
            fault = _translate(self.status, b"".join(self._held))
            await self.refuse(ApiError(fault.code, "").status, fault)

    async def refuse(self, status: int, fault: Fault) -> None:
        """Send an error, unless an answer is already under way."""
        if self._started:
            return
        self.status, self.code = status, fault.code
        body = json.dumps({"error": fault_body(fault)}).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"x-request-id", self._request_id.encode()),
        ]
        if status == 401:
            headers.append((b"www-authenticate", b"Bearer"))
        if status == 405:
            headers.append((b"allow", self._allow))
        self._started = True
        await self._send(
            {"type": "http.response.start", "status": status, "headers": headers}
        )
        await self._send({"type": "http.response.body", "body": body})


def _translate(status: int, body: bytes) -> Fault:
    """Our fault for an error of BentoML's: its details name places, never values."""
    if status == 400:
        try:
            detail = json.loads(body)["detail"]
            return fault_of(detail[0]["type"], detail[0]["loc"])
        except (ValueError, KeyError, IndexError, TypeError):
            pass
    code, message = _OF_STATUS.get(status, ("internal", "an internal error"))
    return Fault(code, message)


def _header(scope: Scope, name: bytes) -> str:
    for key, value in scope.get("headers", []):
        if key == name:
            return bytes(value).decode("latin-1")
    return ""
