"""Trained again without noise, a fold's model is the stored one."""

from typing import Any

import polars as pl
import pytest

from models.slices import auc_within_folds
from models.training_sets import training_sets
from pipeline.files import read_json
from pipeline.noise_curve import noise_curve, worst_folds
from pipeline.train import TrainParams, load_data
from tests.pipeline.conftest import TinyWorld

# So small that nobody is drawn.
NONE = 1e-15


@pytest.fixture(scope="module")
def unseen(tiny_world: TinyWorld) -> pl.DataFrame:
    labels = tiny_world.table("labelled/labels").select("account_id", "label")
    return (
        tiny_world.table("calibrated/calibrated")
        .filter(model="telltale", protocol="loco", part="test")
        .select("account_id", "fold", "logit")
        .join(labels, on="account_id")
    )


def curve(
    world: TinyWorld, unseen: pl.DataFrame, folds: list[str], shares: list[float]
) -> list[dict[str, Any]]:
    sets = training_sets(world.table("folds/folds"))
    return noise_curve(
        unseen,
        load_data(world.folder / "features", world.table("labelled/labels")),
        folds,
        {one.key: one for one in sets},
        read_json(world.folder / "trained" / "trees.json"),
        TrainParams(**world.params["train"]).recipe(),
        shares,
    )


def test_no_noise_changes_nothing_and_half_leaves_nothing(
    tiny_world: TinyWorld, unseen: pl.DataFrame
) -> None:
    clean, same, half = curve(tiny_world, unseen, ["jetty"], [NONE, 0.5])

    assert clean["auc"] == auc_within_folds(unseen.filter(fold="jetty"))
    assert same["auc"] == clean["auc"]
    assert half["auc"] < clean["auc"] - 0.05
    assert clean["flawless"] == 1
    assert half["flawless"] == pytest.approx(0.5)


def test_without_a_fold_only_the_ceiling_is_worked_out(
    tiny_world: TinyWorld, unseen: pl.DataFrame
) -> None:
    clean, noisy = curve(tiny_world, unseen, [], [0.1])

    assert clean["auc"] == auc_within_folds(unseen)
    assert noisy["auc"] is None
    assert noisy["measured"] < clean["measured"]


def test_the_worst_campaigns_folds_come_first() -> None:
    def row(auc: float | None, fold: str, counts: bool = True) -> dict[str, Any]:
        return {"auc": auc, "fold": fold, "in_headline": counts}

    campaigns = {
        "a": row(0.9, "one"),
        "b": row(0.6, "two"),
        "c": row(0.7, "two"),
        "d": row(0.1, "three", counts=False),
        "e": row(None, "four"),
    }

    assert worst_folds(campaigns, 9) == ["two", "one"]
    assert worst_folds(campaigns, 1) == ["two"]
    assert worst_folds(campaigns, 0) == []
