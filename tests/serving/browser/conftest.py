"""Chromium of the distribution, and the service as it is run, with a queue."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Dialog,
    sync_playwright,
)

from models.bundle import load_bundle
from tests.serving.browser.visit import Visit
from tests.serving.builders import (
    KEYS,
    Server,
    running,
    write_champion,
    write_keys,
)
from tests.serving.review.builders import (
    some_items,
    write_bundle_with_percentiles,
    write_queue,
)

# Without these chromium asks its maker for updates and the like.
_QUIET: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_PATIENCE: Final = 15_000


# Not of the session: while playwright runs, asyncio.run() is refused in this thread.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A running browser."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        message = "needs chromium: apt-get install chromium"
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(_QUIET))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def reviewed(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory, root: Path
) -> Iterator[Server]:
    """`bentoml serve` with two workers and a queue."""
    folder = tmp_path_factory.mktemp("reviewed")
    bundle = write_bundle_with_percentiles(folder / "small")
    environment = {
        "TELLTALE_CHAMPION": str(write_champion(folder / "champion", bundle)),
        "TELLTALE_KEYS": str(write_keys(folder / "keys.json")),
        **write_queue(folder / "queue", load_bundle(bundle), some_items()),
    }
    with running(folder / "home", environment, folder=root) as server:
        yield server
        log = server.log.read_text(encoding="utf-8")
    assert '"event": "page"' in log
    assert KEYS["reviewer"] not in log
    assert "evil" not in log


@pytest.fixture(params=["360-light", "1440-dark"])
def visit(
    request: pytest.FixtureRequest, chromium: Browser, reviewed: Server
) -> Iterator[Visit]:
    """A visit on a telephone and on a screen; whatever it did, it asked nobody else."""
    width, _, scheme = str(request.param).partition("-")
    context = chromium.new_context(
        viewport={"width": int(width), "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    context.set_default_timeout(_PATIENCE)
    made = Visit(context.new_page(), context, reviewed.url)

    def said(message: ConsoleMessage) -> None:
        # Chromium itself reports answers with an error status.
        if message.type == "error" and "Failed to load resource" not in message.text:
            made.complaints.append(message.text)

    def asked(dialog: Dialog) -> None:
        made.complaints.append(f"dialog {dialog.message}")
        dialog.dismiss()

    context.on("request", lambda r: made.requests.append(r.url))
    made.page.on("console", said)
    made.page.on("dialog", asked)
    made.page.on("pageerror", lambda e: made.complaints.append(str(e)))
    yield made
    context.close()
    assert made.requests
    assert [u for u in made.requests if not u.startswith(f"{reviewed.url}/")] == []
    assert made.complaints == []
