from dataclasses import replace

import numpy as np
import pytest

from features.catalogue import FEATURES
from models.sparing import spared
from models.training import balanced_weights, raw_scores, train_booster
from tests.models.builders import RECIPE, make_matrix

N = 900
IDS = [f"a/{number:04}" for number in range(N)]
UNITS = np.array(["one", "two", "three"] * (N // 3))
SPARING = replace(
    RECIPE, spared_controls=0.2, booster={**RECIPE.booster, "num_threads": 1}
)


def planted(seed: int = 0):
    """Matrix, true labels, and labels in which a third of the positives are hidden."""
    matrix = make_matrix(N, len(FEATURES), seed, missing=0.0)
    rng = np.random.default_rng(seed)
    truth = (rng.random(N) < 0.4).astype(np.int8)
    matrix[:, :4] += truth[:, None] * 1.2
    shown = np.where(rng.random(N) < 1 / 3, 0, truth).astype(np.int8)
    return matrix, truth, shown


def test_the_controls_most_like_positives_are_left_out() -> None:
    matrix, truth, shown = planted()

    left_out = spared(matrix, shown, UNITS, IDS, FEATURES, SPARING)

    assert not left_out[shown == 1].any()
    for unit in ("one", "two", "three"):
        controls = (unit == UNITS) & (shown == 0)
        assert left_out[controls].mean() == pytest.approx(0.2, abs=0.03)
    hidden = (truth == 1) & (shown == 0)
    assert left_out[hidden].mean() > 3 * left_out[(truth == 0)].mean()


def test_accounts_like_the_hidden_ones_are_found_more_often_without_them() -> None:
    matrix, _, shown = planted()
    fresh, truth, _ = planted(100)
    recall = {}
    for sparing in (False, True):
        recipe = SPARING if sparing else replace(SPARING, spared_controls=0.0)
        kept = ~spared(matrix, shown, UNITS, IDS, FEATURES, recipe)
        weights = balanced_weights(shown[kept], UNITS[kept], 0.5)
        ids = [IDS[row] for row in np.flatnonzero(kept)]
        booster = train_booster(
            matrix[kept], shown[kept], weights, ids, FEATURES, recipe
        )
        found = raw_scores(booster, fresh, recipe.rounds) > 0
        recall[sparing] = found[truth == 1].mean()

    assert recall[True] > recall[False] + 0.02


def test_it_is_the_same_again_and_off_by_default() -> None:
    matrix, _, shown = planted()

    first = spared(matrix, shown, UNITS, IDS, FEATURES, SPARING)
    again = spared(matrix, shown, UNITS, IDS, FEATURES, SPARING)

    assert np.array_equal(first, again)
    assert not spared(matrix, shown, UNITS, IDS, FEATURES, RECIPE).any()
