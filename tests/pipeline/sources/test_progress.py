"""What is told while archives are read, on a terminal and in a log."""

import gzip
import os
import pty
import re
import subprocess
import sys
import termios
import zipfile
from pathlib import Path

import polars as pl
import pytest

from pipeline.sources import columns, lines, progress
from tests.pipeline.sources.archives import make_source

ROWS = 400
# Reads with a bar at once, and a line every 100 rows.
READ = """
import sys
from pathlib import Path
from pipeline.ingest import ingest
from pipeline.sources import lines, progress
from tests.pipeline.sources.archives import make_source
lines.BLOCK_BYTES = 1_000
progress._LINE_ROWS = 100
progress._DELAY_SECONDS = float(sys.argv[2])
raw = Path(sys.argv[1])
source = make_source("canonical", {"accounts": ["a.csv"]})
ingest([source], raw, raw / "canonical", raw / "ingest.json")
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "a.csv"
    ids = "".join(f"{number},words of it\n" for number in range(ROWS))
    path.write_text("account_id,bio\n" + ids)
    return path


def told(folder: Path, root: Path, delay: float, *, terminal: bool) -> tuple[str, str]:
    """What reading prints to stdout and to stderr, which is a terminal or is not."""
    shown, other = pty.openpty() if terminal else os.pipe()
    if terminal:
        termios.tcsetwinsize(other, (24, 100))
    with subprocess.Popen(
        [sys.executable, "-c", READ, folder, str(delay)],
        cwd=root,
        # A bar is drawn anew with every batch, however soon.
        env=os.environ | {"TQDM_MININTERVAL": "0"},
        stdout=subprocess.PIPE,
        stderr=other,
        text=True,
    ) as process:
        os.close(other)
        found = b""
        try:
            while piece := os.read(shown, 10_000):
                found += piece
        except OSError:  # How a terminal whose other end is closed says so.
            pass
        os.close(shown)
        assert process.stdout is not None
        lines = process.stdout.read()
    assert process.returncode == 0, found
    return lines, found.decode()


def test_a_terminal_shows_bars_with_rows_rate_and_percent(
    table: Path, root: Path
) -> None:
    printed, shown = told(table.parent, root, 0, terminal=True)

    bars = [bar.strip() for bar in re.split(r"[\r\n]", shown) if bar.strip()]
    assert any(
        re.search(r"src, a\.csv: +[1-9]\d?%\|.*\| \d+ rows \[", bar) for bar in bars
    )
    for what in ("a.csv", "tables"):
        end = rf"src, {what}: 100%\|.*\| 400 rows \[00:0\d<00:00, .*rows/s\]"
        assert any(re.fullmatch(end, bar) for bar in bars), bars
    # The line of the source is no progress, and stands alone.
    assert len(printed.splitlines()) == 1


def test_a_log_gets_lines_and_no_bar(table: Path, root: Path) -> None:
    printed, errors = told(table.parent, root, 0, terminal=False)

    assert errors == ""
    line = r"  src, (a\.csv|tables): \d+ rows, [\d,]+ a second"
    *progress_lines, _ = printed.splitlines()
    assert len(progress_lines) > 1
    assert all(re.fullmatch(line, one) for one in progress_lines), printed


def test_what_is_read_in_a_blink_shows_no_bar(table: Path, root: Path) -> None:
    printed, shown = told(table.parent, root, progress._DELAY_SECONDS, terminal=True)

    assert shown == ""
    assert len(printed.splitlines()) == 1


@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "zip", "parquet"])
def test_share_of_a_file_grows_to_all_of_it(
    table: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.setattr(lines, "BLOCK_BYTES", 1_000)
    monkeypatch.setattr("pipeline.sources.parquet._ROWS", range(100, 100))
    path = table.with_name(f"b.{suffix}")
    if suffix == "csv.gz":
        path.write_bytes(gzip.compress(table.read_bytes()))
    elif suffix == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.write(table, "a.csv")
    elif suffix == "parquet":
        pl.read_csv(table).write_parquet(path)
    else:
        path.write_bytes(table.read_bytes())

    source = make_source("canonical", {"accounts": [path.name]})
    shares = [batch.share or 0 for batch in columns.batches(path, source)]

    assert len(shares) > 2
    assert shares == sorted(shares)
    assert shares[-1] == 1
