from dataclasses import replace
from statistics import fmean, pstdev

import numpy as np
import pytest

from models.nested import final_members, score_fold, train_sets
from models.split import make_folds
from models.training_sets import training_sets
from models.tuning import Judgement, balanced_precision, explanation_cost, judge
from tests.models.builders import RECIPE, make_labels
from tests.models.test_nested import TEN, make_data

TINY = replace(
    RECIPE,
    rounds=10,
    booster={**RECIPE.booster, "num_leaves": 4, "max_depth": 3, "num_threads": 1},
)
LABELS = make_labels(("one", "two", "three"), positives=40, controls=60)
FOLDS = make_folds(LABELS, 3, 0.5, 0).table.filter(protocol="loco")
SETS = training_sets(FOLDS)


def test_the_value_is_mean_less_spread() -> None:
    found = Judgement({"one": 0.9, "two": 0.7}, trees=10, cost=1.0)

    assert found.value == pytest.approx(0.7)
    assert Judgement({"one": 0.9}, 10, 1.0).value == 0.9


def test_chance_is_one_half_whatever_the_mix() -> None:
    rng = np.random.default_rng(0)
    labels = (rng.random(20_000) < 0.02).astype(np.int8)

    assert balanced_precision(rng.random(20_000), labels) == pytest.approx(
        0.5, abs=0.03
    )
    assert balanced_precision(labels.astype(float), labels) == 1.0


@pytest.mark.parametrize(
    ("leaves", "depth", "cost"),
    [(15, 5, 10 * 15 * 25), (255, 3, 10 * 8 * 9), (4, 16, 10 * 4 * 9), (2, 1, 20)],
)
def test_leaves_and_depth_limit_each_other(leaves: int, depth: int, cost: int) -> None:
    assert explanation_cost(10, {"num_leaves": leaves, "max_depth": depth}) == cost


def test_operators_are_judged_by_boosters_that_did_not_see_them() -> None:
    data = make_data(LABELS)
    members = final_members(data, FOLDS)
    boosters = {one.key: one.booster for one in train_sets(data, SETS, TINY)}
    rows = score_fold(data, boosters.__getitem__, "loco", None, members, TEN).rows

    found = judge(data, SETS, None, members, TINY, TEN, ["one", "three"])

    expected = {}
    for unit in ("one", "three"):
        some = rows.filter(unit=unit)
        labels = data.labels[data.rows(some["account_id"].to_list())]
        expected[unit] = balanced_precision(some["raw_score"].to_numpy(), labels)
    assert found.by_operator == expected
    assert found.trees == 10
    assert found.value == fmean(expected.values()) - pstdev(expected.values())


def test_the_operator_of_the_fold_is_not_looked_at() -> None:
    members = FOLDS.filter(fold="two")
    units = ["one", "three"]

    honest = judge(make_data(LABELS), SETS, "two", members, TINY, TEN, units)
    flipped = make_data(LABELS, flipped="two")

    assert judge(flipped, SETS, "two", members, TINY, TEN, units) == honest
    other = make_data(LABELS, flipped="one")
    assert judge(other, SETS, "two", members, TINY, TEN, units) != honest
