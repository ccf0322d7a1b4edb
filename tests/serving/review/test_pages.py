import asyncio
import html
import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from serving.gatekeeper import Gatekeeper
from serving.review.app import HEADERS, Review
from serving.review.paste import MAX_FORM
from serving.review.session import cookie_name
from serving.review.store import account_key
from serving.served import SERVED
from serving.telemetry import LOGGER, JsonLines
from tests.serving.builders import KEYS, make_item, random_items
from tests.serving.review.builders import LONG, SCRIPT, hostile_item

KEY = KEYS["reviewer"]
PAGES = ("/review", "/review/paste", f"/review/account/{account_key('acc-0000')}")
# What no page may say of anybody, and words that reviewers need not know.
UNSAID = re.compile(
    r"\b(bots?|fake|troll|guilty|shap|logits?|features?|prevalence|booster)\b", re.I
)


def send(browser: TestClient, **fields: str) -> httpx.Response:
    return browser.post("/review/paste", data=fields)


def words(page: httpx.Response) -> str:
    """What a page says, without its marks."""
    text = re.sub(r"<code[^>]*>.*?</code>|<[^>]+>", " ", page.text, flags=re.S)
    return " ".join(html.unescape(text).split())


@contextmanager
def logged() -> Iterator[list[str]]:
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(JsonLines().format(record))

    handler = Keep()
    LOGGER.addHandler(handler)
    try:
        yield lines
    finally:
        LOGGER.removeHandler(handler)


@pytest.mark.parametrize("path", [*PAGES, "/review/nothing", "/review/"])
@pytest.mark.parametrize("value", ["", "reviewer.9999999999.00"])
def test_without_a_key_there_is_no_page(
    path: str, value: str, stranger: TestClient
) -> None:
    cookie = f"{cookie_name(KEYS)}={value}"

    page = stranger.get(path, headers={"cookie": cookie})

    assert page.status_code == 401
    assert "A key is needed" in page.text
    assert "acc-0000" not in page.text


def test_the_key_becomes_a_cookie_and_leaves_the_address(stranger: TestClient) -> None:
    answer = stranger.get(f"/review?key={KEY}")

    cookie = answer.headers["set-cookie"]
    assert (answer.status_code, answer.headers["location"]) == (303, "/review")
    assert {part.strip() for part in cookie.split(";")[1:]} == {
        "HttpOnly",
        "Max-Age=43200",
        "Path=/review",
        "SameSite=strict",
    }
    assert KEY not in cookie
    assert stranger.get("/review").status_code == 200


def test_over_https_the_cookie_stays_there(stranger: TestClient) -> None:
    answer = stranger.get(f"https://testserver/review?key={KEY}")

    assert "; Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize("key", ["", "wrong<script>", KEY[:-1], "%ff"])
def test_a_wrong_key_is_refused_and_not_repeated(
    key: str, reviewer: TestClient
) -> None:
    answer = reviewer.get(f"/review?key={key}")

    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert "wrong" not in answer.text.lower()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/review", 200),
        ("GET", "/review/paste", 200),
        ("GET", "/review/static/review.css", 200),
        ("GET", "/review/static/icon.svg", 200),
        ("GET", "/review/static/../app.py", 404),
        ("GET", "/review/static/app.py", 404),
        ("GET", "/review/account/nobody", 404),
        ("GET", "/review/nothing", 404),
        ("POST", "/review", 405),
        ("DELETE", "/review/paste", 405),
        ("POST", "/review/paste", 415),
    ],
)
def test_every_answer_is_guarded_by_the_same_headers(
    method: str, path: str, status: int, reviewer: TestClient
) -> None:
    answer = reviewer.request(method, path)

    assert answer.status_code == status
    for name, value in HEADERS.items():
        assert answer.headers.get_list(name) == [value]


def test_nothing_on_a_page_is_inline_or_from_elsewhere(reviewer: TestClient) -> None:
    for path in PAGES:
        page = reviewer.get(path).text
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=", page)
        addresses = re.findall(r'(?:href|src|action)="([^"]*)"', page)
        assert addresses
        assert all(re.match(r"/review|#", address) for address in addresses)


def test_the_queue_lists_all_and_says_why_one_is_not_scored(
    reviewer: TestClient,
) -> None:
    page = reviewer.get("/review")

    assert page.text.count('<th scope="row">') == 8
    assert "Not scored: nothing but a handle or a name is known of it" in words(page)
    assert "at an assumed share of 5 %" in words(page)


