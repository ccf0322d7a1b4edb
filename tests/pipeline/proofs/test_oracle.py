from pathlib import Path
from typing import Any

import pytest

from pipeline.params import Params
from pipeline.proofs.oracle import ask_oracle
from tests.pipeline.conftest import TinyWorld


@pytest.fixture
def world(tiny_world: TinyWorld, tmp_path: Path) -> Path:
    """The tiny world under its name, by which its limits are found."""
    (tmp_path / "demo").symlink_to(tiny_world.folder)
    return tmp_path / "demo"


def with_rate(tiny_params: dict[str, Any], rate: float) -> Params:
    audits = tiny_params["evaluate"]["audits"] | {"panel_rate": rate}
    changed = tiny_params["evaluate"] | {"audits": audits}
    return Params.model_validate(tiny_params | {"evaluate": changed})


def test_whoever_shows_what_it_is_told_of_is_flagged(
    world: Path, tiny_world: TinyWorld, tiny_params: dict[str, Any]
) -> None:
    said: list[str] = []

    found = ask_oracle(
        world, with_rate(tiny_params, 0.05), ["clients", "content"], said.append
    )

    folds = tiny_world.table("folds/folds").filter(protocol="loco")["fold"]
    assert len(said) == folds.n_unique()
    for name, row in found.slices.items():
        assert row.at_rate == float(bool({"clients", "content"} & set(row.drivers))), (
            name
        )
    assert found.slices["good_bot"].drivers == ("clients", "content", "timing")
    assert 0 < found.slices["good_bot"].shared < 1
    # A network that shows neither is not told from ordinary accounts.
    mean, worst = found.figures["auc"]
    assert mean is not None
    assert worst is not None
    assert worst < 0.8 < mean


def test_a_line_that_too_few_controls_set_is_none(
    world: Path, tiny_params: dict[str, Any]
) -> None:
    found = ask_oracle(
        world, with_rate(tiny_params, 0.0005), ["clients"], lambda line: None
    )

    assert {row.at_rate for row in found.slices.values()} == {None}
