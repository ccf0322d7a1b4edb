"""The tiny world, made once, and a copy of it for each test that changes it."""

import shutil
import sys
from pathlib import Path

import pytest

from tests.e2e.tiny_world import (
    OFFLINE,
    commit,
    copy_repository,
    network_can_be_taken_away,
    run,
)


@pytest.fixture(scope="session")
def finished(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny world after `dvc repro`, without a network where that can be had."""
    world = tmp_path_factory.mktemp("tiny") / "world"
    copy_repository(root, world)
    prefix = OFFLINE if network_can_be_taken_away() else ()
    run(world, *prefix, sys.executable, "-m", "dvc", "repro")
    commit(world)
    return world


@pytest.fixture
def world(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished tiny world; its tracking store is empty."""
    copy = tmp_path / "world"
    shutil.copytree(
        finished, copy, symlinks=True, ignore=shutil.ignore_patterns("mlflow", "tmp")
    )
    return copy
