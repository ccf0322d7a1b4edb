import lightgbm as lgb
import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from features.catalogue import FEATURES
from models.hashing import uniform
from models.training import (
    TreeChoice,
    balanced_weights,
    best_trees,
    drop_families,
    raw_scores,
    train_booster,
)
from tests.models.builders import RECIPE, make_matrix, small_booster

FAMILIES = np.array([f.family for f in FEATURES])


@pytest.mark.parametrize(("power", "ratio"), [(1.0, 1.0), (0.5, 2.0), (0.0, 4.0)])
def test_classes_weigh_alike_and_units_as_asked(power: float, ratio: float) -> None:
    units = np.array(["a"] * 10 + ["b"] * 40)
    labels = np.array([1] * 2 + [0] * 8 + [1] * 30 + [0] * 10, dtype=np.int8)

    weights = balanced_weights(labels, units, power)

    total = {
        (unit, label): weights[(units == unit) & (labels == label)].sum()
        for unit in "ab"
        for label in (0, 1)
    }
    assert total["a", 0] == pytest.approx(total["a", 1])
    assert total["b", 0] == pytest.approx(total["b", 1])
    assert total["b", 0] / total["a", 0] == pytest.approx(ratio)
    assert weights.mean() == pytest.approx(1)


def test_a_unit_of_one_class_keeps_its_rows() -> None:
    labels = np.array([1, 1, 0, 1], dtype=np.int8)

    weights = balanced_weights(labels, np.array(list("aabb")), 1.0)

    assert (weights > 0).all()


def test_families_are_dropped_whole_and_by_chance() -> None:
    ids = [f"x/{number}" for number in range(4_000)]
    matrix = np.ones((len(ids), len(FEATURES)), dtype=np.float32)

    dropped = np.isnan(drop_families(matrix, ids, FEATURES, 0.3))

    assert not np.isnan(matrix).any()
    for family in set(FAMILIES):
        columns = dropped[:, family == FAMILIES]
        assert (columns.all(axis=1) == columns.any(axis=1)).all()
        # Four standard deviations of a share of 0.3.
        assert abs(columns[:, 0].mean() - 0.3) < 4 * np.sqrt(0.21 / len(ids))


def test_dropout_depends_on_the_id_and_not_on_rows_or_labels() -> None:
    ids = [f"x/{number}" for number in range(3_000)]
    matrix = np.ones((len(ids), len(FEATURES)), dtype=np.float32)
    whole = drop_families(matrix, ids, FEATURES, 0.3)

    part = drop_families(matrix[100:200], ids[100:200], FEATURES, 0.3)

    np.testing.assert_array_equal(part, whole[100:200])
    # Labels by another hash of the id: dropped as often in both classes.
    labels = uniform(ids, "labels") < 0.5
    for family in set(FAMILIES):
        gone = np.isnan(whole[:, np.flatnonzero(family == FAMILIES)[0]])
        gap = gone[labels].mean() - gone[~labels].mean()
        assert abs(gap) < 4 * np.sqrt(0.21 * 4 / len(ids))


@pytest.fixture(scope="module")
def rows() -> tuple[np.ndarray, np.ndarray, list[str]]:
    matrix = make_matrix(900, len(FEATURES))
    labels = (np.nan_to_num(matrix[:, 3]) > 0).astype(np.int8)
    return matrix, labels, [f"x/{number}" for number in range(900)]


def test_one_thread_and_two_train_the_same_booster(rows, monkeypatch) -> None:
    matrix, labels, ids = rows
    texts = []
    for threads in (1, 2):
        recipe = RECIPE.__class__(
            **{**RECIPE.__dict__, "booster": {**RECIPE.booster, "num_threads": threads}}
        )
        trained = train_booster(matrix, labels, np.ones(900), ids, FEATURES, recipe)
        texts.append(trained.model_to_string())

    differing = [
        (one, two)
        for one, two in zip(*(text.splitlines() for text in texts), strict=True)
        if one != two
    ]
    # Given as a parameter, the number of threads is all that differs, which is why it
    # comes from the environment and never from the parameters.
    assert differing == [("[num_threads: 1]", "[num_threads: 2]")]


def test_the_text_holds_no_number_of_threads(rows) -> None:
    text = small_booster().model_to_string()

    assert "[num_threads: 0]" in text


def test_the_same_seed_gives_the_same_bytes_and_another_not(rows) -> None:
    matrix, labels, ids = rows
    recipe = RECIPE.__class__(
        **{**RECIPE.__dict__, "booster": {**RECIPE.booster, "feature_fraction": 0.5}}
    )
    other = recipe.__class__(**{**recipe.__dict__, "seed": 2})

    first, again, second = (
        train_booster(matrix, labels, np.ones(900), ids, FEATURES, r).model_to_string()
        for r in (recipe, recipe, other)
    )

    assert first == again
    assert first != second


def test_a_cut_booster_scores_as_the_whole_one_did_at_that_number(rows) -> None:

    matrix, *_ = rows
    booster = small_booster()
    cut = lgb.Booster(model_str=booster.model_to_string(num_iteration=7))

    served = np.asarray(cut.predict(matrix, raw_score=True))

    assert cut.num_trees() == 7
    assert np.array_equal(served, raw_scores(booster, matrix, 7))
    assert not np.array_equal(served, raw_scores(booster, matrix, 20))


@pytest.mark.parametrize("least", [5, 15])
def test_best_trees_is_where_the_order_is_best(rows, least: int) -> None:
    matrix, labels, _ = rows
    booster = small_booster()
    # Labels that the booster knows a little of, so that more trees are not better.
    noisy = np.where(uniform(map(str, range(900)), "noise") < 0.4, 1 - labels, labels)
    weights = np.linspace(0.5, 1.5, len(labels))
    found = {
        trees: average_precision_score(
            noisy, raw_scores(booster, matrix, trees), sample_weight=weights
        )
        for trees in range(least, 21, 5)
    }

    best = best_trees(booster, matrix, noisy, weights, TreeChoice(5, least))

    assert best == max(found, key=lambda trees: found[trees])
