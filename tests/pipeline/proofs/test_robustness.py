from dataclasses import replace
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest

from models.nested import Rows, rows_of, train_sets
from models.training import raw_scores
from models.training_sets import set_key
from pipeline.params import Params
from pipeline.proofs.robustness import (
    WAYS,
    Found,
    Way,
    as_table,
    compare_ways,
)
from pipeline.stored_world import load_world
from tests.pipeline.conftest import TinyWorld

FEW = ["as trained", "a booster without each operator"]


@pytest.fixture(scope="module")
def params(tiny_params: dict[str, Any]) -> Params:
    return Params.model_validate(tiny_params)


def made_up(seed: int = 1) -> tuple[lgb.Dataset, Rows, np.ndarray[Any, Any]]:
    """Two operators, of one of which the labels are wrong half of the time."""
    rng = np.random.default_rng(seed)
    n = 400
    labels = rng.integers(0, 2, n).astype(np.int8)
    units = np.where(np.arange(n) < n // 2, "clear", "muddled")
    logits = (labels * 2.0 - 1) * np.where(units == "clear", 3, 0)
    weights = rng.uniform(0.5, 2, n)
    data = lgb.Dataset(np.zeros((n, 1)), label=labels, weight=weights).construct()
    ids = [str(i) for i in range(n)]
    rows = Rows(np.zeros((n, 1), np.float32), labels, units, np.ones(n), ids)
    return data, rows, logits


def test_the_way_in_use_scores_as_the_pipeline_trains(
    tiny_world: TinyWorld, params: Params
) -> None:
    world = load_world(tiny_world.folder)
    recipe = params.train.recipe()
    said: list[str] = []

    found = compare_ways(world, recipe, None, said.append, {n: WAYS[n] for n in FEW})

    assert list(found) == FEW
    assert len(said) == 2
    operator = world.headline[0]
    key = set_key("loco", operator, None)
    [trained] = train_sets(world.data, [s for s in world.sets if s.key == key], recipe)
    members = world.members(operator).filter(side="test")
    rows = world.data.rows(members["account_id"].to_list())
    scores = raw_scores(trained.booster, world.data.matrix(key)[rows], recipe.rounds)
    labels = world.data.labels[rows]
    above = scores[labels == 1][:, None] - scores[labels == 0][None, :]
    auc = float(((above > 0) + 0.5 * (above == 0)).mean())
    assert found["as trained"].auc[operator] == pytest.approx(auc, abs=1e-12)
    assert found[FEW[1]].auc[operator] != found["as trained"].auc[operator]


def test_another_world_is_mixed_in_or_its_way_left_out(
    tiny_world: TinyWorld, params: Params
) -> None:
    world = load_world(tiny_world.folder)
    ways = {name: WAYS[name] for name in ("as trained", "mixed with another world")}
    seen: list[int] = []

    def counted(rows: Rows) -> str:
        seen.append(len(rows.ids))
        return "binary"

    ways["mixed with another world"] = Way({}, counted, mixed=True)
    recipe = params.train.model_copy(update={"rounds": 10}).recipe()

    mixed = compare_ways(world, recipe, world, lambda line: None, ways)

    [everyone] = [each for each in world.sets if each.key == "all"]
    key = set_key("loco", world.headline[0], None)
    [own] = [each for each in world.sets if each.key == key]
    assert seen[0] == len(everyone.account_ids) + len(own.account_ids)
    assert len(rows_of(world.data, own).ids) == len(own.account_ids)
    alone = compare_ways(world, recipe, None, lambda line: None, ways)
    assert list(mixed) == list(ways)
    assert list(alone) == ["as trained"]


@pytest.mark.parametrize(
    ("way", "loss"),
    [
        ("flat loss", lambda p: (1 - np.sqrt(p)) / 0.5),
        ("labels believed to 95 %", lambda p: -0.95 * np.log(p) - 0.05 * np.log(1 - p)),
    ],
)
def test_gradients_are_those_of_the_loss(way: str, loss: Any) -> None:
    data, rows, logits = made_up()
    objective = WAYS[way].loss(rows)
    assert callable(objective)
    labels, weights = np.array(data.get_label()), np.array(data.get_weight())

    def total(at: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        p = 1 / (1 + np.exp(-at))
        return np.asarray(weights * loss(np.where(labels == 1, p, 1 - p)))

    gradient, curvature = objective(logits, data)

    step = 1e-5
    numeric = (total(logits + step) - total(logits - step)) / (2 * step)
    np.testing.assert_allclose(gradient, numeric, rtol=1e-5, atol=1e-7)
    assert (curvature > 0).all()


def test_positives_are_believed_where_controls_are_unlabelled() -> None:
    data, rows, logits = made_up()
    objective = WAYS["5 % of each control counts as positive"].loss(rows)
    assert callable(objective)

    gradient, _ = objective(np.zeros_like(logits), data)

    labels, weights = np.array(data.get_label()), np.array(data.get_weight())
    np.testing.assert_allclose(gradient[labels == 1], -0.5 * weights[labels == 1])
    np.testing.assert_allclose(gradient[labels == 0], 0.45 * weights[labels == 0])


def test_unlabelled_controls_lose_what_their_positives_have() -> None:
    data, rows, logits = made_up()
    objective = WAYS["controls unlabelled, 5 % of them positive"].loss(rows)
    assert callable(objective)
    labels = np.array(data.get_label())
    weights = np.array(data.get_weight(), np.float64)
    positive, control = weights * (labels == 1), weights * (labels == 0)

    def risk_of_controls(at: np.ndarray[Any, Any]) -> float:
        as_control = np.logaddexp(0, at)
        mean = [float(each @ as_control / each.sum()) for each in (control, positive)]
        return (mean[0] - 0.05 * mean[1]) / 0.95

    def total(at: np.ndarray[Any, Any]) -> float:
        return float(positive @ np.logaddexp(0, -at)) + control.sum() * max(
            0.0, risk_of_controls(at)
        )

    gradient, curvature = objective(logits, data)

    steps = np.eye(len(logits))[::37] * 1e-4
    numeric = [(total(logits + s) - total(logits - s)) / 2e-4 for s in steps]
    np.testing.assert_allclose(gradient[::37], numeric, rtol=1e-4, atol=1e-6)
    assert (curvature > 0).all()
    # Controls told so well that less than nothing is left of their loss: it is raised.
    sure = np.where(labels == 1, 4.0, -9.0)
    assert risk_of_controls(sure) < 0
    raised, _ = objective(sure, data)
    assert (raised[labels == 0] < 0).all()
    assert (raised[labels == 1] > 0).all()


def test_labels_weigh_alike_only_where_that_is_asked_for(
    tiny_world: TinyWorld, params: Params
) -> None:
    world = load_world(tiny_world.folder)
    less = np.where(world.data.blocks == "bureau", 0.2, world.data.strengths)
    doubted = replace(world, data=replace(world.data, strengths=less))
    ways = {name: WAYS[name] for name in ("as trained", "every label weighs alike")}
    recipe = params.train.model_copy(update={"rounds": 10}).recipe()

    found = [
        compare_ways(one, recipe, None, lambda line: None, ways)
        for one in (world, doubted)
    ]

    trained, alike = ([each[name].auc for each in found] for name in ways)
    assert trained[0] != trained[1]
    assert alike[0] == alike[1] == trained[0]


def test_weight_moves_to_the_operator_with_the_highest_loss() -> None:
    data, rows, logits = made_up()
    objective = WAYS["weight moves to the worst operator"].loss(rows)
    assert callable(objective)
    muddled = rows.units == "muddled"

    pulls = []
    for _ in range(40):
        _, curvature = objective(logits, data)
        pulls.append(curvature[muddled].sum() / curvature.sum())

    assert pulls[-1] > pulls[0]
    assert (np.diff(pulls) > 0).all()
    # Where the losses are equal, weight stays.
    fresh = WAYS["weight moves to the worst operator"].loss(rows)
    assert callable(fresh)
    _, first = fresh(np.zeros_like(logits), data)
    np.testing.assert_allclose(first, np.array(data.get_weight()) * 0.25)


def test_what_is_not_known_is_a_dash() -> None:
    lines = as_table({"one": Found({"a": 0.5, "b": 0.7}, {"a": None, "b": None})})

    assert lines[-1] == "| one | 0.500 | 0.700 | 0.600 | 0.500 | - |"
