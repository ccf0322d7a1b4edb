"""The service as it runs: `bentoml serve`, two workers, real connections."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import bentoml
import httpx
import polars as pl
import pytest
from bentoml.exceptions import BentoMLException

from features import schema
from features.catalogue import FEATURES
from models.bundle import Bundle
from models.scorer import Scores
from models.scorer import score as score_offline
from serving.contract import MAX_BODY, MAX_POSTS
from tests.serving.builders import (
    KEYS,
    Server,
    make_item,
    make_post,
    random_items,
    running,
)

HEADERS = {
    "Authorization": f"Bearer {KEYS['reviewer']}",
    "Content-Type": "application/json",
}


def post(server: Server, body: bytes | str, **headers: str) -> httpx.Response:
    return httpx.post(
        f"{server.url}/v1/score",
        content=body,
        headers={**HEADERS, **headers},
        timeout=60,
    )


def canonical(items: list[dict[str, Any]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The tables of a request, made without the service's own parsing."""
    accounts = [item["account"] for item in items]
    posts = [
        {**post, "account_id": item["account"]["account_id"]}
        for item in items
        for post in item["posts"]
    ]
    return _table(accounts, "accounts"), _table(posts, "posts")


def _table(rows: list[dict[str, Any]], table: str) -> pl.DataFrame:
    dtypes = schema.TABLES[table]
    columns = {}
    for name, dtype in dtypes.items():
        values = [row.get(name) for row in rows]
        if dtype == schema.TIME:
            values = [value and datetime.fromisoformat(value) for value in values]
        columns[name] = pl.Series(name, values, dtype=dtype)
    return schema.conform(pl.DataFrame(columns), table)


def numbers(result: dict[str, Any]) -> list[float]:
    """All that must not differ by a bit."""
    explanation = result["explanation"]
    parts = {p["feature"]: p["contribution"] for p in explanation["contributions"]}
    return [
        result["bot_probability"],
        *result["interval"],
        explanation["base"],
        explanation["prevalence_shift"],
        *(parts[feature.name] for feature in FEATURES),
    ]


def offline_numbers(scores: Scores, row: int) -> list[float]:
    explanation = scores.explanation
    return [
        float(scores.probabilities[row]),
        *scores.intervals[row].tolist(),
        float(explanation.base[row]),
        explanation.prevalence_shift,
        *explanation.contributions[row].tolist(),
    ]


@contextmanager
def calling(server: Server, key: str) -> Iterator[Any]:
    with bentoml.SyncHTTPClient(server.url, token=key, timeout=120) as made:
        yield made
    # It leaves that to the end of the program, with a warning.
    made._temp_dir.cleanup()


@pytest.fixture(scope="module")
def http_client(server: Server) -> Iterator[Any]:
    """BentoML's own client, with a key."""
    with calling(server, KEYS["nightly-job"]) as made:
        yield made


def by_http(
    http_client: Any, items: list[dict[str, Any]], batch: int, prevalence: float
) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = []
    for start in range(0, len(items), batch):
        answer = http_client.score(
            {
                "accounts": items[start : start + batch],
                "explain": "full",
                "prevalence": prevalence,
            }
        )
        results += answer["results"] if isinstance(answer, dict) else answer.results
    return [r if isinstance(r, dict) else r.model_dump() for r in results]


@pytest.mark.slow
def test_batches_by_http_and_offline_agree_bit_for_bit(
    http_client: Any, served_bundle: Bundle
) -> None:
    items = random_items(100, 200, seed=1)
    offline = score_offline(served_bundle, *canonical(items), 0.2)
    expected = [offline_numbers(offline, row) for row in range(len(items))]

    for batch in (1, 7, 100):
        found = by_http(http_client, items, batch, 0.2)

        assert [numbers(result) for result in found] == expected
    # Not one number for all.
    assert len({row[0] for row in expected}) > 5


