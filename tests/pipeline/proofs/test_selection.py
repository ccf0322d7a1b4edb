from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from models.permutation import LOSSES
from pipeline.params import Params
from pipeline.proofs.ranking import NAMES, Ranked
from pipeline.proofs.selection import RULES, Chosen, Rule, judge_rules, mean
from pipeline.stored_world import load_world
from tests.pipeline.conftest import TinyWorld


def ranked(name: str, *lost: float) -> Ranked:
    return Ranked(
        name, {str(n): np.full((2, 3), value) for n, value in enumerate(lost)}
    )


@pytest.mark.parametrize(
    ("rule", "left_out"),
    [
        ("that no operator gains by", ["idle", "bad"]),
        ("without gain on average", ["idle", "bad", "mixed"]),
    ],
)
def test_rules_by_hand(rule: str, left_out: list[str]):
    some = [
        ranked("good", 0.1, 0.2),
        ranked("idle", 0.0, 0.0),
        ranked("bad", -0.1, 0.0),
        ranked("mixed", 0.1, -0.2),
    ]

    assert RULES[rule](some) == left_out


def test_the_first_so_many_stay():
    some = [ranked(str(n), 1.0) for n in range(60)]

    assert RULES["beyond the first 50"](some) == [str(n) for n in range(50, 60)]
    assert len(RULES["beyond the first 25"](some)) == 35


def test_means_over_operators():
    chosen = {
        name: Chosen([], np.array([value, 0.0, np.nan]))
        for name, value in (("a", 0.8), ("b", 0.9))
    }

    assert mean(chosen) == pytest.approx(0.85)
    assert np.isnan(mean(chosen, LOSSES[2]))


def test_rules_of_a_stored_world(tiny_world: TinyWorld, tiny_params: dict[str, Any]):
    world = load_world(tiny_world.folder)
    # Three operators are enough for rankings that differ.
    few = [c for c in world.campaigns if c.operator in world.headline[:3]]
    world = replace(world, campaigns=few)
    recipe = Params.model_validate(tiny_params).train.recipe()
    said: list[str] = []
    rules: dict[str, Rule] = {
        "nothing": lambda ranked: [],
        "the best": lambda ranked: [one.name for one in ranked[:40]],
    }

    whole, judged = judge_rules(world, tiny_world.folder, recipe, 2, said.append, rules)

    assert list(whole) == world.headline
    assert len(said) == len(world.headline) + len(rules)
    for operator in world.headline:
        # Grown anew without leaving anything out, it is the booster that was stored.
        for part in (judged["nothing"].in_sight, judged["nothing"].nested):
            np.testing.assert_array_equal(part[operator].figures, whole[operator])
    worse = judged["the best"]
    assert mean(worse.in_sight) < mean(judged["nothing"].in_sight)
    for chosen in (*worse.in_sight.values(), *worse.nested.values()):
        assert len(chosen.dropped) == 40
        assert set(chosen.dropped) <= set(NAMES)
    # In sight all are ranked by the same operators, nested each by the others.
    assert len({tuple(chosen.dropped) for chosen in worse.in_sight.values()}) == 1
    assert len({tuple(chosen.dropped) for chosen in worse.nested.values()}) > 1
