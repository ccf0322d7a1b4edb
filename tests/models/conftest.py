"""One small bundle, made once."""

import os

# Threads that wait for one another sleep: on a busy machine, spinning takes minutes.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

from pathlib import Path

import pytest

from models.bundle import Bundle, load_bundle
from tests.models.builders import write_bundle


@pytest.fixture(scope="session")
def bundle_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a sound bundle; copy it before changing it."""
    return write_bundle(tmp_path_factory.mktemp("bundles") / "small")


@pytest.fixture(scope="session")
def small_bundle(bundle_folder: Path) -> Bundle:
    """The same, loaded."""
    return load_bundle(bundle_folder)