@pytest.mark.slow
def test_a_batch_of_500_by_http_and_offline_agrees_bit_for_bit(
    http_client: Any, served_bundle: Bundle, tmp_path: Path, champion_folder: Path
) -> None:
    items = random_items(500, 50, seed=2)
    accounts, posts = canonical(items)
    offline = score_offline(served_bundle, accounts, posts, 0.05)

    found = by_http(http_client, items, 500, 0.05)

    expected = [offline_numbers(offline, row) for row in range(len(items))]
    assert [numbers(result) for result in found] == expected

    # And the command, from files, with its buckets.
    accounts.write_parquet(tmp_path / "accounts.parquet")
    posts.write_parquet(tmp_path / "posts.parquet")
    subprocess.run(
        [
            *(sys.executable, "-m", "pipeline.score"),
            *("--bundle", str(champion_folder / "bundle")),
            *("--accounts", str(tmp_path / "accounts.parquet")),
            *("--posts", str(tmp_path / "posts.parquet")),
            *("--out", str(tmp_path / "scores.parquet")),
        ],
        check=True,
        timeout=120,
    )
    table = pl.read_parquet(tmp_path / "scores.parquet").rows_by_key(
        "account_id", named=True, unique=True
    )
    columns = ["bot_probability", "interval_low", "interval_high"]
    columns += ["base", "prevalence_shift"]
    columns += [f"contribution_{feature.name}" for feature in FEATURES]
    written = [
        [table[result["account_id"]][name] for name in columns] for result in found
    ]
    assert written == expected


def test_a_key_that_is_not_there_is_told_to_bentomls_client(server: Server) -> None:
    with (
        calling(server, "x" * 43) as made,
        pytest.raises(BentoMLException, match="wrong_key"),
    ):
        made.score({"accounts": []})


def test_a_body_beyond_the_limit_is_refused_however_it_comes(server: Server) -> None:
    body = b'{"accounts": [' + b" " * (40 * 2**20) + b"]}"

    announced = post(server, body)
    chunked = httpx.post(
        f"{server.url}/v1/score",
        content=(body[start : start + 2**20] for start in range(0, len(body), 2**20)),
        headers=HEADERS,
        timeout=60,
    )

    for response in (announced, chunked):
        assert response.status_code == 413
        assert response.json()["error"]["code"] == "too_large"


def test_a_chunked_body_without_length_is_answered(server: Server) -> None:
    body = json.dumps({"accounts": [make_item()]}).encode()

    response = httpx.post(
        f"{server.url}/v1/score",
        content=(body[start : start + 50] for start in range(0, len(body), 50)),
        headers=HEADERS,
    )

    assert "content-length" not in response.request.headers
    assert response.status_code == 200
    assert response.json()["results"][0]["outcome"] == "scored"


def test_a_body_near_the_limit_is_answered(server: Server) -> None:
    text = "river north " * 800
    posts = [make_post(text=text)] * 3_000
    body = json.dumps({"accounts": [{**make_item(), "posts": posts}]}).encode()
    assert 0.8 * MAX_BODY < len(body) < MAX_BODY
    assert len(posts) <= MAX_POSTS

    response = post(server, body)

    assert response.json()["results"][0]["outcome"] == "scored"


def test_a_slow_body_keeps_nobody_waiting(server: Server) -> None:
    place = urlsplit(server.url)
    lines = [f"{name}: {value}" for name, value in HEADERS.items()]
    head = "\r\n".join(
        ["POST /v1/score HTTP/1.1", "Host: x", "Content-Length: 1000", *lines, "", "{"]
    )
    slow = []
    for _ in range(40):
        one = socket.create_connection((place.hostname or "", place.port or 0), 5)
        one.sendall(head.encode())
        slow.append(one)

    try:
        for _ in range(10):
            response = post(server, json.dumps({"accounts": [make_item()]}))
            assert response.status_code == 200
    finally:
        for one in slow:
            one.close()


