"""Scores of a fold come from boosters that saw none of it."""

from dataclasses import replace

import lightgbm as lgb
import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from features.catalogue import FEATURES
from models.nested import PREDICTIONS, Data, score_fold, train_sets
from models.split import make_folds
from models.training import Recipe, TreeChoice, raw_scores
from models.training_sets import training_sets
from tests.models.builders import RECIPE, make_labels, make_matrix

# Tiny boosters: two threads would mostly wait for each other.
TINY = replace(RECIPE, rounds=10, booster={**RECIPE.booster, "num_threads": 1})
TEN = TreeChoice(step=10, least=10)
LABELS = make_labels(("one", "two", "three"), positives=40, controls=60)


def make_data(
    labels: pl.DataFrame,
    flipped: str | None = None,
    strengths: np.ndarray | None = None,
) -> Data:
    matrix = make_matrix(labels.height, len(FEATURES), 1)
    truth = labels["label"].to_numpy().copy()
    matrix[:, 5] += truth
    if flipped:
        hit = labels["block"].to_numpy() == flipped
        truth[hit] = 1 - truth[hit]
    values = pl.DataFrame(matrix, schema=[f.name for f in FEATURES]).with_columns(
        pl.col(f.name).fill_nan(None).cast(f.dtype)
        if f.dtype == pl.Float32()
        else (pl.col(f.name) > 0).alias(f.name)
        for f in FEATURES
    )
    table = labels.select("account_id").hstack(values)
    return Data(
        labels["account_id"].to_list(),
        truth,
        labels["block"].to_numpy().astype(str),
        np.ones(labels.height) if strengths is None else strengths,
        lambda key: table,
    )


@pytest.fixture(scope="module")
def folds() -> pl.DataFrame:
    return make_folds(LABELS, 3, 0.5, 0).table.filter(protocol="loco")


def boosters_of(
    data: Data, folds: pl.DataFrame, recipe: Recipe = TINY
) -> dict[str, lgb.Booster]:
    trained = train_sets(data, training_sets(folds), recipe)
    return {one.key: one.booster for one in trained}


def run(data: Data, folds: pl.DataFrame, fold: str) -> pl.DataFrame:
    boosters = boosters_of(data, folds)
    members = folds.filter(fold=fold)
    return score_fold(data, boosters.__getitem__, "loco", fold, members, TEN).rows


def test_labels_of_the_fold_change_nothing_in_its_scores(folds) -> None:
    honest = run(make_data(LABELS), folds, "two")

    flipped = run(make_data(LABELS, flipped="two"), folds, "two")

    assert flipped.equals(honest)
    assert set(honest["part"]) == {"test", "inner"}


def test_labels_of_a_unit_change_all_scores_but_its_own_order(folds) -> None:
    honest = run(make_data(LABELS), folds, "two")

    flipped = run(make_data(LABELS, flipped="one"), folds, "two")

    assert not flipped.filter(part="test").equals(honest.filter(part="test"))


def test_scores_are_those_of_the_booster_without_fold_and_unit(folds) -> None:
    data = make_data(LABELS)
    boosters = boosters_of(data, folds)
    members = folds.filter(fold="two")
    scored = score_fold(data, boosters.__getitem__, "loco", "two", members, TEN)

    for part, unit, key in (
        ("inner", "three", "loco-without-three+two"),
        ("inner", "one", "loco-without-one+two"),
        ("test", None, "loco-without-two"),
    ):
        rows = scored.rows.filter(pl.col("unit").eq_missing(unit), part=part)
        place = data.rows(rows["account_id"].to_list())
        expected = raw_scores(boosters[key], data.matrix(key)[place], scored.trees)
        assert np.array_equal(rows["raw_score"].to_numpy(), expected)
        assert rows.height == 100


def test_every_training_row_has_one_inner_score_and_every_test_row_one(folds) -> None:
    rows = run(make_data(LABELS), folds, "two")

    assert rows.schema == PREDICTIONS
    assert sorted(rows["account_id"]) == sorted(LABELS["account_id"])
    test = rows.filter(part="test")["account_id"]
    assert set(test) == set(LABELS.filter(block="two")["account_id"])


def test_the_final_model_has_inner_scores_only(folds) -> None:
    data = make_data(LABELS)
    members = LABELS.select(
        "account_id", pl.lit("train").alias("side"), pl.col("block").alias("unit")
    )

    scored = score_fold(
        data, boosters_of(data, folds).__getitem__, "loco", None, members, TEN
    )

    assert set(scored.rows["part"]) == {"inner"}
    assert set(scored.rows["fold"]) == {"all"}
    assert scored.rows.height == LABELS.height


def test_rows_are_joined_by_id_and_not_by_place(folds) -> None:
    shuffled = folds.sample(fraction=1, shuffle=True, seed=2)

    order = ["part", "unit", "account_id"]
    first = run(make_data(LABELS), folds, "one").sort(order)
    second = run(make_data(LABELS), shuffled, "one").sort(order)

    assert first.equals(second)


def test_spared_controls_are_not_trained_on(folds) -> None:
    data = make_data(LABELS)

    plain = boosters_of(data, folds)
    sparing = boosters_of(data, folds, replace(TINY, spared_controls=0.3))

    assert set(sparing) == set(plain)
    for key, booster in sparing.items():
        assert booster.model_to_string() != plain[key].model_to_string()


def test_labels_weigh_as_far_as_they_are_believed(folds) -> None:
    wrong = LABELS["block"].to_numpy() == "two"
    truth = LABELS["label"].to_numpy()

    def found(strengths: np.ndarray | None) -> tuple[float, list[float]]:
        data = make_data(LABELS, flipped="two", strengths=strengths)
        scored = run(data, folds, "one").filter(part="test")
        known = truth[data.rows(scored["account_id"].to_list())]
        return roc_auc_score(known, scored["raw_score"]), scored["raw_score"].to_list()

    believed, scores = found(None)
    doubted, _ = found(np.where(wrong, 0.05, 1.0))
    _, half = found(np.full(LABELS.height, 0.5))

    assert doubted > believed + 0.1
    assert half == scores
