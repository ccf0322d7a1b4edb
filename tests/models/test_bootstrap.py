"""Weighted figures against scikit-learn on the rows that a draw stands for."""

from collections.abc import Iterable

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from models.bootstrap import (
    auc,
    average_precision,
    draw_accounts,
    draw_groups,
    partial_auc,
    passed,
    rank,
    recall,
)
from models.metrics import recall_at_fpr

# Scores with and without ties.
DIGITS = (1, 15)


def scored(n: int, seed: int, digits: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = (generator.random(n) < 0.3).astype(np.int8)
    scores = np.round(generator.normal(size=n) + labels, digits)
    return scores, labels, generator.integers(12, size=n)


@pytest.mark.parametrize("digits", DIGITS)
def test_a_grouped_draw_is_scikit_learn_on_its_rows(digits: int) -> None:
    scores, labels, groups = scored(3_000, 1, digits)
    ranked = rank(scores, labels)

    draws = list(draw_groups(groups, 25, seed=3))

    assert len({tuple(counts) for counts in draws}) == 25
    for counts in draws:
        rows = np.repeat(np.arange(len(scores)), counts)
        found = passed(ranked, counts)
        expected = roc_auc_score(labels[rows], scores[rows])
        assert auc(found) == pytest.approx(expected, abs=1e-12)
        expected = average_precision_score(labels[rows], scores[rows])
        assert average_precision(found) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("digits", DIGITS)
def test_recall_of_a_draw_is_that_of_its_rows(digits: int) -> None:
    scores, labels, _ = scored(1_500, 2, digits)
    ranked = rank(scores, labels)

    for counts in draw_accounts(labels, 20, seed=5):
        rows = np.repeat(np.arange(len(scores)), counts)
        expected = recall_at_fpr(scores[rows], labels[rows], 0.01).value
        assert recall(passed(ranked, counts), 0.01) == expected


@pytest.mark.parametrize("digits", DIGITS)
@pytest.mark.parametrize("fpr", [0.001, 0.01, 0.3, 1.0])
def test_partial_area_of_a_draw_is_that_of_its_rows(digits: int, fpr: float) -> None:
    scores, labels, _ = scored(1_500, 3, digits)
    ranked = rank(scores, labels)

    for counts in draw_accounts(labels, 5, seed=6):
        rows = np.repeat(np.arange(len(scores)), counts)
        across, up, _ = roc_curve(labels[rows], scores[rows], drop_intermediate=False)
        x = np.append(across[across < fpr], fpr)
        y = np.append(up[across < fpr], np.interp(fpr, across, up))
        found = partial_auc(passed(ranked, counts), fpr)
        assert found == pytest.approx(np.trapezoid(y, x) / fpr, abs=1e-12)
        # McClish's scale, as scikit-learn has it: chance is one half.
        scaled = (1 + (found - fpr / 2) / (1 - fpr / 2)) / 2
        expected = roc_auc_score(labels[rows], scores[rows], max_fpr=fpr)
        assert scaled == pytest.approx(expected, abs=1e-12)


def test_everyone_once_is_the_set_itself() -> None:
    scores, labels, _ = scored(400, 4, 15)
    found = passed(rank(scores, labels), np.ones(400, dtype=np.int64))

    assert auc(found) == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)


def test_groups_are_drawn_as_wholes_and_classes_as_many() -> None:
    _, labels, groups = scored(600, 6, 15)

    for counts in draw_groups(groups, 10, seed=1):
        for group in range(12):
            assert len(set(counts[groups == group])) == 1
    for counts in draw_accounts(labels, 10, seed=1):
        for value in (0, 1):
            assert counts[labels == value].sum() == (labels == value).sum()


def test_the_same_seed_draws_the_same() -> None:
    _, labels, groups = scored(200, 7, 15)

    for draw, key in ((draw_groups, groups), (draw_accounts, labels)):
        one, again, other = (list(draw(key, 3, seed)) for seed in (1, 1, 2))
        assert np.array_equal(one, again)
        assert not np.array_equal(one, other)


def test_a_grouped_interval_is_wider_than_a_naive_one() -> None:
    """Accounts of a group that are near-copies say less than as many others."""
    generator = np.random.default_rng(8)
    groups = np.repeat(np.arange(20), 50)
    labels = (groups % 2).astype(np.int8)
    scores = np.repeat(generator.normal(size=20), 50) + labels
    scores += generator.normal(size=1_000) * 0.01
    ranked = rank(scores, labels)

    def spread(draws: Iterable[np.ndarray]) -> float:
        found = [auc(passed(ranked, counts)) for counts in draws]
        low, high = np.quantile(found, [0.025, 0.975])
        return float(high - low)

    grouped = spread(
        counts
        for counts in draw_groups(groups, 400, seed=2)
        if 0 < counts[labels == 1].sum() < counts.sum()
    )
    assert grouped > 3 * spread(draw_accounts(labels, 400, seed=2))
