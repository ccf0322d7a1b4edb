from typing import Any

import lightgbm as lgb
import pytest

from models.training import raw_scores
from models.tuning import balanced_precision
from pipeline.proofs.nested import Nested, nested_search, optimism
from pipeline.search_params import TuneParams
from pipeline.stored_world import load_world
from pipeline.train import TrainParams
from tests.pipeline.conftest import TinyWorld


@pytest.fixture(scope="module")
def found(
    tiny_world: TinyWorld,
    tiny_params: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> list[Nested]:
    params = TuneParams.model_validate(tiny_params["tune"] | {"trials": 2})
    return nested_search(
        load_world(tiny_world.folder),
        TrainParams(**tiny_params["train"]),
        params,
        tmp_path_factory.mktemp("nested") / "studies.db",
        lambda line: None,
    )


def test_every_operator_is_left_out_once(
    found: list[Nested], tiny_world: TinyWorld
) -> None:
    blocks = tiny_world.table("labelled/labels")["block"].unique()

    assert [nested.operator for nested in found] == sorted(blocks)


def test_the_start_is_worth_what_the_stored_booster_is(
    found: list[Nested], tiny_world: TinyWorld
) -> None:
    """With the trees that the fold's own inner operators chose, as train did."""
    trees = tiny_world.json("trained/trees")
    world = load_world(tiny_world.folder)
    for nested in found:
        key = f"loco-without-{nested.operator}"
        path = tiny_world.folder / "trained" / "boosters" / f"{key}.txt"
        tested = world.members(nested.operator).filter(side="test")
        rows = world.data.rows(tested["account_id"].to_list())
        scores = raw_scores(
            lgb.Booster(model_file=path),
            world.data.matrix(key)[rows],
            trees[f"loco/{nested.operator}"],
        )
        expected = balanced_precision(scores, world.data.labels[rows])
        assert nested.start == expected


def test_optimism_is_what_was_claimed_and_not_had() -> None:
    found = [
        Nested("one", 3, claimed=0.03, start=0.80, chosen=0.81),
        Nested("two", 0, claimed=0.01, start=0.90, chosen=0.88),
    ]

    assert optimism(found) == pytest.approx(0.02 - (-0.005))
