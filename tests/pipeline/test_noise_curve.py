"""Trained again without noise, a fold's model is the stored one."""

from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from models.figure_gates import label_noise_gate
from models.slices import auc_within_folds
from models.training_sets import training_sets
from pipeline.evaluate import EvaluateParams
from pipeline.files import read_json
from pipeline.noise_curve import label_noise, noise_curve, worst_folds
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
        .select("account_id", "fold", "logit", "raw_score")
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


def test_the_block_says_what_a_tenth_costs_and_a_model_that_learns_by_heart_is_refused(
    tiny_world: TinyWorld, unseen: pl.DataFrame
) -> None:
    world, params = (
        tiny_world,
        EvaluateParams.model_validate(tiny_world.params["evaluate"]),
    )
    # The limit that is committed; so small a world is allowed more.
    limits = replace(params.gates.of("demo").limits(), wrong_labels_auc_loss=0.02)
    section = world.params["train"]
    greedy = {"learning_rate": 0.3, "min_data_in_leaf": 1, "lambda_l2": 0.0}
    sound = TrainParams(**section).recipe()
    by_heart = TrainParams(**{**section, **greedy, "rounds": 60}).recipe()
    sets = {one.key: one for one in training_sets(world.table("folds/folds"))}
    data = load_data(world.folder / "features", world.table("labelled/labels"))

    stored, folds = world.metrics["label_noise"], ["jetty", "gavel"]
    counts = {f"loco/{fold}": 60 for fold in folds}
    # Against the same recipe on right labels: the stored scores are of another one.
    _, right, wrong = noise_curve(
        unseen, data, folds, sets, counts, by_heart, [NONE, 0.1]
    )
    lost = right["auc"] - wrong["auc"]
    refused = label_noise_gate(
        {"share": 0.1, "auc_loss": lost, "curve": [right]}, folds, limits
    )
    nothing = label_noise(unseen, data, [], sets, {}, sound)

    clean, *noisy = stored["curve"]
    [tenth] = [row for row in noisy if row["share"] == 0.1]
    assert stored["auc_loss"] == pytest.approx(clean["auc"] - tenth["auc"], abs=1e-6)
    assert clean["auc"] == auc_within_folds(unseen)
    assert label_noise_gate(stored, clean["folds"], limits).status == "passed"
    assert (refused.code, refused.status) == ("auc_lost_to_wrong_labels", "failed")
    assert nothing["auc_loss"] is None
    assert label_noise_gate(nothing, folds, limits).status == "not_applicable"


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
