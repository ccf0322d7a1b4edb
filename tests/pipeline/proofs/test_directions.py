from typing import Any

import pytest

from pipeline.evaluate import load_campaigns
from pipeline.params import Params
from pipeline.proofs.directions import (
    RULES,
    Choice,
    Judged,
    as_table,
    best_in_sight,
    choose_without,
    judge_rules,
)
from tests.pipeline.conftest import TinyWorld

# On `a` and `b` the first rule is better, on `c` the second by far.
FOUND = {
    "one": Judged(
        {"a": 0.8, "b": 0.8, "c": 0.2},
        {
            "a": {"b": 0.7, "c": 0.1},
            "b": {"a": 0.7, "c": 0.1},
            "c": {"a": 0.7, "b": 0.7},
        },
    ),
    "two": Judged(
        {"a": 0.7, "b": 0.7, "c": 0.9},
        {
            "a": {"b": 0.6, "c": 0.8},
            "b": {"a": 0.6, "c": 0.8},
            "c": {"a": 0.6, "b": 0.6},
        },
    ),
}


def test_the_operator_judged_has_no_say() -> None:
    rule, mean = best_in_sight(FOUND)
    assert rule == "two"
    assert mean == pytest.approx(2.3 / 3)

    chosen = choose_without(FOUND)

    # Only what `c` itself shows speaks against the first rule.
    assert chosen["c"] == Choice("one", 0.7, 0.2)
    assert chosen["a"].rule == "two"
    assert chosen["a"].claimed == pytest.approx(0.7)
    assert {choice.rule for choice in chosen.values()} == {"one", "two"}


def test_the_table_has_both_figures() -> None:
    lines = as_table(FOUND)

    assert (
        "| the rule chosen without it | 0.700 (two) | 0.700 (two) | 0.200 (one) |"
        in (lines[4])
    )
    assert "two, mean AUC 0.7667" in lines[-1]
    assert "0.5333" in lines[-1]
    assert "+0.2333" in lines[-1]


def test_the_rule_in_use_is_among_them(tiny_params: dict[str, Any]) -> None:
    assert sorted(tiny_params["train"]["directed"]) in map(sorted, RULES.values())


@pytest.mark.slow
def test_rules_are_judged_as_the_pipeline_judges(
    tiny_world: TinyWorld, tiny_params: dict[str, Any]
) -> None:
    in_use = tiny_params["train"]["directed"]
    said: list[str] = []

    found = judge_rules(
        tiny_world.folder,
        Params.model_validate(tiny_params),
        said.append,
        {"in use": in_use, "none": []},
    )

    assert len(said) == 2
    assert found["in use"] != found["none"]
    campaigns = load_campaigns(tiny_world.folder / "labelled")
    operators = [campaign.operator for campaign in campaigns]
    told = tiny_world.metrics["loco"]["campaigns"]
    single = {
        c.operator: told[c.name]["auc"]
        for c in campaigns
        if operators.count(c.operator) == 1
    }
    assert single
    for operator, auc in single.items():
        assert found["in use"].unseen[operator] == pytest.approx(auc)
        assert operator not in found["in use"].inner[operator]
