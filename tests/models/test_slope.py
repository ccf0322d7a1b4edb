import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from models.calibrator import sigmoid
from models.slope import calibration_line


def drawn(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    logits = generator.normal(-1, 2, size=n)
    labels = (generator.random(n) < sigmoid(logits)).astype(np.int8)
    return logits, labels


def test_the_line_is_that_of_scikit_learn() -> None:
    logits, labels = drawn(2_000, 1)
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1_000)
    model.fit(logits[:, None], labels)

    line = calibration_line(logits, labels)

    assert line == pytest.approx((model.coef_[0, 0], model.intercept_[0]), abs=1e-5)


def test_counts_are_repeated_rows() -> None:
    logits, labels = drawn(400, 2)
    counts = np.random.default_rng(3).integers(3, size=400)
    rows = np.repeat(np.arange(400), counts)

    assert calibration_line(logits, labels, counts) == pytest.approx(
        calibration_line(logits[rows], labels[rows]), abs=1e-9
    )


def test_calibrated_scores_have_a_slope_of_one() -> None:
    """Within four standard errors, which for this n are below .1."""
    line = calibration_line(*drawn(20_000, 4))

    assert line == pytest.approx((1, 0), abs=0.1)


@pytest.mark.parametrize("stretch", [0.5, 3.0])
def test_stretched_logits_are_found_out(stretch: float) -> None:
    logits, labels = drawn(20_000, 5)

    line = calibration_line(logits * stretch, labels)

    assert line is not None
    assert line[0] == pytest.approx(1 / stretch, rel=0.1)


@pytest.mark.parametrize("logits", [[-2.0, -1.0, 1.0, 2.0], [0.5, 0.5, 0.5, 0.5]])
def test_without_overlap_or_spread_there_is_no_line(logits: list[float]) -> None:
    labels = np.array([0, 0, 1, 1], dtype=np.int8)

    assert calibration_line(np.array(logits), labels) is None
