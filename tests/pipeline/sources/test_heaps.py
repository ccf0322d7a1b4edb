"""Rows on disk in order of heap: those asked for, as they were."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipeline.sources.heaps import HEAP, HEAPS, heap, put

ROWS = 3_000
# What a Parquet archive may hold.
TYPES: dict[str, pl.Series] = {
    "text": pl.Series(["a", "\u00e9", None]),
    "number": pl.Series([1, None, 3], dtype=pl.UInt32),
    "float": pl.Series([0.5, None, float("inf")]),
    "flag": pl.Series([True, None, False]),
    "time": pl.Series([datetime(2020, 1, 1, tzinfo=UTC), None, None]),
    "list": pl.Series([["a", "b"], [], None]),
    "category": pl.Series(["a", None, "b"], dtype=pl.Categorical),
    "word": pl.Series(["a", None, "b"], dtype=pl.Enum(["b", "a"])),
    "decimal": pl.Series([Decimal("1.25"), None, Decimal("2.50")]),
    "nothing": pl.Series([None, None, None]),
}


def dealt(rows: int) -> pl.DataFrame:
    row = pl.int_range(rows)
    return pl.select(row.alias("row"), (row * 7919 % 1009).cast(pl.UInt16).alias(HEAP))


@pytest.mark.parametrize("rows", [0, 5, ROWS, 200_000])
def test_rows_of_some_heaps_are_read_in_the_order_they_came_in(
    tmp_path: Path, rows: int
) -> None:
    every = dealt(rows)

    found = put(every, tmp_path / "rows.arrow")

    for some in (range(HEAPS), range(1), range(17, 90), range(1_008, HEAPS)):
        inside = pl.col(HEAP).is_between(some.start, some.stop - 1)
        wanted = every.filter(inside).sort(HEAP, maintain_order=True).drop(HEAP)
        assert pl.DataFrame(found.read(some)).equals(wanted)


@pytest.mark.parametrize("name", TYPES)
def test_values_are_what_they_were(tmp_path: Path, name: str) -> None:
    cells = pl.concat([TYPES[name]] * (ROWS // 3))
    rows = dealt(ROWS).with_columns(cells.alias("cell")).sort(HEAP)

    found = put(rows, tmp_path / "rows.arrow").read(range(HEAPS))

    read = pl.DataFrame(found)
    assert read.schema == rows.drop(HEAP).schema
    assert read.equals(rows.drop(HEAP))


def test_the_heap_of_an_id_follows_from_the_id_alone() -> None:
    plain, floated, named, padded, other, empty, absent, blank = heap(
        pl.Series(["12", "12.0", "u12", "\u00a012.0 ", "007", "", None, " "])
    )

    assert plain == floated == named == padded
    assert empty == absent == blank
    assert len({plain, other, empty}) == 3
    assert heap(pl.Series([12, 7])).to_list() == [
        plain,
        *heap(pl.Series(["7"])),
    ]
    found = heap(pl.Series(map(str, range(10_000))))
    assert set(found) == set(range(HEAPS))
