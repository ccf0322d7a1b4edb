import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from models.noise import flipped, measured_auc

IDS = [f"source/{number}" for number in range(20_000)]


def test_more_noise_is_the_same_noise_and_more() -> None:
    labels = np.zeros(len(IDS), dtype=np.int8)

    few, many = (flipped(labels, IDS, share) for share in (0.05, 0.2))

    assert few.mean() == pytest.approx(0.05, abs=0.01)
    assert many.mean() == pytest.approx(0.2, abs=0.01)
    assert (many >= few).all()
    assert not flipped(labels, IDS, 0).any()


def test_the_formula_is_what_is_measured_on_noisy_labels() -> None:
    """Within four standard errors of an AUC of this size."""
    generator = np.random.default_rng(1)
    labels = (generator.random(len(IDS)) < 0.3).astype(np.int8)
    scores = generator.normal(size=len(IDS)) + 1.5 * labels
    clean = roc_auc_score(labels, scores)

    for share in (0.05, 0.2):
        noisy = flipped(labels, IDS, share)
        expected = measured_auc(clean, labels.sum(), (1 - labels).sum(), share)
        assert roc_auc_score(noisy, scores) == pytest.approx(expected, abs=0.015)


def test_without_noise_nothing_is_hidden() -> None:
    assert measured_auc(0.8, 10, 90, 0) == pytest.approx(0.8)
    assert measured_auc(1, 10, 90, 0.5) == pytest.approx(0.5)
