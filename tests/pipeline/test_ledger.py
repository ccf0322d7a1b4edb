import subprocess
import sys
from pathlib import Path

import pytest

from features.errors import ArtefactError
from pipeline.ledger import read_ledger, writing

ADD = """
import sys
from pathlib import Path
from pipeline.ledger import writing
for number in range(40):
    with writing(Path(sys.argv[1])) as append:
        append({"event": "frozen", "name": f"{sys.argv[2]}{number}"})
"""


def test_two_who_write_at_once_lose_nothing(tmp_path: Path, root: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    with writing(ledger) as append:
        append({"event": "frozen", "name": "first"})
        both = [
            subprocess.Popen(
                [sys.executable, "-u", "-c", ADD, str(ledger), name],
                cwd=root,
                stdout=subprocess.PIPE,
                text=True,
            )
            for name in "ab"
        ]
        waiting = [process.stdout.readline() for process in both if process.stdout]
        alone = len(read_ledger(ledger))

    for process in both:
        process.communicate(timeout=60)
    assert [process.returncode for process in both] == [0, 0]
    assert all("waiting for it" in line for line in waiting)
    assert alone == 1
    names = [entry["name"] for entry in read_ledger(ledger)]
    assert len(names) == 81
    # Each in its own order, none twice, none lost.
    for who in "ab":
        own = [name for name in names if name[0] == who]
        assert own == [f"{who}{number}" for number in range(40)]


def test_a_name_with_a_line_separator_is_read_again(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    names = ["one\u2028two", "a\x85b", "last"]
    for name in names:
        with writing(ledger) as append:
            append({"event": "frozen", "name": name})

    assert [entry["name"] for entry in read_ledger(ledger)] == names


def test_the_lock_goes_with_its_process(tmp_path: Path, root: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    hold = ADD.replace("append(", "print('held', flush=True); sys.stdin.read(); (")
    command = [sys.executable, "-c", hold, str(ledger), "a"]
    with subprocess.Popen(
        command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        said = process.stdout.readline() if process.stdout else ""
        process.kill()
    assert said == "held\n"

    with writing(ledger) as append:
        append({"event": "frozen", "name": "b"})

    assert [entry["name"] for entry in read_ledger(ledger)] == ["b"]


def test_the_lock_that_stays_behind_stops_nobody(tmp_path: Path) -> None:
    for number in (1, 2):
        with writing(tmp_path / "ledger.jsonl") as append:
            append({"number": number})
        assert (tmp_path / ".lock").read_bytes() == b""

    assert [entry["number"] for entry in read_ledger(tmp_path / "ledger.jsonl")] == [
        1,
        2,
    ]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "null",
        "[1]",
        '{"hash": NaN}',
        '{"hash": "\\ud800", "name": "\\ud800"}',
        '{"n": ' + "9" * 5000 + "}",
        "[" * 100_000,
        "\x00\x1f\x8b",
    ],
    ids=["empty", "null", "list", "nan", "surrogate", "digits", "nested", "binary"],
)
def test_a_damaged_line_is_named(line: str, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    with writing(ledger) as append:
        append({"event": "frozen", "name": "first"})
    with ledger.open("a") as handle:
        handle.write(line + "\n")

    with pytest.raises(ArtefactError, match=r"ledger\.jsonl, line 2: changed"):
        read_ledger(ledger)
