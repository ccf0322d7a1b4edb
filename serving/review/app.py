"""The reviewers' pages as one app: who is let in, headers, errors, logs."""

import time
from collections.abc import MutableMapping, Sequence
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from serving.clock import received_at
from serving.errors import ApiError
from serving.keys import KEYS, caller_of
from serving.review.pages import ROUTES
from serving.review.render import message
from serving.review.session import (
    LASTS,
    cookie_name,
    new_session,
    session_caller,
)
from serving.telemetry import log_event, where

HOME: Final = "/review"
STATIC: Final = "/review/static/"
# Name in the scope of whoever is let in, for the log.
CALLER: Final = "telltale.caller"
# Pages worked on or waited for at once, in one worker.
MOST_AT_ONCE: Final = 8

HEADERS: Final = {
    "content-security-policy": "default-src 'none'; style-src 'self'; "
    "img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class Review:
    """ASGI app for /review and all below it, at their full paths."""

    def __init__(self, routes: Sequence[Route] = ROUTES) -> None:
        """Nothing is known yet: keys come with each request."""
        self.at_once = 0
        self.app = Starlette(
            routes=[*routes, Route("/{rest:path}", _nowhere)],
            exception_handlers={
                HTTPException: _refused,
                ApiError: _not_ready,
                Exception: _failed,
            },
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; no error gets past, for nobody above would answer."""
        started = time.perf_counter()
        status = 0

        async def out(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": _guarded(message)}
            await send(message)

        self.at_once += 1
        try:
            answer = self._refusal(scope)
            await (answer or self.app)(scope, receive, out)
        except Exception as error:
            log_event("page failed", **where(error))
            if not status:
                page = await _failed(Request(scope), error)
                await page(scope, receive, out)
        finally:
            self.at_once -= 1
        log_event(
            "page",
            caller=scope.get(CALLER),
            page=getattr(scope.get("endpoint"), "__name__", "none"),
            method=scope["method"] if scope["method"] in ("GET", "POST") else "other",
            status=status,
            seconds=round(time.perf_counter() - started, 4),
        )

    def _refusal(self, scope: Scope) -> Response | None:
        """What to answer instead of the page; null if the page may be shown."""
        request = Request(scope)
        if scope["path"].startswith(STATIC):
            return None
        keys, now = scope[KEYS], received_at()
        if scope["path"] == HOME and "key" in request.query_params:
            caller = caller_of(keys, request.query_params["key"])
            if caller is None:
                return _locked()
            answer = RedirectResponse(HOME, 303)
            answer.set_cookie(
                cookie_name(keys),
                new_session(keys, caller, now),
                max_age=int(LASTS.total_seconds()),
                path=HOME,
                secure=scope["scheme"] == "https",
                httponly=True,
                samesite="strict",
            )
            return answer
        caller = session_caller(keys, request.cookies.get(cookie_name(keys), ""), now)
        if caller is None:
            return _locked()
        scope[CALLER] = caller
        if self.at_once > MOST_AT_ONCE:
            return message(503, "Too busy", "Many pages are being made. Try again.")
        return None


_FAILED: Final = (
    "This page could not be made. The fault is in the service; its log names the kind "
    "of error and nothing of the account."
)


def _guarded(message: MutableMapping[str, Any]) -> list[tuple[bytes, bytes]]:
    ours = {name.encode(): value.encode() for name, value in HEADERS.items()}
    theirs = [h for h in message.get("headers", []) if h[0].lower() not in ours]
    return [*theirs, *ours.items()]


def _locked() -> Response:
    page = message(401, "A key is needed", None)
    page.headers["www-authenticate"] = "Bearer"
    return page


async def _failed(request: Request, error: Exception) -> Response:
    return message(500, "Something went wrong", _FAILED)


async def _nowhere(request: Request) -> Response:
    raise HTTPException(404)


async def _refused(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 404:
        return message(404, "No such page", "There is nothing at this address.")
    page = message(status, "Not possible", "This page does not answer to that.")
    if isinstance(error, HTTPException) and error.headers:
        page.headers.update(error.headers)
    return page


async def _not_ready(request: Request, error: Exception) -> Response:
    return message(
        503, "Not ready", "The model is being loaded. Try again in a moment."
    )


REVIEW: Final = Review()
