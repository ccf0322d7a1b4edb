import subprocess
import sys

import pytest

from features.errors import ArtefactError
from pipeline.catalogue import check_catalogue, write_catalogue


def test_the_committed_page_is_current(root):
    check_catalogue(root / "docs" / "feature-catalogue.md")


def test_a_page_that_says_something_else_is_refused(tmp_path):
    page = tmp_path / "docs" / "catalogue.md"
    write_catalogue(page)
    check_catalogue(page)

    page.write_text(page.read_text().replace("Followers", "Friends", 1))

    with pytest.raises(ArtefactError, match="run `make catalogue`"):
        check_catalogue(page)


def test_a_page_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ArtefactError, match="does not match"):
        check_catalogue(tmp_path / "absent.md")


def test_the_command_writes_checks_and_fails(root, tmp_path):
    page = tmp_path / "catalogue.md"
    command = [sys.executable, "-m", "pipeline.catalogue", "--out", str(page)]

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *arguments],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )

    assert run().returncode == 0
    assert run("--check").returncode == 0
    page.write_text(page.read_text() + "by hand\n")
    refused = run("--check")
    assert refused.returncode == 1
    assert "make catalogue" in refused.stderr