def test_an_account_shows_its_interval_and_the_lines_beside_the_number(
    reviewer: TestClient,
) -> None:
    page = words(reviewer.get(f"/review/account/{account_key('acc-0000')}"))

    found = re.search(r"anything from (\S+) to (\S+) :", page)
    assert found
    number = re.search(r"removed: (\S+) at an assumed share", page)
    assert number
    low, middle, high = (float(n) for n in (found[1], number[1], found[2]))
    assert low <= middle <= high
    assert re.search(r"(Above|Below) the line at which at most 1\s%", page)


def test_an_account_shows_its_behaviour_letter_by_letter(reviewer: TestClient) -> None:
    page = reviewer.get(f"/review/account/{account_key('acc-0000')}").text

    start = page.index("The behaviour as a string")
    strings = re.findall(r"<p><code>([^<]+)</code></p>", page[start:])
    assert re.fullmatch(r"[TRPQρπ.:|/=#-]+", html.unescape(strings[0]))
    assert re.fullmatch(r"(\([tmHUq]*\))+", html.unescape(strings[1]))
    nameless = reviewer.get(f"/review/account/{account_key('nameless')}").text
    assert "Not scored" in nameless
    assert "The behaviour as a string" not in nameless


def test_the_queue_has_pages(
    reviewer: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.review.store.PAGE", 3)

    second = words(reviewer.get("/review?page=2"))
    assert "Accounts 4 to 6" in second
    assert "Previous Page 2 of 3 Next" in second
    for last in ("3", "99", "9" * 30):
        shown = words(reviewer.get(f"/review?page={last}"))
        assert ("Page 3 of 3" in shown) == (len(last) < 10)
    assert "Page 1 of 3" in words(reviewer.get("/review?page=<b>"))


def test_without_scores_the_page_says_how_to_fill_the_queue(
    reviewer: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELLTALE_SCORES", "")

    page = reviewer.get("/review")

    assert "The queue is empty" in page.text
    assert "make serve SCORES=scores.parquet" in page.text
    assert reviewer.get(PAGES[2]).status_code == 404


def test_a_missing_file_is_named_without_its_folder(
    reviewer: TestClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TELLTALE_SCORES", str(tmp_path / "gone.parquet"))

    page = reviewer.get("/review")

    assert "there is no file gone.parquet" in page.text
    assert str(tmp_path) not in page.text


def test_evidence_stands_before_the_number(reviewer: TestClient) -> None:
    page = reviewer.get(PAGES[2]).text

    assert re.findall(r'<h2 id="(\w+)"', page) == [
        "profile",
        "posts",
        "evidence",
        "number",
        "reasons",
        "unmeasured",
        "receipt",
    ]
    assert "resembles accounts that platforms removed" in page.lower()
    assert "for" in page
    assert "Strongest against" in page
    assert "Could not be measured:" in page
    assert "trained on a simulated world: not for real accounts" in page


def test_the_page_agrees_with_the_api(reviewer: TestClient, client: TestClient) -> None:
    item = random_items(6, 25)[0]
    result = client.post(
        "/v1/score", json={"accounts": [item], "prevalence": 0.01}
    ).json()["results"][0]

    listed = reviewer.get(f"{PAGES[2]}?share=1")
    pasted = send(reviewer, account=json.dumps(item), share="1")

    for page in (listed, pasted):
        assert result["receipt"] in page.text
        assert "at an assumed share of 1 %" in words(page)
    assert "The file of scores says" not in listed.text


def test_a_share_that_is_none_is_refused_beside_the_form(reviewer: TestClient) -> None:
    page = reviewer.get(f"{PAGES[2]}?share=200")

    assert page.status_code == 422
    assert "must lie between 0 and 100 percent" in page.text


def test_scores_of_another_model_are_named(
    reviewer: TestClient,
    monkeypatch: pytest.MonkeyPatch,
    queue_files: dict[str, str],
    tmp_path: Path,
) -> None:
    scores = pl.read_parquet(queue_files["TELLTALE_SCORES"])
    other = tmp_path / "other.parquet"
    scores.with_columns(pl.col("bot_probability") / 2).write_parquet(other)
    monkeypatch.setenv("TELLTALE_SCORES", str(other))

    assert "The file of scores says" in reviewer.get(PAGES[2]).text


@pytest.mark.parametrize("source", ["queue", "paste"])
def test_what_an_account_wrote_is_text(source: str, reviewer: TestClient) -> None:
    item = hostile_item()
    page = (
        reviewer.get(f"/review/account/{account_key(item['account']['account_id'])}")
        if source == "queue"
        else send(reviewer, account=json.dumps(item))
    )

    assert page.status_code == 200
    assert SCRIPT not in page.text
    assert html.escape(SCRIPT, quote=True).replace("&#x27;", "&#39;") in page.text
    assert '<span class="control">U+202E</span>' in page.text
    assert "\u202e" not in page.text
    assert "=1+1" in page.text
    assert "evil.example" in page.text
    assert not re.search(r'(?:href|src)="[^"]*(?:evil|javascript)', page.text)
    assert f"all {len(LONG):,} characters" in words(page)


def test_pasted_text_is_kept_and_escaped_when_it_is_refused(
    reviewer: TestClient,
) -> None:
    text = '\n</textarea><script>alert(1)</script> {"account": 5'

    page = send(reviewer, account=text, share='"><b>')

    assert page.status_code == 422
    assert "<script>" not in page.text
    assert "<b>" not in page.text
    kept = re.search(r"<textarea[^>]*>\n(.*)</textarea>", page.text, re.S)
    assert kept is not None
    assert html.unescape(kept[1]) == text


def test_a_fault_stands_with_its_field_and_code(reviewer: TestClient) -> None:
    page = send(reviewer, account=json.dumps(make_item(followers="many")))

    assert page.status_code == 422
    assert "<code>account.followers</code>" in page.text
    assert "(wrong_type)" in page.text
    assert 'role="alert"' in page.text
    assert 'aria-describedby="fault"' in page.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site", "origin": "null"}, 403),
        ({"origin": "http://testserver"}, 200),
        ({"origin": "http://evil.example"}, 403),
    ],
)
def test_a_form_of_another_site_is_refused(
    headers: dict[str, str], status: int, reviewer: TestClient
) -> None:
    body = {"account": json.dumps(make_item())}

    answer = reviewer.post("/review/paste", data=body, headers=headers)

    assert answer.status_code == status


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"x" * (MAX_FORM + 1), "application/x-www-form-urlencoded", 413),
        (b"&".join([b"a=1"] * 20), "application/x-www-form-urlencoded", 400),
        (b"account=%ff%00", "application/x-www-form-urlencoded", 422),
        (b"", "application/x-www-form-urlencoded", 422),
        (b"{}", "application/json", 415),
    ],
)
def test_what_is_no_form_of_ours_is_refused(
    body: bytes, kind: str, status: int, reviewer: TestClient
) -> None:
    answer = reviewer.post(
        "/review/paste", content=body, headers={"content-type": kind}
    )

    assert answer.status_code == status


