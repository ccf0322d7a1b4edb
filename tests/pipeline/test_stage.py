"""A disk that refuses is one line with its remedy; an error of ours is not hidden."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from pipeline.files import atomic_file
from pipeline.stage import run_stage

FULL = Path("/dev/full")
ROWS = pl.DataFrame({"n": range(100_000)})
full_disk = pytest.mark.skipif(not FULL.exists(), reason="no /dev/full on this machine")


def _text() -> None:
    with FULL.open("w") as handle:
        handle.write("some")


@full_disk
@pytest.mark.parametrize(
    "write",
    [
        lambda: ROWS.write_parquet(FULL),
        lambda: ROWS.write_ipc(FULL),
        lambda: ROWS.lazy().sink_parquet(FULL),
        _text,
    ],
    ids=["parquet", "arrow", "sink", "text"],
)
def test_full_disk_is_one_line(
    write: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        run_stage(write)
    assert stopped.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith("error: No space left on device; free space")
    assert said.count("\n") == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_folder_without_the_right_to_write_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(SystemExit):
        run_stage(lambda: (tmp_path / "new").mkdir())
    assert str(tmp_path / "new") in capsys.readouterr().err


def test_a_folder_in_the_place_of_a_file_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def write() -> None:
        with atomic_file(tmp_path / "folder") as working:
            working.touch()

    (tmp_path / "folder").mkdir()

    with pytest.raises(SystemExit):
        run_stage(write)

    said = capsys.readouterr().err
    assert said.startswith(f"error: {tmp_path / 'folder'}: Is a directory; name a file")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_reader_who_has_seen_enough_is_no_error() -> None:
    many = "run_stage(lambda: [print('line') for _ in range(100_000)])"
    command = [sys.executable, "-c", f"from pipeline.stage import run_stage; {many}"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as one:
        assert one.stdout is not None
        assert one.stderr is not None
        assert one.stdout.readline() == b"line\n"
        one.stdout.close()
        said = one.stderr.read()
    assert said == b""
    assert one.returncode == 141


def test_any_other_error_keeps_its_traceback() -> None:
    def broken() -> None:
        raise ZeroDivisionError("a mistake of ours")

    def absent() -> None:
        Path("/no/such/file").read_text()

    with pytest.raises(ZeroDivisionError):
        run_stage(broken)
    with pytest.raises(FileNotFoundError):
        run_stage(absent)
