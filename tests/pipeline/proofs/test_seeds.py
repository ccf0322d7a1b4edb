from pathlib import Path
from typing import Any

import pytest

from models.metrics import FIGURES
from pipeline.params import Params
from pipeline.proofs.seeds import model_seeds, spread, world_seeds
from tests.pipeline.conftest import TinyWorld


@pytest.fixture(scope="module")
def params(tiny_params: dict[str, Any]) -> Params:
    return Params.model_validate(tiny_params)


def test_the_first_seed_gives_the_figures_of_the_pipeline_and_others_differ(
    tiny_world: TinyWorld, params: Params
) -> None:
    said: list[str] = []

    found = model_seeds(tiny_world.folder, params, 2, said.append)

    first, second = found.values()
    assert list(found) == [params.train.seed, params.train.seed + 1]
    assert len(said) == 2
    loco = tiny_world.metrics["loco"]
    assert first.figures == {
        name: (loco[name]["mean"], loco[name]["worst"]) for name in FIGURES
    }
    assert first.figures["auc"] != second.figures["auc"]
    held = tiny_world.metrics["intervals"]["campaigns_held"]
    assert first.bars["campaigns whose intervals hold"] == held
    slopes = tiny_world.metrics["audit"]["calibration"]
    assert first.bars["slope, pooled"] == slopes["pooled_slope"]
    kept = tiny_world.metrics["audit"]["evasion"]["free_share"]
    assert first.bars["recall kept after free changes"] == kept
    # Too few controls to set the line, and not a bar that holds.
    assert first.bars["slices above the limit"] is None


@pytest.mark.slow
def test_another_world_has_other_figures(
    tiny_world: TinyWorld, params: Params, tmp_path: Path
) -> None:
    found = world_seeds(params, 1, lambda line: None)

    assert list(found) == [params.simulate.seed + 1]
    mean, worst = found[params.simulate.seed + 1].figures["auc"]
    assert mean is not None
    assert worst is not None
    assert 0 < worst <= mean <= 1
    assert mean != tiny_world.metrics["loco"]["auc"]["mean"]
    true = found[params.simulate.seed + 1].bars["strongest family is a true one, least"]
    assert true is not None
    assert 0 <= true < 1


def test_a_spread_needs_two_figures_and_all_of_them() -> None:
    assert spread([1.0, 3.0]) == pytest.approx((2.0, 2**0.5, 1.0, 3.0))
    assert spread([1.0]) is None
    assert spread([1.0, 2.0, None]) is None
