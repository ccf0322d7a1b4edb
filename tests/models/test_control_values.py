from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.catalogue import FEATURES
from models.bands import BANDS, band_name
from models.control_values import QUANTILES, ControlValues

FIRST, SECOND = FEATURES[:2]
# Posts, and the value of a feature.
ROWS = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 4, 5, 50, 100, 900]),
        st.none()
        | st.sampled_from([-1.5, 0.0, 0.25, 3.0])
        | st.floats(width=32, min_value=-9, max_value=9),
    ),
    max_size=30,
)
quick = settings(max_examples=60, deadline=None, database=None)


def table(rows: Sequence[tuple[int, float | None]]) -> pl.DataFrame:
    return pl.DataFrame(
        rows, schema={"n_posts": pl.Int64, FIRST.name: pl.Float32}, orient="row"
    ).with_columns(pl.lit(None, pl.Float32).alias(SECOND.name))


def count(rows: Sequence[tuple[int, float | None]]) -> ControlValues:
    return ControlValues.count(table(rows), (FIRST, SECOND))


def test_bands_hold_their_own_controls_only() -> None:
    found = count([(n, float(n)) for n in (0, 0, 3, 19, 20, 500)]).quantiles()

    assert list(found) == [band_name(low, high) for low, high in BANDS]
    seen = {name: set(band[FIRST.name]) for name, band in found.items()}
    assert seen == {
        "0": {0.0},
        "1-4": {3.0},
        "5-19": {19.0},
        "20-99": {20.0},
        "100+": {500.0},
    }
    assert all(len(band[FIRST.name]) == QUANTILES for band in found.values())
    assert SECOND.name not in found["0"]


def test_quantiles_by_hand() -> None:
    # Eleven accounts: a tenth is a step; half way between two, the even place.
    cuts = count([(9, float(value)) for value in range(11)]).quantiles()["5-19"]

    assert cuts[FIRST.name][::10] == [float(value) for value in range(11)]
    assert cuts[FIRST.name][5] == 0.0
    assert cuts[FIRST.name][15] == 2.0
    assert cuts[FIRST.name][14] == 1.0


def test_nobody_and_no_value() -> None:
    assert count([]).quantiles() == {band_name(*band): {} for band in BANDS}
    assert count([(3, None)]).quantiles()["1-4"] == {}


@quick
@given(ROWS)
def test_they_are_the_quantiles_of_all_values(rows: list[tuple[int, Any]]) -> None:
    for (low, high), band in zip(BANDS, count(rows).quantiles().values(), strict=True):
        known = [
            np.float32(value)
            for posts, value in rows
            if value is not None and posts >= low and (high is None or posts <= high)
        ]
        if known:
            steps = np.linspace(0, 1, QUANTILES)
            expected = np.quantile(np.array(known, np.float64), steps, method="nearest")
            assert band[FIRST.name] == expected.tolist()


@quick
@given(ROWS, ROWS, st.randoms(use_true_random=False))
def test_merged_parts_are_the_whole_in_any_order(
    one: list[tuple[int, Any]], other: list[tuple[int, Any]], shuffler: Any
) -> None:
    shuffled = [*one, *other]
    shuffler.shuffle(shuffled)
    whole = count(shuffled).quantiles()

    assert count(one).merge(count(other)).quantiles() == whole
    assert count(other).merge(count(one)).quantiles() == whole


@pytest.mark.parametrize("more", [(0, 1.0), (500, 7.0)])
def test_another_account_is_noticed(more: tuple[int, float]) -> None:
    some = [(0, 0.0), (500, 1.0)]

    assert count([*some, more]).quantiles() != count(some).quantiles()
