"""Requests, a champion and a running service: small, valid, and made from a seed."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np

AS_OF: Final = datetime(2024, 5, 1, 12, 30, tzinfo=UTC)
# Names and keys of the callers of a test's service.
KEYS: Final = {"reviewer": "r" * 43, "nightly-job": "n" * 43}
START_SECONDS: Final = 60.0

_WORDS: Final = [
    "morning",
    "river",
    "north",
    "light",
    "paper",
    "house",
    "garden",
    "street",
    "music",
    "winter",
    "early",
    "bread",
    "window",
    "market",
    "letter",
    "summer",
    "bridge",
    "station",
    "coffee",
    "evening",
]
_CLIENTS: Final = ("Web App", "Phone App", "Scheduler")


def iso(moment: datetime) -> str:
    """The moment as a request writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def make_account(account_id: str = "a", **overrides: Any) -> dict[str, Any]:
    """An account of which enough is known for a score."""
    return {
        "account_id": account_id,
        "as_of": iso(AS_OF),
        "created_at": "2020-02-03T00:00:00Z",
        "handle": "river_north",
        "followers": 120,
        "following": 340,
        **overrides,
    }


def make_post(**overrides: Any) -> dict[str, Any]:
    """A post of its own, a day before as_of."""
    return {
        "kind": "original",
        "posted_at": iso(AS_OF - timedelta(days=1)),
        "text": "morning river",
        **overrides,
    }


def make_item(account_id: str = "a", posts: int = 2, **account: Any) -> dict[str, Any]:
    """One element of `accounts`."""
    return {
        "account": make_account(account_id, **account),
        "posts": [
            make_post(posted_at=iso(AS_OF - timedelta(hours=3 * number + 1)))
            for number in range(posts)
        ],
    }


def random_items(accounts: int, posts: int, seed: int = 0) -> list[dict[str, Any]]:
    """Accounts that differ in everything that features read."""
    generator = np.random.default_rng(seed)
    return [_random_item(f"acc-{i:04}", posts, generator) for i in range(accounts)]


def _random_item(
    account_id: str, posts: int, generator: np.random.Generator
) -> dict[str, Any]:
    def pick(most: int) -> int:
        return int(generator.integers(most))

    def words(least: int, most: int) -> str:
        return " ".join(generator.choice(_WORDS, pick(most - least) + least))

    account: dict[str, Any] = {
        "account_id": account_id,
        "as_of": iso(AS_OF),
        "created_at": iso(AS_OF - timedelta(days=2 * posts + pick(4000))),
        "handle": f"{words(1, 2)}{pick(10_000)}",
        "name": words(1, 3),
        "bio": words(1, 12) if pick(4) else None,
        "declared_language": "en" if pick(2) else None,
        "followers": pick(5_000),
        "following": pick(3_000),
        "posts_total": posts + pick(9_000),
        "likes_total": pick(20_000) if pick(3) else None,
        "listed": pick(50),
        "default_image": bool(pick(2)),
        "history_complete": bool(pick(2)),
    }
    kinds = ("original", "original", "repost", "reply", "quote")
    pace = 1 + pick(40)
    made = []
    for number in range(posts):
        kind = kinds[pick(len(kinds))]
        moment = AS_OF - timedelta(minutes=1 + 60 * pace * number + pick(60 * pace))
        link = f" https://site{pick(9)}.example/{pick(99)}" if not pick(3) else ""
        made.append(
            {
                "post_id": f"{account_id}-{number}",
                "posted_at": iso(moment),
                "kind": kind,
                "text": f"{words(3, 18)}{link}" if pick(9) else "#same text again",
                "language": ("en", "fr", None)[pick(3)],
                "client": _CLIENTS[pick(3)],
                "target_account_id": None if kind == "original" else f"t{pick(30)}",
                "target_posted_at": None
                if kind == "original"
                else iso(moment - timedelta(minutes=pick(3_000))),
                "hashtags": ["north"] if not pick(4) else [],
                "likes": pick(40),
                "reposts": pick(9),
            }
        )
    return {"account": account, "posts": made}


def write_champion(folder: Path, bundle: Path) -> Path:
    """A champion as promotion leaves it, around a bundle."""
    folder.mkdir(parents=True)
    (folder / "bundle").symlink_to(bundle)
    facts = {
        "name": "telltale-demo",
        "version": "7",
        "run_id": "0123456789abcdef",
        "card": "# Model card\n\nIn words.\n",
        "gates": [
            {
                "code": "auc",
                "status": "passed",
                "value": 0.9,
                "limit": 0.8,
                "reason": None,
            }
        ],
    }
    (folder / "champion.json").write_text(json.dumps(facts), encoding="utf-8")
    return folder


def write_keys(path: Path) -> Path:
    """A key file with two callers."""
    path.write_text(json.dumps(KEYS), encoding="utf-8")
    path.chmod(0o600)
    return path


@dataclass(frozen=True)
class Server:
    """A running service.

    Attributes:
        url: without a slash at the end.
        process: of `bentoml serve`, the parent of the workers.
        log: file with all that it printed.
        seconds: from start to ready.
    """

    url: str
    process: subprocess.Popen[bytes]
    log: Path
    seconds: float

    def workers(self) -> list[int]:
        """Ids of the processes that answer."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
                command = (entry / "cmdline").read_bytes()
            except (OSError, IndexError):
                continue
            if int(parent) == self.process.pid and b"worker.service" in command:
                found.append(int(entry.name))
        return sorted(found)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    home: Path,
    environment: Mapping[str, str],
    service: str = "serving.service:Telltale",
    folder: Path = Path(),
    patience: float = START_SECONDS,
) -> Iterator[Server]:
    """`bentoml serve` on a free port, ready, and ended afterwards.

    Args:
        home: its BENTOML_HOME, of no other service.
        environment: added to this process's.
        service: what to serve, importable from `folder`.
        folder: where it runs.
        patience: seconds that it may take to become ready.
    """
    home.mkdir(parents=True, exist_ok=True)
    port, log = free_port(), home / "server.log"
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name != "PROMETHEUS_MULTIPROC_DIR"
    }
    command = [
        *(sys.executable, "-m", "bentoml", "serve", service),
        *("--host", "127.0.0.1", "--port", str(port)),
    ]
    started = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={
                **inherited,
                "BENTOML_HOME": str(home),
                "BENTOML_DO_NOT_TRACK": "true",
                "OMP_NUM_THREADS": "1",
                "POLARS_MAX_THREADS": "1",
                **environment,
            },
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(url, process, log, patience)
        yield Server(url, process, log, time.monotonic() - started)
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=5)


def _wait_until_ready(
    url: str, process: subprocess.Popen[bytes], log: Path, patience: float
) -> None:
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            if httpx.get(f"{url}/readyz", timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"the service did not start:\n{log.read_text()[-3000:]}")
