import numpy as np
import pytest

from models.calibration import fit_calibrator
from models.calibrator import sigmoid
from models.metrics import BINS, expected_calibration_error


@pytest.mark.parametrize(
    ("slope", "intercept"), [(1.0, 0.0), (0.5, 1.0), (2.0, -1.5), (1.3, 0.4)]
)
def test_a_known_line_is_found(slope: float, intercept: float) -> None:
    generator = np.random.default_rng(3)
    scores = generator.normal(0, 1.5, 20_000)
    truth = slope * scores + intercept
    labels = (generator.random(20_000) < sigmoid(truth)).astype(np.int8)

    line = fit_calibrator(scores, labels, np.ones(20_000), ridge=0.0)

    # Fisher information of the two: four standard errors at this n.
    spread = sigmoid(truth) * (1 - sigmoid(truth))
    design = np.stack([scores, np.ones_like(scores)])
    errors = np.sqrt(np.diag(np.linalg.inv((design * spread) @ design.T)))
    assert abs(line.slope - slope) < 4 * errors[0]
    assert abs(line.intercept - intercept) < 4 * errors[1]
    assert errors.max() < 0.05


def test_the_loss_is_least_there() -> None:
    generator = np.random.default_rng(5)
    scores = generator.normal(size=500)
    labels = (scores + generator.normal(size=500) > 0.5).astype(np.int8)
    weights = generator.random(500) + 0.5
    sign = np.where(labels == 1, 1.0, -1.0)

    line = fit_calibrator(scores, labels, weights, ridge=0.0)

    def loss(slope: float, intercept: float) -> float:
        margins = sign * (slope * scores + intercept)
        return float(np.average(np.logaddexp(0, -margins), weights=weights))

    best = loss(line.slope, line.intercept)
    for step in (0.01, -0.01):
        assert loss(line.slope + step, line.intercept) > best
        assert loss(line.slope, line.intercept + step) > best


def test_the_anchor_is_the_weighted_share() -> None:
    labels = np.array([1, 0, 0, 0], dtype=np.int8)
    scores = np.array([1.0, 0.0, -1.0, 0.5])

    line = fit_calibrator(scores, labels, np.array([3.0, 1, 1, 1]), ridge=0.01)

    assert line.anchor == pytest.approx(0.5)


def test_a_score_against_the_labels_never_turns_the_order_round() -> None:
    scores = np.linspace(-2, 2, 200)
    labels = (scores < 0).astype(np.int8)

    line = fit_calibrator(scores, labels, np.ones(200), ridge=1e-4)

    assert line.slope > 0
    assert sigmoid(line.logits(scores)) == pytest.approx(0.5, abs=0.01)


def test_a_ridge_flattens() -> None:
    scores = np.concatenate([np.full(50, 3.0), np.full(50, -3.0)])
    labels = np.repeat([1, 0], 50).astype(np.int8)

    steep, flat = (
        fit_calibrator(scores, labels, np.ones(100), ridge).slope
        for ridge in (1e-4, 1e-1)
    )

    assert flat < steep < 10


@pytest.mark.parametrize(("n", "seed"), [(2_000, 1), (20_000, 2)])
def test_the_error_of_a_true_calibrator_is_that_of_its_sample(
    n: int, seed: int
) -> None:
    """Known probabilities: what is left of ECE is noise, bounded by bins and n."""
    generator = np.random.default_rng(seed)
    scores = generator.normal(0, 1.5, n)
    probabilities = sigmoid(1.3 * scores - 0.5)
    labels = (generator.random(n) < probabilities).astype(np.int8)

    line = fit_calibrator(scores, labels, np.ones(n), ridge=0.0)

    found = expected_calibration_error(sigmoid(line.logits(scores)), labels)
    # Mean absolute deviation of a bin's share is at most sqrt(1 / (2 pi n_bin)).
    expected = np.sqrt(BINS / (2 * np.pi * n))
    assert found < 1.5 * expected
    wrong = expected_calibration_error(sigmoid(2 * line.logits(scores)), labels)
    assert wrong > 2 * expected


def test_the_last_digits_of_sums_do_not_reach_the_line() -> None:
    """Planted: rows in other orders, whose sums end in other digits."""
    generator = np.random.default_rng(11)
    scores = generator.normal(size=2_000)
    labels = (scores + generator.normal(size=2_000) > 0).astype(np.int8)
    weights = generator.random(2_000)
    orders = [generator.permutation(2_000) for _ in range(20)]

    lines = {fit_calibrator(scores[o], labels[o], weights[o], 1e-3) for o in orders}

    assert len({float((weights * scores)[o].sum()) for o in orders}) > 1
    assert len(lines) == 1