def test_what_is_not_http_does_no_harm(server: Server) -> None:
    place = urlsplit(server.url)
    for junk in (b"\x00\xff\r\n\r\n", b"POST /v1/score HTTP/9.9\r\n\r\n", b"GET"):
        with socket.create_connection(
            (place.hostname or "", place.port or 0), 5
        ) as one:
            one.sendall(junk)

    assert post(server, '{"accounts": []}').status_code == 200


@pytest.mark.slow
def test_no_value_of_a_request_reaches_a_log(
    served_environment: dict[str, str], tmp_path: Path, root: Path
) -> None:
    marker = "zq7marker"
    with running(tmp_path, served_environment, folder=root) as server:
        for body in bodies_with(marker):
            post(server, body)
        for path in (f"/v1/{marker}", f"/{marker}", f"/v1/score?{marker}={marker}"):
            for method in ("GET", "POST", marker.upper()):
                httpx.request(method, server.url + path, headers=HEADERS, timeout=20)
        refused = post(server, "{}", Authorization=f"Bearer {marker}")
        post(server, "{}", **{"Content-Type": f"text/{marker}", f"X-{marker}": marker})
        sent = post(
            server,
            json.dumps({"accounts": [make_item(marker)]}),
            **{"X-Request-Id": marker, "User-Agent": marker, "Cookie": f"a={marker}"},
        )
        series = httpx.get(f"{server.url}/metrics", timeout=20).text

    log = server.log.read_text(encoding="utf-8", errors="replace")
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    logged = {line["request_id"] for line in lines}
    assert marker not in log.lower()
    assert marker not in series.lower()
    assert KEYS["reviewer"] not in log
    assert refused.headers["x-request-id"] in logged
    assert sent.json()["request_id"] in logged
    assert "Traceback" not in log
    assert {line["path"] for line in lines} <= {"/v1/score", "other"}
    assert {line["caller"] for line in lines} == {None, "reviewer"}


def bodies_with(marker: str) -> list[str]:
    """Requests with a marker in every place that takes a text, and where none does."""
    whole = make_item(marker)
    for name in ("handle", "name", "bio", "location", "url", "declared_language"):
        whole["account"][name] = marker
    whole["posts"] = [
        make_post(
            post_id=marker,
            text=marker,
            language=marker,
            client=marker,
            target_account_id=marker,
            hashtags=[marker],
            mentions=[marker],
            links=[marker],
        )
    ] * 20
    requests: list[Any] = [
        {"accounts": [whole], "explain": "full"},
        {"accounts": [whole, whole]},
        {"accounts": [marker]},
        {"accounts": marker},
        {"accounts": [], marker: 1},
        {"accounts": [], "explain": marker},
        {"accounts": [], "prevalence": marker},
        {"accounts": [{marker: marker}]},
        {"accounts": [{"account": {"account_id": "a", marker: marker}}]},
        marker,
        [marker],
    ]
    for name in schema.ACCOUNTS:
        for value in (marker, [marker]):
            changed = make_item()
            changed["account"][name] = value
            requests.append({"accounts": [changed]})
    for name in schema.POSTS:
        item = make_item()
        item["posts"] = [make_post(**{name: {marker: marker}})]
        requests.append({"accounts": [item]})
    return [*(json.dumps(r) for r in requests), f"{{{marker}", f'"\\ud800{marker}"']


