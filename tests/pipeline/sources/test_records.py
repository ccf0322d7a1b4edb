from pathlib import Path

import polars as pl
import pytest

from pipeline.sources import lines
from pipeline.sources.delimited import batches, read_csv
from pipeline.sources.records import cut, fields, size, table

MARK = b"\xef\xbb\xbf"
DAMAGED = (
    b"id,owner,text\n"
    b'1,a,"two\nlines"\n'
    b'2,b,"say ""no"""\n'
    b"id,owner,text\n"
    b"id,b,of another\n"
    b"3,b\n"
    b'4,c,"a "stray" quote"\r\n'
    b'5,a,"\\"x\\""\n'
    b',,""\n' + MARK + b"6,a,marked\n" + b'7,a,"cut of'
)


@pytest.mark.parametrize("block", [1, 40, 10**6])
@pytest.mark.parametrize("field", ["id", "owner"])
def test_records_cut_later_are_those_cut_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int, field: str
) -> None:
    monkeypatch.setattr(lines, "BLOCK_BYTES", block)
    path = tmp_path / "a.csv"
    path.write_bytes(DAMAGED)

    whole = read_csv(path, "utf-8")
    parts = list(batches(path, "utf-8", lambda header: field))

    first, *others = parts
    later = first.joined(others)
    assert first.columns == ["id", "owner", "text", "row"]
    assert (later.rejected, later.repaired) == (whole.rejected, whole.repaired)
    assert later.frame.select(field, "row").equals(whole.frame.select(field, "row"))
    assert fields([table(later.frame)], first.columns[:-1]).equals(whole.frame)
    some = pl.col("row") % 2 == 0
    picked = later.frame.filter(some).reverse()
    assert fields([table(picked)], first.columns[:-1]).equals(
        whole.frame.filter(some).reverse()
    )
    assert "repeated_header" in {rule for _, rule, *_ in whole.rejected}


def test_a_text_may_be_empty_or_begin_with_a_mark() -> None:
    assert cut(b"", ["id", "text"]).schema == {"id": pl.String, "text": pl.String}
    assert cut(MARK + b"1,x\n", ["id", "text"]).rows() == [("\ufeff1", "x")]


def test_separators_weigh_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"id,text\n1,abc\n22,\n")

    (part,) = batches(path, "utf-8", lambda header: "id")

    assert size(part.frame, ["id", "text"]) == len("1abc22")
