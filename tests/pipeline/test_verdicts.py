import csv
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import SourceError
from pipeline.verdicts import VERDICTS, ReadVerdicts, read_verdicts


def verdict(**fields: Any) -> dict[str, Any]:
    return {
        "receipt": "ab" * 32,
        "account_id": "s/1",
        "verdict": "inauthentic",
        "reason": "copied_texts",
        "reviewer": "kea",
        "at": "2024-05-01T10:00:00Z",
    } | fields


def write_lines(folder: Path, *lines: Any) -> Path:
    path = folder / "verdicts.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts) + "\n")
    return path


def read(path: Path) -> ReadVerdicts:
    found = read_verdicts(path)
    # No row is lost.
    assert found.read == found.verdicts.height + found.rejected.height
    assert found.verdicts.schema == VERDICTS
    return found


def test_lines_and_csv_are_read_alike(tmp_path: Path) -> None:
    other = {"receipt": "cd" * 32, "account_id": "s/2", "other": "x"}
    rows = [verdict(), verdict(reviewer="tui", **other)]
    table = tmp_path / "verdicts.csv"
    with table.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, [*verdict(), "other"])
        writer.writeheader()
        writer.writerows(rows)

    lines, cells = read(write_lines(tmp_path, *rows)), read(table)

    assert lines.verdicts.equals(cells.verdicts)
    assert lines.verdicts["account_id"].to_list() == ["s/1", "s/2"]
    assert (lines.read, cells.read) == (2, 2)


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("{", "not_json"),
        ("[1]", "not_json"),
        ("[" * 100_000, "not_json"),
        ('{"account_id": ' + "1" * 5_000 + "}", "not_json"),
        (verdict(receipt="12"), "receipt_malformed"),
        (verdict(receipt=None), "receipt_malformed"),
        (verdict(account_id=""), "no_id"),
        (verdict(account_id=7), "no_id"),
        (verdict(verdict="bot"), "verdict_unknown"),
        (verdict(reason="he posts too much!"), "reason_malformed"),
        (verdict(reviewer="Ada Lovelace"), "reviewer_not_pseudonym"),
        (verdict(reviewer="ada@example.org"), "reviewer_not_pseudonym"),
        (verdict(at="2024-05-01T10:00:00"), "time_unreadable"),
        (verdict(at="yesterday"), "time_unreadable"),
        (verdict(at=1714557600), "time_unreadable"),
        (verdict(at="1714557600"), "time_unreadable"),
        ({"verdict": "authentic"}, "receipt_malformed"),
    ],
)
def test_a_row_that_cannot_be_used_is_kept_aside(
    row: Any, rule: str, tmp_path: Path
) -> None:
    found = read(
        write_lines(tmp_path, verdict(account_id="s/0", receipt="cd" * 32), row)
    )

    assert found.verdicts["account_id"].to_list() == ["s/0"]
    (rejected,) = found.rejected.rows(named=True)
    assert (rejected["rule"], rejected["row"]) == (rule, 2)
    assert rejected["file"] == "verdicts.jsonl"
    assert len(rejected["raw"]) <= 300
    if rule == "reviewer_not_pseudonym":
        assert "ada" not in json.dumps(rejected).lower()


def test_a_reviewer_who_decides_again_is_counted_once(tmp_path: Path) -> None:
    rows = [
        verdict(verdict="authentic", at="2024-05-03T10:00:00+02:00"),
        verdict(verdict="inauthentic", at="2024-05-02T10:00:00Z"),
        verdict(verdict="inauthentic", reviewer="tui"),
    ]

    found = read(write_lines(tmp_path, *rows))

    last = dict(found.verdicts.select("reviewer", "verdict").iter_rows())
    assert last == {"kea": "authentic", "tui": "inauthentic"}
    assert found.rejected.select("row", "rule").rows() == [(2, "superseded")]


def test_a_receipt_with_two_accounts_counts_for_neither(tmp_path: Path) -> None:
    other = {"receipt": "cd" * 32, "account_id": "s/3"}
    rows = [
        verdict(),
        verdict(account_id="1", reviewer="tui"),
        verdict(**other),
        verdict(**other | {"account_id": "s/4"}, reviewer="tui"),
    ]

    found = read(write_lines(tmp_path, *rows))

    # `s/1` and `1` are one.
    assert found.verdicts["account_id"].sort().to_list() == ["1", "s/1"]
    assert found.rejected.select("row", "rule").rows() == [
        (3, "receipt_of_two"),
        (4, "receipt_of_two"),
    ]


def test_bytes_that_are_no_text_lose_no_row(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.jsonl"
    good = json.dumps(verdict()).encode()
    path.write_bytes(b"\xef\xbb\xbf" + good + b"\r\n\xff\xfe\0\n\n" + good[:40] + b"\n")

    found = read(path)

    assert found.read == 3
    assert found.verdicts.height == 1


def test_a_folder_is_no_file_of_verdicts(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        read_verdicts(tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("verdicts.jsonl", None, "no such file"),
        ("verdicts.csv", "", r"column\(s\) account_id"),
        ("verdicts.csv", "receipt,verdict\n", r"reviewer are missing"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    name: str, text: str | None, message: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    if text is not None:
        path.write_text(text)

    with pytest.raises(SourceError, match=rf"{name}: .*{message}"):
        read_verdicts(path)
