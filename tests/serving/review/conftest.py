"""A model with percentiles, a queue of it, and the pages in this process."""

import pytest
from starlette.testclient import TestClient

from models.bundle import Bundle
from serving.model import ServedModel, load_model
from tests.serving.builders import KEYS, write_champion
from tests.serving.review.builders import (
    some_items,
    write_bundle_with_percentiles,
    write_queue,
)


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> ServedModel:
    """A champion whose bundle has percentiles."""
    folder = tmp_path_factory.mktemp("reviewed")
    bundle = write_bundle_with_percentiles(folder / "small")
    return load_model(write_champion(folder / "champion", bundle))


@pytest.fixture(scope="session")
def queue_files(
    served_bundle: Bundle, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """Environment that names a queue of the service of `client`."""
    return write_queue(tmp_path_factory.mktemp("queue"), served_bundle, some_items())


@pytest.fixture
def stranger(
    client: TestClient,
    queue_files: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> TestClient:
    """A browser without a key, before a service with a queue."""
    for name, value in queue_files.items():
        monkeypatch.setenv(name, value)
    return TestClient(client.app, follow_redirects=False, raise_server_exceptions=False)


@pytest.fixture
def reviewer(stranger: TestClient) -> TestClient:
    """The same, after it opened the link with the key."""
    assert stranger.get(f"/review?key={KEYS['reviewer']}").status_code == 303
    return stranger
