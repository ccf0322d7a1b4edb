import csv
import gzip
import io
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import SourceError
from pipeline.sources import lines
from pipeline.sources.delimited import read_csv
from pipeline.sources.quoting import Layout


def write(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("body", "kept", "rejected"),
    [
        (b"1,x\n2,y\n", ["1", "2"], []),
        (b"1,x\r\n2,y\r\n", ["1", "2"], []),
        (b'1,"two\nlines"\n2,y\n', ["1", "2"], []),
        (b'1,"a ""b"" c"\n', ["1"], []),
        (b"1,x\n2\n3,z\n", ["1", "3"], [(3, "field_count")]),
        (b"1,x,y\n3,z\n", ["3"], [(2, "field_count")]),
        (b"1,x\nid,text\n3,z\n", ["1", "3"], [(3, "repeated_header")]),
        (b'1,x\n2,"open\n3,z\n4,w\n', ["1", "3", "4"], [(3, "broken_quote")]),
        (b'1,"a"b,"c\n3,z\n', ["3"], [(2, "broken_quote")]),
        (b"1,x\r\r\n3,z\n", ["1", "3"], []),
        (b'1,x\n2,"open', ["1"], [(3, "broken_quote")]),
        (
            b'2,"open\n3,z\n4,"w"\n5,v\n',
            ["3", "4", "5"],
            [(2, "broken_quote")],
        ),
        (b"1,x\n\n2,y\n\n", ["1", "2"], []),
    ],
)
def test_good_rows_are_kept_and_bad_ones_named_by_line(
    tmp_path: Path, body: bytes, kept: list[str], rejected: list[tuple[int, str]]
) -> None:
    path = write(tmp_path, b"id,text\n" + body)

    result = read_csv(path, "utf-8")

    assert result.frame["id"].to_list() == kept
    assert [(row, rule) for row, rule, *_ in result.rejected] == rejected


def test_row_is_the_physical_line_on_which_a_record_begins(tmp_path: Path) -> None:
    path = write(tmp_path, b'id,text\n1,"a\nb\nc"\n2,y\n')

    assert read_csv(path, "utf-8").frame["row"].to_list() == [2, 5]


@pytest.mark.parametrize("size", [1, 7, 100])
def test_blocks_join_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(lines, "BLOCK_BYTES", size)
    path = write(tmp_path, b"id\n" + b"".join(b"%d\n" % n for n in range(50)))

    result = read_csv(path, "utf-8")

    assert result.frame["id"].to_list() == [str(n) for n in range(50)]
    assert result.frame["row"].to_list() == list(range(2, 52))


def test_nul_bytes_and_bad_utf8_are_repaired_on_their_record(tmp_path: Path) -> None:
    path = write(tmp_path, b'id,text\n1,"a\nb\xff\xfe"\n2,c\0d\0\n3,caf\xc3\xa9\n')

    result = read_csv(path, "utf-8")

    assert result.frame["text"].to_list() == ["a\nb\ufffd", "cd", "café"]
    assert result.repaired == {"nul_removed": [4], "invalid_utf8": [2]}


def test_latin_1_is_decoded_as_declared(tmp_path: Path) -> None:
    path = write(tmp_path, b"id,text\n1,caf\xe9\n")

    assert read_csv(path, "latin-1").frame["text"].to_list() == ["café"]


