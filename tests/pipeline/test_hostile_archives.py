"""Archives made to do harm: refused with a remedy, or read as the data that they are."""

import gzip
import struct
import zipfile
from pathlib import Path

import polars as pl
import pytest

from pipeline.errors import SourceError
from pipeline.ingest import ingest
from pipeline.inspection import inspect
from pipeline.sources import archive
from tests.pipeline.sources.archives import make_source, write_csv

HEADER = b"account_id,bio\n"


def read(raw: Path, *files: str) -> pl.DataFrame:
    source = make_source("canonical", {"accounts": list(files)})
    ingest([source], raw, raw / "out" / "canonical", raw / "out" / "ingest.json")
    return pl.read_parquet(raw / "out" / "canonical" / "accounts.parquet")


def packed(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items():
            made.writestr(name, data)
    return path


@pytest.mark.parametrize("suffix", ["zip", "gz"])
def test_bomb_is_refused_before_it_fills_memory_or_disk(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "_HARMLESS_BYTES", 2**20)
    data = HEADER + b"1,x\n" * 2**22
    if suffix == "zip":
        packed(tmp_path / "a.zip", {"a.csv": data})
    else:
        (tmp_path / "a.csv.gz").write_bytes(gzip.compress(data, mtime=0))

    with pytest.raises(SourceError, match="expands beyond 200 times its size"):
        read(tmp_path, f"a.{'zip' if suffix == 'zip' else 'csv.gz'}")

    assert not list((tmp_path / "out").iterdir())


def test_zip_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"a.csv": HEADER + b"1,x\n" * 1000})
    data = bytearray(path.read_bytes())
    place = data.rindex(b"PK\x01\x02")
    data[place + 24 : place + 28] = struct.pack("<I", 40)
    path.write_bytes(data)

    with pytest.raises(SourceError, match="damaged archive"):
        read(tmp_path, "a.zip")


def test_zip_that_lies_about_a_place_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"a.csv": HEADER + b"1,x\n" * 1000})
    data = bytearray(path.read_bytes())
    end = data.rindex(b"PK\x05\x06")
    start = struct.unpack_from("<I", data, end + 16)[0]
    # A directory that seems to start later makes every place before the file's start.
    struct.pack_into("<I", data, end + 16, start + 5_000)
    path.write_bytes(data)

    with pytest.raises(SourceError, match="damaged archive"):
        read(tmp_path, "a.zip")


def test_names_in_a_zip_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    for name in ("../../evil.csv", "/evil.csv", "raw/../../evil.csv"):
        packed(tmp_path / "raw" / "a.zip", {name: HEADER + b"1,x\n"})
        with pytest.raises(SourceError, match=r"leaves the target folder"):
            read(tmp_path / "raw", "a.zip")

    assert not list(tmp_path.rglob("evil.csv"))


@pytest.mark.parametrize("name", ["inner.zip", "inner.csv"])
def test_zip_in_a_zip_is_not_unpacked(tmp_path: Path, name: str) -> None:
    inner = packed(tmp_path / "inner.zip", {"a.csv": HEADER + b"1,x\n"}).read_bytes()
    packed(tmp_path / "a.zip", {name: inner})

    with pytest.raises(SourceError, match=r"a\.zip"):
        read(tmp_path, "a.zip")


def test_password_and_broken_stream_are_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"a.csv": HEADER + b"1,x\n"})
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    path.write_bytes(data)
    with pytest.raises(SourceError, match=r"damaged archive .*password"):
        read(tmp_path, "a.zip")

    whole = bytearray(gzip.compress(HEADER + bytes(range(32, 122)) * 99, mtime=0))
    whole[20:40] = bytes(20)
    (tmp_path / "b.csv.gz").write_bytes(whole)
    with pytest.raises(SourceError, match="damaged archive"):
        read(tmp_path, "b.csv.gz")


@pytest.mark.slow
def test_a_line_of_a_gibibyte_is_one_rejected_row(tmp_path: Path) -> None:
    with (tmp_path / "a.csv").open("wb") as plain:
        plain.write(HEADER + b"1,x\n2,")
        for _ in range(2**10):
            plain.write(b"y" * 2**20)
        plain.write(b"\n3,z\n")

    accounts = read(tmp_path, "a.csv")

    assert accounts["account_id"].to_list() == ["src/1", "src/3"]
    rejected = pl.read_parquet(tmp_path / "out" / "canonical" / "rejected.parquet")
    assert rejected.select("row", "rule").rows() == [(3, "record_too_long")]


def test_cells_that_a_spreadsheet_would_run_stay_texts(tmp_path: Path) -> None:
    cells = ["=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", "-2", "\t=1"]
    rows = [{"account_id": str(n), "bio": cell} for n, cell in enumerate(cells)]
    write_csv(tmp_path / "a.csv", rows)

    assert read(tmp_path, "a.csv")["bio"].to_list() == cells


def test_text_that_turns_round_is_kept_and_never_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = "\u202egnp.exe\u2066 \x1b[2J"
    accounts = [{"account_id": "1", "bio": hostile, "handle": hostile}]
    write_csv(tmp_path / "accounts.csv", accounts)
    post = {"account_id": "1", "kind": hostile, "text": hostile, "language": hostile}
    write_csv(tmp_path / "posts.csv", [post, post | {"kind": "reply"}])

    kept = read(tmp_path, "accounts.csv")
    told = inspect(tmp_path).text

    assert kept["bio"].to_list() == [hostile]
    for sign in ("\u202e", "\u2066", "\x1b"):
        assert sign not in capsys.readouterr().out + told
