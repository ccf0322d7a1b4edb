from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from pipeline.errors import SourceError
from pipeline.sources import lists, times, values
from pipeline.sources.reading import Reading
from tests.pipeline.sources.archives import make_source


def make_reading(cells: list[Any], dtype: Any = pl.String, **source: Any) -> Reading:
    frame = pl.DataFrame(
        {
            "x": pl.Series(cells, dtype=dtype),
            "file": ["f.csv"] * len(cells),
            "row": range(1, len(cells) + 1),
        }
    )
    return Reading(make_source("canonical", {}, **source), "accounts", frame)


def outcome(reading: Reading) -> tuple[list[Any], dict[str, int]]:
    (count,) = reading.counts()
    assert count.read == count.kept + sum(count.rejected.values())
    assert count.kept == reading.frame.height
    happened = {**count.rejected, **count.repaired, **count.nulled}
    return reading.frame["x"].to_list(), happened


@pytest.mark.parametrize(
    ("cell", "kept", "happened"),
    [
        ("007", ["007"], {}),
        ("1234567890123456789", ["1234567890123456789"], {}),
        ("1e5", ["1e5"], {}),
        ("1.01421E+18", [], {"id_destroyed": 1}),
        ("", [], {"no_id": 1}),
        ("12.0", ["12"], {"id_float_stripped": 1}),
        ("9007199254740991.0", ["9007199254740991"], {"id_float_stripped": 1}),
        ("9007199254740992.0", [], {"id_destroyed": 1}),
        (" 11 ", ["11"], {"id_trimmed": 1}),
        ("\u00a011\t", ["11"], {"id_trimmed": 1}),
        ("a b", ["a b"], {}),
        ("  ", [], {"no_id": 1}),
        (" 1.01421E+18", [], {"id_destroyed": 1}),
        ("12.0 ", ["12"], {"id_float_stripped": 1, "id_trimmed": 1}),
    ],
)
def test_primary_ids(cell: str, kept: list[str], happened: dict[str, int]) -> None:
    reading = make_reading([cell, "sound", "sound too"])

    values.primary_id(reading, "x")

    found, counted = outcome(reading)
    assert (found[:-2], counted) == (kept, happened)


def test_file_of_mostly_destroyed_ids_is_refused() -> None:
    reading = make_reading(["1.0E+18", "2.0E+18", "3"])

    with pytest.raises(SourceError, match=r"f\.csv, column x: 67%"):
        values.primary_id(reading, "x")


def test_ids_stored_as_floats_are_refused() -> None:
    reading = make_reading([1.0], pl.Float64)

    with pytest.raises(SourceError, match="floats"):
        values.primary_id(reading, "x")


@pytest.mark.parametrize(
    ("cell", "value", "happened"),
    [
        ("4.60719053544235e+17", None, {"id_precision_lost": 1}),
        ("98336677.0", "98336677", {"id_float_stripped": 1}),
        ("9007199254740992.0", None, {"id_precision_lost": 1}),
        ("99999999999999999999.0", None, {"id_precision_lost": 1}),
        ("", None, {}),
        ("12", "12", {}),
        (" 12", "12", {"id_trimmed": 1}),
        (" ", None, {"id_trimmed": 1}),
    ],
)
def test_secondary_ids(cell: str, value: str | None, happened: dict[str, int]) -> None:
    reading = make_reading([cell])

    values.secondary_id(reading, "x")

    assert outcome(reading) == ([value], happened)


@pytest.mark.parametrize(
    ("cell", "value", "happened"),
    [
        ("0", 0, {}),
        ("", None, {}),
        ("0.0", 0, {"count_float": 1}),
        ("-1", None, {"count_negative": 1}),
        ("many", None, {"count_not_numeric": 1}),
        ("1.5", None, {"count_not_numeric": 1}),
        ("99999999999999999999", None, {"count_not_numeric": 1}),
    ],
)
def test_counts(cell: str, value: int | None, happened: dict[str, int]) -> None:
    reading = make_reading([cell])

    values.count(reading, "x")

    assert outcome(reading) == ([value], happened)


