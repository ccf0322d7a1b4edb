import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LOCKS = ("requirements.lock", "serving/requirements.lock")
BUILD_FILES = (
    *LOCKS,
    "pyproject.toml",
    "Makefile",
    ".ci/run",
    ".pre-commit-config.yaml",
)
COMPILE = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml"]
OPTIONS = ["--generate-hashes", "--universal", "--no-emit-index-url", "--no-header"]
INDEX = re.compile(
    r"--(extra-)?index(-url)?\b|--default-index|--find-links|--trusted-host"
    r"|\[\[?tool\.uv\.index|^\s*(extra-)?index-url"
)
UNREACHABLE = re.compile(
    r"error sending request|dns error|failed to fetch|timed out", re.I
)


def unhashed(lock: str) -> list[str]:
    """Requirements of a lock file without a hash."""
    joined = lock.replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if re.match(r"[a-z0-9]", line)]
    return [line for line in lines if "--hash=sha256:" not in line or "==" not in line]


def index_options(text: str) -> list[str]:
    """Lines that name a package index."""
    return [
        line
        for line in text.splitlines()
        if INDEX.search(line.replace("--no-emit-index-url", ""))
    ]


@pytest.mark.network
def test_locks_are_current(root: Path, tmp_path: Path) -> None:
    (tmp_path / "serving").mkdir()
    for name in ("pyproject.toml", *LOCKS):
        shutil.copy(root / name, tmp_path / name)

    for extra in (
        ["--group", "train", "--group", "dev", "-o", LOCKS[0]],
        ["-c", LOCKS[0], "-o", LOCKS[1]],
    ):
        done = subprocess.run(
            [*COMPILE, *OPTIONS, *extra], cwd=tmp_path, capture_output=True, text=True
        )
        if done.returncode and UNREACHABLE.search(done.stderr):
            pytest.skip("no package index within reach")
        assert done.returncode == 0, done.stderr

    for name in LOCKS:
        assert (tmp_path / name).read_bytes() == (root / name).read_bytes(), (
            f"{name} is not what pyproject.toml asks for: run `make lock`"
        )


@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_is_pinned_and_hashed(name: str, root: Path) -> None:
    assert unhashed((root / name).read_text()) == []


def test_a_requirement_without_hash_is_found() -> None:
    assert unhashed("a==1 \\\n    --hash=sha256:00\nb==2\n") == ["b==2"]


def test_serving_is_a_subset(root: Path) -> None:
    everything, serving = (
        set(re.findall(r"^[a-z0-9-]+==[^ ]+", (root / name).read_text(), re.MULTILINE))
        for name in LOCKS
    )

    assert serving < everything
    names = {pin.split("==")[0] for pin in serving}
    assert not names & {"mlflow", "dvc", "scikit-learn", "fastapi", "pandas", "pytest"}


@pytest.mark.parametrize("name", BUILD_FILES)
def test_build_files_name_no_package_index(name: str, root: Path) -> None:
    assert index_options((root / name).read_text()) == []


@pytest.mark.parametrize(
    "line",
    [
        "--extra" + "-index-url x",
        "--find" + "-links x",
        "[[tool." + "uv.index]]",
        "index" + "-url = x",
    ],
)
def test_a_package_index_is_found(line: str) -> None:
    assert index_options(line) == [line]
