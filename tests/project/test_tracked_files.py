import re
import subprocess
from pathlib import Path

import pytest

# Homes of people, on any system; written so that this file does not match itself.
HOMES = r"/(?:home|Users)/[a-z][\w.-]*/|[A-Z]:\\Users\\|/[r]oot/"
INDEXES = (
    r"https?://\S*/[s]imple\b|file:///\S*/[s]imple\b|[p]ythonhosted\.org|[p]ypi\.org"
)


def tracked(root: Path) -> list[Path]:
    """Files that git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    paths = [root / name for name in listed.split("\0") if name]
    return [path for path in paths if path.is_file()]


def traces(text: str, root: Path) -> list[str]:
    """Paths of this machine and addresses of package indexes."""
    return re.findall(rf"{HOMES}|{INDEXES}|{re.escape(root.as_posix())}\b", text)


def test_no_file_names_this_machine_or_a_package_index(root: Path) -> None:
    found = {}
    for path in tracked(root):
        hits = traces(path.read_text(encoding="utf-8", errors="ignore"), root)
        if hits:
            found[path.relative_to(root).as_posix()] = hits

    assert found == {}


@pytest.mark.parametrize(
    "text",
    [
        "/home" + "/ada/data",
        "/Users" + "/ada/data",
        "C:\\Users" + "\\ada",
        "/root" + "/.cache",
        "https://mirror.example" + "/simple",
        "/srv/telltale/data",
    ],
)
def test_a_trace_is_found(text: str) -> None:
    assert traces(f"see {text} there", Path("/srv/telltale"))


@pytest.mark.parametrize(
    "text", ["a/home/page", "data/demo/raw", "https://x.org/simpler"]
)
def test_ordinary_text_is_no_trace(text: str) -> None:
    assert traces(text, Path("/srv/telltale")) == []


def test_no_tracked_file_is_large(root: Path) -> None:
    assert [path.name for path in tracked(root) if path.stat().st_size > 500_000] == []
