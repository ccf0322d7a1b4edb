"""The two clients of the README, run as they stand there against a real service."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.serving.builders import KEYS, Server


def examples(readme: str) -> tuple[str, str]:
    """The curl command and the Python program of the README."""
    curl = re.search(r"With curl:\n\n((?:    .*\n)+)", readme)
    python = re.search(r"```python\n(.*?)```", readme, re.DOTALL)
    assert curl is not None
    assert python is not None
    return curl.group(1), python.group(1)


def at(text: str, server: Server) -> str:
    """The example, aimed at this server; it must have named the documented one."""
    assert "http://127.0.0.1:3000" in text
    return text.replace("http://127.0.0.1:3000", server.url)


def test_the_curl_example_is_answered(server: Server, root: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not on this machine")
    curl, _ = examples((root / "README.md").read_text())

    done = subprocess.run(
        ["bash", "-c", at(curl, server)],
        env={"TELLTALE_KEY": KEYS["reviewer"], "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )

    assert '"outcome":"scored"' in done.stdout.replace(" ", "")


def test_the_python_example_prints_a_probability(server: Server, root: Path) -> None:
    _, python = examples((root / "README.md").read_text())

    done = subprocess.run(
        [sys.executable, "-c", at(python, server)],
        env={"TELLTALE_KEY": KEYS["reviewer"]},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )

    outcome, probability = done.stdout.split()
    assert outcome == "scored"
    assert 0 < float(probability) < 1


def test_an_example_with_a_wrong_key_fails(server: Server, root: Path) -> None:
    _, python = examples((root / "README.md").read_text())

    done = subprocess.run(
        [sys.executable, "-c", at(python, server)],
        env={"TELLTALE_KEY": "not-the-key"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert done.returncode != 0
    assert "401" in done.stderr
