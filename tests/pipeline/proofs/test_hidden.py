from typing import Any

import numpy as np
import polars as pl
import pytest

from pipeline.params import Params
from pipeline.proofs.hidden import (
    OPERATOR,
    ROLE,
    find_at_random,
    find_one_role,
    hide_at_random,
    hide_role,
)
from tests.pipeline.conftest import TinyWorld


@pytest.fixture
def given(tiny_world: TinyWorld) -> pl.DataFrame:
    return tiny_world.table("canonical/labels")


@pytest.fixture
def truth(tiny_world: TinyWorld) -> pl.DataFrame:
    return tiny_world.table("truth")


def test_positives_of_every_operator_become_a_share_of_its_controls(
    given: pl.DataFrame, truth: pl.DataFrame, tiny_world: TinyWorld
) -> None:
    planted = hide_at_random(
        given, truth, np.random.default_rng(1), tiny_world.sources, 0.1
    )

    assert planted.columns == given.columns
    assert sorted(planted["account_id"]) == sorted(given["account_id"])
    positives = truth.filter(label=1)["account_id"].implode()
    for operator in ("harbour", "atelier", "carousel", "bureau"):
        rows = planted.filter(source=f"ordinary_{operator}", label=0)
        hidden = rows.filter(pl.col("account_id").is_in(positives))
        assert hidden.height / rows.height == pytest.approx(0.1, abs=0.01)
        assert all(name.startswith(operator) for name in hidden["account_id"])
    other = hide_at_random(
        given, truth, np.random.default_rng(2), tiny_world.sources, 0.1
    )
    assert not other.equals(planted)


def test_of_a_role_some_are_hidden_and_the_others_not_seen(
    given: pl.DataFrame, truth: pl.DataFrame, tiny_world: TinyWorld
) -> None:
    role = truth.filter(source=OPERATOR, role=ROLE)["account_id"].implode()

    planted = hide_role(given, truth, np.random.default_rng(1), tiny_world.sources, 0.1)

    left = planted.filter(pl.col("account_id").is_in(role))
    controls = planted.filter(source=f"ordinary_{OPERATOR}")
    assert set(left["label"]) == {0}
    assert set(left["source"]) == {f"ordinary_{OPERATOR}"}
    assert left.height / controls.height == pytest.approx(0.1, abs=0.01)
    cores = truth.filter(source=OPERATOR, role="core").height
    assert planted.filter(source=OPERATOR, label=1).height == cores


@pytest.mark.slow
def test_planted_accounts_are_found_in_a_small_world(
    tiny_params: dict[str, Any],
) -> None:
    """A world of 700 accounts: more are found than without, within wide intervals."""
    params = Params.model_validate(tiny_params)

    none = find_at_random(params, 5, 0.0)
    many = find_at_random(params, 5, 0.2)

    assert none.truth == 0.0
    assert many.truth == pytest.approx(0.19, abs=0.03)
    assert none.share is not None
    assert many.share is not None
    assert many.share > none.share + 0.05
    # One interval of ten may miss the truth, but not by far.
    assert many.high > many.truth - 0.03


@pytest.mark.slow
def test_bounds_of_a_small_world_are_bounds(tiny_params: dict[str, Any]) -> None:
    found = find_one_role(Params.model_validate(tiny_params), 5, 0.1)

    assert found.share is None
    assert found.truth == pytest.approx(0.09, abs=0.03)
    assert found.low <= found.truth <= found.high