def test_no_word_accuses_and_none_needs_a_dictionary(reviewer: TestClient) -> None:
    pages = [words(reviewer.get(path)) for path in PAGES]

    assert [UNSAID.findall(page) for page in pages] == [[], [], []]
    assert UNSAID.search("it is a bot")


def test_a_log_holds_neither_key_nor_content(reviewer: TestClient) -> None:
    with logged() as lines:
        reviewer.get(f"/review?key={KEY}")
        reviewer.get("/review?key=guessed")
        reviewer.get(PAGES[2])
        send(reviewer, account=json.dumps(hostile_item()))
        send(reviewer, account="{")

    assert len(lines) == 5
    assert {json.loads(line)["status"] for line in lines} == {303, 401, 200, 422}
    assert [json.loads(line)["caller"] for line in lines][2:] == ["reviewer"] * 3
    assert not re.search(
        f"{KEY}|guessed|acc-0|evil|alert|{account_key('acc-0000')}", "".join(lines)
    )


def keyed(routes: list[Route]) -> TestClient:
    app = Gatekeeper(Review(routes), keys=lambda: KEYS)
    browser = TestClient(app, follow_redirects=False)
    browser.get(f"/review?key={KEY}")
    return browser


def test_a_page_that_fails_says_nothing_of_why(stranger: TestClient) -> None:
    def broken(request: Request) -> Response:
        raise ValueError("secret of the account")

    browser = keyed([Route("/review", broken)])

    with logged() as lines:
        page = browser.get("/review")

    assert page.status_code == 500
    assert "Something went wrong" in page.text
    assert "secret" not in page.text + "".join(lines)
    assert "ValueError" in lines[0]
    assert page.headers["content-security-policy"]


def test_too_many_pages_at_once_are_refused(stranger: TestClient) -> None:
    async def slow(request: Request) -> Response:
        await asyncio.sleep(0.3)
        return Response("made")

    app = Gatekeeper(Review([Route("/review", slow)]), keys=lambda: KEYS)

    async def rush() -> list[int]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://t") as many:
            await many.get(f"/review?key={KEY}")
            pages = await asyncio.gather(*(many.get("/review") for _ in range(12)))
        return [page.status_code for page in pages]

    assert sorted(asyncio.run(rush())) == [200] * 8 + [503] * 4


def test_before_the_model_is_there_pages_wait(
    reviewer: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SERVED, "_model", None)

    answer: Any = send(reviewer, account=json.dumps(make_item()))

    assert answer.status_code == 503
    assert "Not ready" in answer.text
