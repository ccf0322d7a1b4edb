"""What points both ways is left out, and what has a direction is held to it."""

from dataclasses import replace

import numpy as np
import pytest

from features.catalogue import FEATURES
from models.hashing import uniform
from models.training import train_booster
from models.transfer import LEAST, left_out, turning
from tests.models.builders import RECIPE

FREE = next(n for n, f in enumerate(FEATURES) if f.direction == 0)
HELD = next(n for n, f in enumerate(FEATURES) if f.direction == -1)
UP = next(n for n, f in enumerate(FEATURES) if f.direction == 1)
EACH = 200


def make_rows() -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Two operators, labels by turns, and noise in every column."""
    ids = [f"{unit}/{n}" for unit in "ab" for n in range(2 * EACH)]
    labels = np.tile(np.array([0, 1], dtype=np.int8), 2 * EACH)
    units = np.array([name[0] for name in ids])
    columns = [uniform(ids, f.name) for f in FEATURES]
    return np.stack(columns, axis=1).astype(np.float32), labels, units, ids


def names(matrix, labels, units, ids, margin: float = 0.1) -> list[str]:
    return turning(matrix, labels, units, ids, FEATURES, margin)


def test_noise_does_not_turn() -> None:
    assert names(*make_rows()) == []


@pytest.mark.parametrize(("column", "found"), [(FREE, True), (HELD, False)])
def test_what_points_both_ways_is_found_unless_a_direction_holds_it(
    column: int, found: bool
) -> None:
    matrix, labels, units, ids = make_rows()
    matrix[:, column] += np.where(units == "a", 1, -1) * labels

    assert names(matrix, labels, units, ids) == [FEATURES[column].name] * found


def test_what_points_one_way_stays() -> None:
    matrix, labels, units, ids = make_rows()
    matrix[:, FREE] += labels

    assert names(matrix, labels, units, ids) == []


def test_too_few_known_values_of_an_operator_are_not_heard() -> None:
    matrix, labels, units, ids = make_rows()
    matrix[:, FREE] += np.where(units == "a", 1, -1) * labels
    known = np.flatnonzero((units == "b") & (labels == 1))
    matrix[known[LEAST:], FREE] = np.nan
    assert names(matrix, labels, units, ids) == [FEATURES[FREE].name]

    matrix[known[LEAST - 1 :], FREE] = np.nan

    assert names(matrix, labels, units, ids) == []


def test_neither_order_nor_other_rows_decide_who_is_looked_at() -> None:
    matrix, labels, units, ids = make_rows()
    matrix[:, FREE] += np.where(units == "a", 1, -1) * labels
    turned = np.arange(len(ids))[::-1]

    again = names(
        matrix[turned], labels[turned], units[turned], [ids[n] for n in turned]
    )

    assert again == names(matrix, labels, units, ids)


def test_half_as_margin_finds_none() -> None:
    matrix, labels, units, ids = make_rows()
    matrix[:, FREE] = np.where(units == "a", 1, -1) * labels

    assert names(matrix, labels, units, ids, margin=0.5) == []


def test_a_family_that_needs_directions_keeps_those_that_have_one() -> None:
    rows = make_rows()
    rows[0][:, FREE] += np.where(rows[2] == "a", 1, -1) * rows[1]

    every = left_out(*rows, FEATURES, RECIPE)
    directed = left_out(*rows, FEATURES, replace(RECIPE, directed=["timing"]))

    assert every == [FEATURES[FREE].name]
    timing = [f.name for f in FEATURES if f.family == "timing" and not f.direction]
    assert set(directed) == {*every, *timing}


def test_a_feature_that_is_named_is_left_out_whatever_its_direction() -> None:
    rows = make_rows()
    name = FEATURES[UP].name

    assert left_out(*rows, FEATURES, RECIPE) == []
    assert left_out(*rows, FEATURES, replace(RECIPE, unread=[name])) == [name]


@pytest.mark.parametrize("monotone", [True, False])
@pytest.mark.parametrize(("column", "sign"), [(UP, 1), (HELD, -1)])
def test_a_direction_is_kept_against_the_archive_if_asked(
    column: int, sign: int, monotone: bool
) -> None:
    matrix, labels, _, ids = make_rows()
    # The archive says the opposite of what is expected.
    matrix[:, column] = sign * (np.arange(len(ids)) / len(ids) - labels)
    recipe = replace(RECIPE, monotone=monotone, family_dropout=0.0)
    booster = train_booster(matrix, labels, np.ones(len(ids)), ids, FEATURES, recipe)

    walk = np.repeat(matrix[:1], 50, axis=0)
    walk[:, column] = np.linspace(-1, 1, 50)
    steps = sign * np.diff(np.asarray(booster.predict(walk, raw_score=True)))

    assert (steps >= 0).all() == monotone
