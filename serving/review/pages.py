"""Pages: the queue, an account of it, and an account that was pasted."""

import asyncio
from typing import Any, Final
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serving.clock import received_at
from serving.contract import MAX_POSTS
from serving.errors import Fault
from serving.review import store
from serving.review.account import ABSTAINED, account_view
from serving.review.paste import MAX_FORM, PasteError, parse_pasted, parse_share
from serving.review.render import FOLDER, message, render
from serving.review.store import StoreError
from serving.served import SERVED

FORM_SECONDS: Final = 20.0
_FORM_TYPE: Final = "application/x-www-form-urlencoded"
_STATIC: Final = {
    "review.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


def queue(request: Request) -> Response:
    """GET /review: accounts scored offline, a page of them."""
    where = store.files()
    shared: dict[str, Any] = {
        "here": "queue",
        "abstained": ABSTAINED,
        "page": 1,
        "pages": 1,
    }
    if where.scores is None:
        return render("queue.html", rows=None, total=0, problem=None, **shared)
    try:
        accounts = store.queue(where.scores)
        pages = max(1, -(-accounts.height // store.PAGE))
        page = min(_number(request.query_params.get("page", "1")), pages)
        rows = accounts.slice((page - 1) * store.PAGE, store.PAGE).to_dicts()
        called = store.names_of(where.accounts, [row["account_id"] for row in rows])
    except StoreError as error:
        return render("queue.html", rows=None, total=0, problem=str(error), **shared)
    for place, row in enumerate(rows, (page - 1) * store.PAGE + 1):
        row.update(place=place, called=called.get(row["account_id"]))
    shared |= {"page": page, "pages": pages}
    return render(
        "queue.html", rows=rows, total=accounts.height, problem=None, **shared
    )


def account(request: Request) -> Response:
    """GET /review/account/{key}: one account of the queue."""
    where = store.files()
    if where.scores is None:
        return _unknown()
    try:
        accounts = store.queue(where.scores)
        found = accounts["key"].index_of(request.path_params["key"])
        if found is None:
            return _unknown()
        row = accounts.row(found, named=True)
        item = store.stored_item(where, row)
    except StoreError as error:
        return message(503, "This account cannot be shown", str(error))
    asked, problem = None, None
    try:
        asked = parse_share(request.query_params.get("share", ""))
    except PasteError as error:
        problem = error.fault.message
    used = row["prevalence"] if asked is None else asked
    stated = row["bot_probability"] if used == row["prevalence"] else None
    view = account_view(SERVED.model, item, used, stated)
    beside = {
        name: accounts["key"][place] if 0 <= place < accounts.height else None
        for name, place in (("previous", found - 1), ("following", found + 1))
    }
    return render(
        "account.html",
        422 if problem else 200,
        view=view,
        here="account",
        place=found + 1,
        total=accounts.height,
        page=found // store.PAGE + 1,
        problem=problem,
        **beside,
    )


async def paste(request: Request) -> Response:
    """GET and POST /review/paste: the form, and the account pasted into it."""
    if request.method != "POST":
        return _form()
    if not _from_here(request):
        return message(403, "Not from this page", "Use the form of this page.")
    if request.headers.get("content-type", "").partition(";")[0].strip() != _FORM_TYPE:
        return message(415, "Not a form", "Use the form of this page.")
    try:
        async with asyncio.timeout(FORM_SECONDS):
            body = await _body(request)
    except TimeoutError:
        return message(408, "Too slow", "The form came in too slowly. Try again.")
    if body is None:
        return message(413, "Too large", _TOO_LARGE)
    return await run_in_threadpool(_pasted, body)


def _pasted(body: bytes) -> Response:
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=10)
    except ValueError:
        return message(400, "Not a form", "Use the form of this page.")
    text, typed = (fields.get(name, [""])[0] for name in ("account", "share"))
    try:
        asked = parse_share(typed)
        pasted = parse_pasted(text, received_at())
    except PasteError as error:
        return _form(error.fault, text, typed)
    wanted = pasted.prevalence if asked is None else asked
    return render(
        "account.html",
        view=account_view(SERVED.model, pasted.item, wanted),
        here="pasted",
        text=text,
        typed=typed,
        most=MAX_POSTS,
        fault=None,
    )


_TOO_LARGE: Final = (
    f"At most {MAX_FORM // 2**20} MiB can be pasted. Longer histories go through "
    "make score, or POST /v1/score."
)


def _form(fault: Fault | None = None, text: str = "", typed: str = "") -> Response:
    status = 422 if fault else 200
    return render(
        "paste.html",
        status,
        here="paste",
        fault=fault,
        text=text,
        typed=typed,
        most=MAX_POSTS,
    )


def _from_here(request: Request) -> bool:
    """Whether the form was sent by our own page: browsers say where from."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin", "null")
    # Our policy of no referrer makes browsers send `null`; the cookie is strict.
    return origin == "null" or origin.partition("://")[2] == request.headers.get("host")


async def _body(request: Request) -> bytes | None:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_FORM:
            return None
        parts.append(part)
    return b"".join(parts)


def _unknown() -> Response:
    return message(404, "No such account", "The queue does not hold this account.")


def _number(text: str) -> int:
    sound = text.isascii() and text.isdigit() and len(text) < 10
    return max(1, int(text)) if sound else 1


async def static(request: Request) -> Response:
    """GET /review/static/{name}: the style sheet and the icon."""
    name = request.path_params["name"]
    if name not in _STATIC:
        return message(404, "No such page", "There is nothing at this address.")
    return Response((FOLDER / "static" / name).read_bytes(), media_type=_STATIC[name])


ROUTES: Final = [
    Route("/review", queue, methods=["GET"]),
    Route("/review/account/{key}", account, methods=["GET"]),
    Route("/review/paste", paste, methods=["GET", "POST"]),
    Route("/review/static/{name}", static, methods=["GET"]),
]
