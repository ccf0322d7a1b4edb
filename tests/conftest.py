"""Fixtures that every room uses."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

# No tool reports home from a test either; MLflow and BentoML read this on import.
os.environ.update(
    BENTOML_DO_NOT_TRACK="true",
    MLFLOW_DISABLE_TELEMETRY="true",
    DO_NOT_TRACK="true",
    DVC_NO_ANALYTICS="1",
    MLFLOW_ALLOW_PICKLE_DESERIALIZATION="false",
    MLFLOW_SKIP_PIP_REQUIREMENTS_CHECK="true",
    MLFLOW_LOG_UV_FILES="false",
    MLFLOW_UV_AUTO_DETECT="false",
)


# The developer's tracking server and DVC experiment never reach a test.
_FOREIGN = (
    "MLFLOW_TRACKING_URI",
    "MLFLOW_REGISTRY_URI",
    "MLFLOW_EXPERIMENT_NAME",
    "MLFLOW_EXPERIMENT_ID",
    "MLFLOW_RUN_ID",
    "DVC_EXP_NAME",
    "DVC_EXP_BASELINE_REV",
)


def _drop_foreign() -> None:
    for name in _FOREIGN:
        os.environ.pop(name, None)


_drop_foreign()


# Longest first, so that no worker is left alone with them at the end.
_FIRST = ("tests/e2e/", "tests/serving/", "tests/pipeline/")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the rooms by what their tests cost; within them any order stays."""

    def place(item: pytest.Item) -> int:
        rooms = [item.nodeid.startswith(room) for room in _FIRST]
        return rooms.index(True) if any(rooms) else len(rooms)

    items.sort(key=place)


class _SharedWorlds(LoadFileScheduling):  # type: ignore[misc]
    """A file stays with one worker, and so do those that share the tiny world."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith("tests/e2e/"):
            return "tests/e2e"
        return str(super()._split_scope(nodeid))


def pytest_xdist_make_scheduler(
    config: pytest.Config, log: Producer
) -> LoadFileScheduling | None:
    """The scheduler, unless another than that of pyproject.toml is asked for."""
    planned = config.getoption("dist") == "loadfile"
    return _SharedWorlds(config, log) if planned else None


@pytest.fixture(autouse=True)
def _own_environment() -> Iterator[None]:
    """No test inherits the store of another: MLflow itself writes it here."""
    _drop_foreign()
    yield
    _drop_foreign()


@pytest.fixture(scope="session")
def root() -> Path:
    """Root of the repository."""
    return Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def public_data() -> Path:
    """Folder of the public archives, which PUBLIC_DATA names."""
    given = os.environ.get("PUBLIC_DATA", "")
    if given and Path(given).is_dir():
        return Path(given).resolve()
    message = (
        f"PUBLIC_DATA={given}: no such folder"
        if given
        else "set PUBLIC_DATA=<folder of the public archives> to run this"
    )
    if os.environ.get("REQUIRE_PUBLIC_DATA") == "1":
        pytest.fail(message)
    pytest.skip(message)
