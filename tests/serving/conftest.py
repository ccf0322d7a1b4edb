"""One small champion; its service in this process, and one that really runs."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from jsonschema_rs import Draft202012Validator
from starlette.testclient import TestClient

from models.bundle import Bundle, load_bundle
from serving.openapi import document
from tests.models.builders import write_bundle
from tests.serving.builders import KEYS, Server, running, write_champion, write_keys

Score = Callable[..., httpx.Response]


@pytest.fixture(scope="session")
def champion_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a champion whose bundle is small, but scores."""
    folder = tmp_path_factory.mktemp("served")
    return write_champion(folder / "champion", write_bundle(folder / "small"))


@pytest.fixture(scope="session")
def served_bundle(champion_folder: Path) -> Bundle:
    """Its bundle, loaded: what offline scoring reads."""
    return load_bundle(champion_folder / "bundle")


@pytest.fixture(scope="session")
def served_environment(
    champion_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """Environment of a service of this champion, with the keys of the builders."""
    keys = write_keys(tmp_path_factory.mktemp("keys") / "keys.json")
    return {"TELLTALE_CHAMPION": str(champion_folder), "TELLTALE_KEYS": str(keys)}


@pytest.fixture(scope="session")
def client(served_environment: dict[str, str]) -> Iterator[TestClient]:
    """The whole service in this process, with the key of a reviewer."""
    headers = {"Authorization": f"Bearer {KEYS['reviewer']}"}
    with ExitStack() as stack:
        # Read at the start only; left in place, services of other tests would inherit it.
        with pytest.MonkeyPatch.context() as patch:
            for name, value in served_environment.items():
                patch.setenv(name, value)
            from serving.service import Telltale

            made = stack.enter_context(
                TestClient(
                    cast(Any, Telltale).to_asgi(),
                    headers=headers,
                    raise_server_exceptions=False,
                )
            )
        yield made


@pytest.fixture(scope="session")
def documented() -> Callable[[httpx.Response], httpx.Response]:
    """Checks that an answer is as /v1/openapi.json says, and gives it back."""
    described = document()
    validators: dict[tuple[str, str, str], Draft202012Validator] = {}

    def check(response: httpx.Response) -> httpx.Response:
        request = response.request
        place = (request.url.path, request.method.lower(), str(response.status_code))
        if place not in validators:
            path, method, status = place
            answer = described["paths"][path][method]["responses"][status]
            schema = answer["content"]["application/json"]["schema"]
            whole = {**schema, "components": described["components"]}
            validators[place] = Draft202012Validator(whole)
        assert response.headers["content-type"] == "application/json"
        validators[place].validate(response.json())
        return response

    return check


@pytest.fixture(scope="session")
def score(
    client: TestClient, documented: Callable[[httpx.Response], httpx.Response]
) -> Score:
    """Posts a body to /v1/score; what comes back is as documented."""

    def send(
        accounts: Any = (), headers: dict[str, str] | None = None, **rest: Any
    ) -> httpx.Response:
        body = json.dumps({"accounts": accounts, **rest})
        kind = {"Content-Type": "application/json"}
        response = client.post(
            "/v1/score", content=body, headers={**kind, **(headers or {})}
        )
        return documented(response)

    return send


@pytest.fixture(scope="session")
def server(
    served_environment: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
    root: Path,
) -> Iterator[Server]:
    """The service as it is run: `bentoml serve`, two workers, ready."""
    home = tmp_path_factory.mktemp("home")
    with running(home, served_environment, folder=root) as made:
        yield made
