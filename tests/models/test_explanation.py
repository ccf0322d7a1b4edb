"""SHAP values against their definition, worked out from the text of the trees."""

from itertools import combinations
from math import factorial
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.catalogue import FEATURES
from models.bundle import Bundle
from models.calibrator import Calibrator, logit
from models.explanation import Explanation, additivity_error, explain
from models.matrix import Matrix
from tests.models.builders import make_matrix

COLUMNS = 5


@pytest.fixture(scope="module")
def narrow() -> lgb.Booster:
    matrix = make_matrix(500, COLUMNS, 4, 0.2)
    known = np.nan_to_num(matrix)
    labels = known[:, 0] * known[:, 1] + known[:, 2] + np.isnan(matrix[:, 3]) > 0.3
    dataset = lgb.Dataset(
        matrix, labels.astype(np.int8), weight=np.linspace(0.5, 2, 500)
    )
    params = {"objective": "binary", "num_leaves": 8, "verbose": -1}
    return lgb.train(params | {"min_data_in_leaf": 5}, dataset, num_boost_round=12)


def value(node: dict[str, Any], row: Matrix, known: frozenset[int]) -> float:
    """Expected value of a tree if only some columns are known (path-dependent).

    Source: Lundberg et al. 2020, algorithm 1.
    """
    if "leaf_value" in node:
        return float(node["leaf_value"])
    left, right = node["left_child"], node["right_child"]
    column = node["split_feature"]
    if column in known:
        x = row[column]
        goes_left = node["default_left"] if np.isnan(x) else x <= node["threshold"]
        return value(left if goes_left else right, row, known)
    counts = [c.get("internal_count", c.get("leaf_count")) for c in (left, right)]
    total = value(left, row, known) * counts[0] + value(right, row, known) * counts[1]
    return float(total / sum(counts))


def shapley(booster: lgb.Booster, row: Matrix) -> tuple[float, list[float]]:
    """Base and Shapley values by enumeration of all subsets."""
    trees = [info["tree_structure"] for info in booster.dump_model()["tree_info"]]
    worth = {
        frozenset(some): sum(value(tree, row, frozenset(some)) for tree in trees)
        for size in range(COLUMNS + 1)
        for some in combinations(range(COLUMNS), size)
    }
    parts = []
    for column in range(COLUMNS):
        part = 0.0
        for some, before in worth.items():
            if column not in some:
                share = factorial(len(some)) * factorial(COLUMNS - len(some) - 1)
                gained = worth[some | {column}] - before
                part += share / factorial(COLUMNS) * gained
        parts.append(part)
    return worth[frozenset()], parts


def test_contributions_are_shapley_values(narrow: lgb.Booster) -> None:
    matrix = make_matrix(12, COLUMNS, 9, 0.3)
    line = Calibrator(slope=1.7, intercept=-0.3, anchor=0.5)

    found = explain(narrow, line, matrix, np.ones(12), prevalence=0.5)

    for row in range(len(matrix)):
        base, parts = shapley(narrow, matrix[row])
        assert found.base[row] == pytest.approx(1.7 * base - 0.3, abs=1e-9)
        np.testing.assert_allclose(
            found.contributions[row], 1.7 * np.array(parts), atol=1e-9
        )
    assert np.abs(found.contributions).max() > 0.1


@given(
    slope=st.floats(0.01, 20),
    intercept=st.floats(-10, 10),
    anchor=st.floats(0.01, 0.99),
    prevalence=st.floats(1e-4, 1 - 1e-4),
    seed=st.integers(0, 99),
)
@settings(max_examples=40, deadline=None)
def test_parts_add_up(
    small_bundle: Bundle,
    slope: float,
    intercept: float,
    anchor: float,
    prevalence: float,
    seed: int,
) -> None:
    matrix = make_matrix(8, len(FEATURES), seed, 0.5)
    tempers = np.random.default_rng(seed).uniform(0.001, 1, 8)
    line = Calibrator(slope, intercept, anchor)

    found = explain(small_bundle.booster, line, matrix, tempers, prevalence)

    assert additivity_error(found) < 1e-6


@given(st.floats(1e-4, 1 - 1e-4), st.floats(1e-4, 1 - 1e-4))
@settings(max_examples=25, deadline=None)
def test_a_prevalence_is_one_line_of_its_own(
    small_bundle: Bundle, p: float, q: float
) -> None:
    matrix = make_matrix(4, len(FEATURES), 1)

    at_p, at_q = (
        explain(
            small_bundle.booster,
            small_bundle.calibrator,
            matrix,
            np.full(4, 0.7),
            share,
        )
        for share in (p, q)
    )

    np.testing.assert_array_equal(at_p.contributions, at_q.contributions)
    np.testing.assert_array_equal(at_p.base, at_q.base)
    np.testing.assert_allclose(
        at_q.logits - at_p.logits, float(logit(q) - logit(p)), atol=1e-9
    )


def test_parts_that_do_not_add_up_are_found() -> None:
    logits = np.array([0.6, 0.7])
    base = np.full(2, 0.1)
    broken = Explanation(base, 0.2, np.array([[0.3], [0.3]]), logits, logits)

    assert additivity_error(broken) == pytest.approx(0.1)


def test_no_account_has_no_parts(small_bundle: Bundle) -> None:
    matrix = make_matrix(0, len(FEATURES))

    found = explain(
        small_bundle.booster, small_bundle.calibrator, matrix, np.ones(0), 0.5
    )

    assert found.contributions.shape == (0, len(FEATURES))
    assert additivity_error(found) == 0
