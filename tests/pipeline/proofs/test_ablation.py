from typing import Any

import pytest

from models.metrics import FIGURES
from pipeline.params import Params
from pipeline.proofs.ablation import WITH_ALL, ablate
from tests.pipeline.conftest import TinyWorld


@pytest.mark.slow
def test_all_families_give_the_figures_of_the_pipeline_and_fewer_give_others(
    tiny_world: TinyWorld, tiny_params: dict[str, Any]
) -> None:
    said: list[str] = []

    found = ablate(
        tiny_world.folder,
        Params.model_validate(tiny_params),
        said.append,
        ["life cycle"],
    )

    assert list(found) == [WITH_ALL, "without life cycle", "life cycle alone"]
    assert len(said) == 3
    loco = tiny_world.metrics["loco"]
    assert found[WITH_ALL] == {
        name: (loco[name]["mean"], loco[name]["worst"]) for name in FIGURES
    }
    fewer = {name: figures for name, figures in found.items() if name != WITH_ALL}
    assert all(figures != found[WITH_ALL] for figures in fewer.values())