def test_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    path = write(tmp_path, b"\xef\xbb\xbfid,text\n1,x\n")

    assert read_csv(path, "utf-8").frame.columns == ["id", "text", "row"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_refused_and_not_repaired_letter_by_letter(
    tmp_path: Path, encoding: str
) -> None:
    path = write(tmp_path, "id,text\n1,привет\n".encode(encoding))

    with pytest.raises(SourceError, match=r"a\.csv: text in UTF-16; save it as UTF-8"):
        read_csv(path, "utf-8")


@pytest.mark.parametrize("suffix", ["gz", "zip"])
def test_compressed_file_reads_as_the_plain_one(tmp_path: Path, suffix: str) -> None:
    plain = write(tmp_path, b"id,text\n007,x\n")
    packed = tmp_path / f"b.csv.{suffix}"
    if suffix == "gz":
        packed.write_bytes(gzip.compress(plain.read_bytes(), mtime=0))
    else:
        with zipfile.ZipFile(packed, "w") as archive:
            archive.write(plain, "a.csv")
            archive.writestr("__MACOSX/._a.csv", "beside it")

    result = read_csv(packed, "utf-8")

    assert result.frame.equals(read_csv(plain, "utf-8").frame)
    assert result.frame["id"].to_list() == ["007"]


@pytest.mark.parametrize("members", [[], ["a.csv", "b.csv"], ["a.txt"], ["../a.csv"]])
def test_zip_of_anything_but_one_csv_is_refused(
    tmp_path: Path, members: list[str]
) -> None:
    packed = tmp_path / "b.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for name in members:
            archive.writestr(name, "id\n1\n")

    with pytest.raises(SourceError, match=r"b\.zip"):
        read_csv(packed, "utf-8")


@pytest.mark.parametrize("suffix", [".zip", ".gz", ".xz"])
def test_damaged_or_unknown_compression_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.csv{suffix}"
    path.write_bytes(b"id\n1\n")

    with pytest.raises(SourceError, match=r"a\.csv"):
        read_csv(path, "utf-8")


@pytest.mark.parametrize(
    ("body", "texts", "rule"),
    [
        (rb'"1","say \"hi\", you"', ["1", 'say "hi", you'], "backslash_quote"),
        (b'"1","say "hi", you"', ["1", 'say "hi", you'], "stray_quote"),
        (b'"1","say "hi"\nto ""all"""', ["1", 'say "hi"\nto "all"'], "stray_quote"),
        (b'1,"say "hi" you"', ["1", 'say "hi" you'], "stray_quote"),
        (b'"a "b" c",2', ['a "b" c', "2"], "stray_quote"),
        (b"1,a\rb", ["1", "a\rb"], "loose_return"),
    ],
)
def test_broken_quotes_are_mended_where_one_reading_fits_the_header(
    tmp_path: Path, body: bytes, texts: list[str], rule: str
) -> None:
    path = write(tmp_path, b"id,text\n0,x\n" + body + b'\n"2",y\n')

    result = read_csv(path, "utf-8")

    assert list(result.frame.row(1)) == [*texts, 3]
    assert result.frame["id"].to_list() == ["0", texts[0], "2"]
    assert (result.rejected, result.repaired) == ([], {rule: [3]})


def test_the_cut_row_is_given_up_and_not_joined_to_the_next(tmp_path: Path) -> None:
    path = write(tmp_path, b'"id","text"\n"1\n"2","y"\n"3","cut o')

    result = read_csv(path, "utf-8")

    assert result.frame["id"].to_list() == ["2"]
    assert [(row, rule) for row, rule, *_ in result.rejected] == [
        (2, "broken_quote"),
        (4, "broken_quote"),
    ]


def _damaged(generator: np.random.Generator) -> bytes:
    """A table of hostile cells, with some of its bytes changed."""
    pieces = [
        "a",
        "b c",
        '"',
        ",",
        "\n",
        "\r\n",
        "\r",
        "é",
        "\\",
        '""',
        '",',
        "",
        "x" * 9,
    ]
    buffer = io.StringIO()
    every = bool(generator.integers(2))
    writer = csv.writer(
        buffer,
        quoting=csv.QUOTE_ALL if every else csv.QUOTE_MINIMAL,
        lineterminator="\n",
    )
    writer.writerow(["id", "text", "more"])
    for number in range(1 + generator.integers(30)):
        cells = ["".join(generator.choice(pieces, generator.integers(4))) for _ in "ab"]
        writer.writerow([number, *cells])
    data = bytearray(buffer.getvalue().encode())
    for _ in range(generator.integers(4)):
        place = generator.integers(20 if every else 13, len(data))
        data[place : place + generator.integers(2)] = generator.choice(
            [b'"', b"\n", b"\0", b"\xff", b",", b"", b'\\"', b"\r", b"id,text,more\n"]
        )
    return bytes(data)


@pytest.mark.parametrize("seed", range(300))
def test_what_is_read_at_once_is_what_line_by_line_reading_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    path = write(tmp_path, _damaged(generator))
    monkeypatch.setattr(lines, "RECORD_BYTES", int(generator.integers(20, 200)))
    fast = read_csv(path, "utf-8")

    monkeypatch.setattr(lines, "BLOCK_BYTES", int(generator.integers(1, 300)))
    blocks = read_csv(path, "utf-8")
    monkeypatch.setattr(Layout, "records", lambda self, width: None)
    monkeypatch.setattr(
        Layout, "alone", lambda self, width: np.zeros(len(self.begins) - 1, np.bool_)
    )
    slow = read_csv(path, "utf-8")

    for other in (blocks, slow):
        assert fast.frame.equals(other.frame)
        assert [row[:3] for row in fast.rejected] == [row[:3] for row in other.rejected]
        assert {rule: sorted(rows) for rule, rows in fast.repaired.items()} == {
            rule: sorted(rows) for rule, rows in other.repaired.items()
        }


def test_a_line_without_end_is_cut_and_costs_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("wb") as handle:
        handle.write(b"id,text\n1,x\n2,")
        for _ in range(64):
            handle.write(b"y" * 2**20)
        handle.write(b"\n3,z\n")
    tracemalloc.start()

    result = read_csv(path, "utf-8")

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12 * lines.BLOCK_BYTES
    assert result.frame["id"].to_list() == ["1", "3"]
    ((row, rule, detail, raw),) = result.rejected
    assert (row, rule, detail) == (3, "record_too_long", "longer than 1,048,576 bytes")
    assert raw.startswith('["2,yyy')
    assert len(raw) == 300


def test_archive_that_expands_beyond_the_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.sources.archive.MAX_EXPANDED_BYTES", 4)
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"id\n123456\n", mtime=0))

    with pytest.raises(SourceError, match="expands beyond"):
        read_csv(path, "utf-8")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"id,id\n1,2\n", "twice"),
        (b"<html>\n", "web page"),
        (b"<p>a;b\n", "web page"),
        (b"PK\x03\x04\x14\0\x06\0\r\n", "a compressed file or a workbook, not CSV"),
        (gzip.compress(b"a,b\n", mtime=0), "a compressed file or a workbook, not CSV"),
        (b"\na,b\n", "no header line; the file is not CSV: name its columns"),
        (b'"a,b\n', "no header line"),
        (b"a\rb\n", "its lines end with CR; save it as comma separated CSV in UTF-8"),
        (b'"a","b"\r"1","x\ny"\r', "its lines end with CR; save"),
        (b"a;b\n1;2\n", "its fields are separated by semicolons; save it as comma"),
        (b'"a";"b"\r\n"1";"2"\r\n', "its fields are separated by semicolons; save"),
        (b"a\tb\tc\n1\t2\t3\n", "its fields are separated by tabs"),
        (b"a|b\r1|2\r", "its lines end with CR, and its fields are separated by bars"),
        (b"a;" * lines.RECORD_BYTES, "its fields are separated by semicolons"),
    ],
)
def test_file_without_a_usable_header_is_refused(
    tmp_path: Path, data: bytes, message: str
) -> None:
    path = write(tmp_path, data)

    with pytest.raises(SourceError, match=message):
        read_csv(path, "utf-8")