@pytest.mark.slow
def test_a_killed_worker_is_missed_by_no_later_request(
    served_environment: dict[str, str], tmp_path: Path, root: Path
) -> None:
    body = json.dumps({"accounts": [make_item()]})
    with running(tmp_path, served_environment, folder=root) as server:
        before = server.workers()
        assert len(before) == 2
        stop = threading.Event()

        def load() -> None:
            while not stop.is_set():
                with suppress(httpx.HTTPError):
                    post(server, body)

        callers = [threading.Thread(target=load) for _ in range(3)]
        for caller in callers:
            caller.start()
        time.sleep(0.5)

        os.kill(before[0], signal.SIGKILL)
        time.sleep(0.05)
        answers = [post(server, body).status_code for _ in range(20)]

        stop.set()
        for caller in callers:
            caller.join(timeout=60)
        until = time.monotonic() + 30
        while len(server.workers()) < 2 and time.monotonic() < until:
            time.sleep(0.1)
        after = server.workers()
    assert answers == [200] * 20
    assert before[0] not in after
    assert len(after) == 2


@pytest.mark.slow
def test_two_services_side_by_side_do_not_disturb_each_other(
    server: Server, served_environment: dict[str, str], tmp_path: Path, root: Path
) -> None:
    body = json.dumps({"accounts": [make_item()]})
    first = post(server, body).json()["results"]
    counted = httpx.get(f"{server.url}/metrics", timeout=20).text
    keys = tmp_path / "keys.json"

    with running(
        tmp_path / "home",
        {**served_environment, "TELLTALE_KEYS": str(keys)},
        folder=root,
    ) as other:
        made = json.loads(keys.read_text())
        headers = {"Authorization": f"Bearer {made['reviewer']}"}
        second = post(other, body, **headers)
        strange = [post(server, body, **headers), post(other, body)]
        both = [post(server, body).json()["results"] for _ in range(4)]

    assert keys.stat().st_mode & 0o777 == 0o600
    assert second.json()["results"] == first
    assert [answer.status_code for answer in strange] == [401, 401]
    assert both == [first] * 4
    assert post(server, body).json()["results"] == first
    assert total(httpx.get(f"{server.url}/metrics", timeout=20).text) > total(counted)


def total(metrics: str) -> float:
    """Requests answered, of a page of metrics."""
    lines = [
        line for line in metrics.splitlines() if 'requests_total{code="none"' in line
    ]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def test_metrics_are_the_sum_of_the_workers_and_no_path_adds_a_series(
    server: Server,
) -> None:
    def page() -> str:
        return httpx.get(f"{server.url}/metrics", timeout=20).text

    def series(text: str) -> set[str]:
        names = [line.rpartition(" ")[0] for line in text.splitlines()]
        return {name for name in names if name and not name.startswith("#")}

    def stir(word: str) -> None:
        for _ in range(4):
            post(server, json.dumps({"accounts": [make_item()]}))
            for path in (f"/v1/{word}", f"/{word}", f"/v1/score/{word}"):
                httpx.post(server.url + path, headers=HEADERS, timeout=20)
                httpx.post(server.url + path, timeout=20)

    stir("warm")
    before = page()
    for number in range(5):
        stir(f"unknown-{number}")
    after = page()

    assert series(after) == series(before)
    assert total(after) - total(before) == 5 * 4
    assert not any("unknown" in line or "warm" in line for line in after.splitlines())


def test_the_service_is_ready_only_once_it_has_scored(
    served_environment: dict[str, str], tmp_path: Path, root: Path
) -> None:
    environment = {**served_environment, "TELLTALE_CHAMPION": str(tmp_path / "none")}

    with (
        pytest.raises(AssertionError, match="did not start") as error,
        running(tmp_path / "home", environment, folder=root, patience=8),
    ):
        pass

    assert "missing or unreadable" in str(error.value)


def test_a_connection_answers_many_requests(server: Server) -> None:
    place = urlsplit(server.url)
    connection = http.client.HTTPConnection(place.netloc, timeout=20)
    ids = []
    for _ in range(5):
        connection.request("POST", "/v1/score", '{"accounts": []}', HEADERS)
        response = connection.getresponse()
        ids.append(response.getheader("x-request-id"))
        assert json.loads(response.read())["request_id"] == ids[-1]
    connection.close()

    assert len(set(ids)) == 5
