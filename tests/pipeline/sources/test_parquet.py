from pathlib import Path

import polars as pl
import pytest

from pipeline.errors import SourceError
from pipeline.sources.parquet import read_batches

FRAME = pl.DataFrame({"account_id": ["1", "2", "3"], "text": ["a", "b", "c"]})


def test_a_sound_file_reads_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    FRAME.write_parquet(path)

    assert pl.concat(read_batches(path)).equals(FRAME)


def test_batches_are_in_order_and_none_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.sources.parquet._ROWS", range(2, 2))
    path = tmp_path / "a.parquet"
    FRAME.write_parquet(path)

    batches = list(read_batches(path))

    assert [batch.height for batch in batches] == [0, 2, 1]
    assert pl.concat(batches).equals(FRAME)


def test_batches_of_long_rows_are_small(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.sources.parquet._BYTES", 2**20)
    long = pl.select(
        text=pl.int_range(1_000).cast(pl.String).repeat_by(1_000).list.join(" ")
    )
    path = tmp_path / "a.parquet"
    long.write_parquet(path)

    heights = [batch.height for batch in read_batches(path)]

    assert sum(heights) == 1_000
    assert 150 < max(heights) < 400
    long.select(pl.col("text").str.head(1)).write_parquet(path)
    assert max(batch.height for batch in read_batches(path)) == 1_000


def test_a_flipped_bit_is_refused_or_read_and_never_ends_the_process(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.parquet"
    FRAME.write_parquet(path)
    data = path.read_bytes()
    refused = 0

    # The first page's header is at the beginning; Polars alone aborts within it.
    for position in (*range(4, 80), *range(80, len(data), 9)):
        broken = bytearray(data)
        broken[position] ^= 1
        path.write_bytes(broken)
        try:
            list(read_batches(path))
        except SourceError:
            refused += 1

    assert refused > 0


@pytest.mark.parametrize("data", [b"", b"PAR1", b"account_id\n1\n"])
def test_what_is_no_parquet_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(data)

    with pytest.raises(SourceError, match=r"a\.parquet: not Parquet"):
        list(read_batches(path))