@pytest.mark.parametrize(
    ("order", "cell", "day", "happened"),
    [
        ("month_first", "1/13/2018 4:05", (1, 13), {}),
        ("month_first", "13/1/2018 4:05", None, {"date_impossible": 1}),
        ("day_first", "13/1/2018 4:05", (1, 13), {}),
        ("day_first", "1/13/2018 4:05", None, {"date_impossible": 1}),
        ("mixed", "13/1/2018 4:05", (1, 13), {}),
        ("mixed", "1/13/2018 4:05", (1, 13), {}),
        ("mixed", "7/7/2018 4:05", (7, 7), {}),
        ("mixed", "7/3/2018 4:05", None, {"date_ambiguous": 1}),
        ("mixed", "13/13/2018 4:05", None, {"date_impossible": 1}),
        ("month_first", "2/30/2018 4:05", None, {"date_impossible": 1}),
        ("month_first", "2/3/18 4:05", None, {"time_unreadable": 1}),
        ("mixed", "2/3/2018 4:05 PM", None, {"time_unreadable": 1}),
    ],
)
def test_slashed_dates_follow_the_declared_order(
    order: str, cell: str, day: tuple[int, int] | None, happened: dict[str, int]
) -> None:
    reading = make_reading([cell], zone="UTC", date_order=order)

    times.moment(reading, "x", [times.API], zone_stated=False)

    read = [datetime(2018, *day, 4, 5, tzinfo=UTC)] if day else []
    found, counted = outcome(reading)
    assert [value for value in found if value] == read
    assert counted == happened


def test_slashed_dates_without_an_order_are_refused() -> None:
    reading = make_reading(["7/3/2018"], zone="UTC")

    with pytest.raises(SourceError, match="date_order"):
        times.moment(reading, "x", [times.API], zone_stated=False)


def test_times_without_a_declared_zone_are_refused() -> None:
    reading = make_reading(["2018-01-01 10:00:00"])

    with pytest.raises(SourceError, match="declare `zone: UTC`"):
        times.moment(reading, "x", ["%Y-%m-%d %H:%M:%S"], zone_stated=False)


def test_time_of_another_form_rejects_its_row() -> None:
    reading = make_reading(["Fri Apr 06 10:58:22 +0200 2007", "1185440851000", ""])

    times.moment(reading, "x", [times.API], zone_stated=True)

    assert outcome(reading) == (
        [datetime(2007, 4, 6, 8, 58, 22, tzinfo=UTC), None],
        {"time_unreadable": 1},
    )


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ("2020-05-01T10:00:00Z", True),
        ("2020-05-01 10:00:00+00:00", True),
        ("2020-05-01T12:00:00.000+0200", True),
        ("2020-05-01T10:00Z", True),
        ("2020-05-01T10:00:00", False),
        ("2020-05-01", False),
    ],
)
def test_iso_time_without_zone_rejects_its_row(cell: str, read: bool) -> None:
    reading = make_reading([cell])

    times.zoned(reading, "x")

    expected = [datetime(2020, 5, 1, 10, tzinfo=UTC)] if read else []
    assert outcome(reading) == (expected, {} if read else {"time_without_zone": 1})


@pytest.mark.parametrize(
    ("cell", "links", "values_", "whole"),
    [
        ("", False, [], False),
        ("[]", False, [], False),
        ("[a, b]", False, ["a", "b"], False),
        ("['a', 'b,c']", False, ["a", "b,c"], False),
        ("[\"it's\", 'x']", False, ["it's", "x"], False),
        (r"['a\'b\n\u00e9\ud83d']", False, ["a'b\né\ufffd"], False),
        ("[http://x, http://y]", True, ["http://x", "http://y"], False),
        ("[http://x/a,b]", True, ["http://x/a,b"], True),
        ("['open", False, None, False),
        ("['a' 'b']", False, None, False),
        ("['a', __import__('os')]", False, None, False),
        ("plain", False, None, False),
    ],
)
def test_lists_in_a_cell(
    cell: str, links: bool, values_: list[str] | None, whole: bool
) -> None:
    assert lists.parse(cell, links=links) == (values_, whole)


def test_list_cells_are_counted_by_what_happened() -> None:
    reading = make_reading(["absent", "", "['a']", "['", "[http://x/a,b]"])

    lists.cells(reading, "x", links=True)

    assert reading.frame["x"].to_list() == [None, [], ["a"], None, ["http://x/a,b"]]
    assert outcome(reading)[1] == {"list_unreadable": 1, "list_ambiguous": 1}
