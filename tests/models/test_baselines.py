import numpy as np
import pytest

from features.baselines import SGBOT_17, TEXT_6
from models.baselines import BASELINES, baseline_scores, measurable
from models.calibrator import sigmoid
from tests.models.builders import make_matrix


@pytest.fixture(scope="module")
def sides() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    train = make_matrix(800, 20, 1)
    labels = (np.nan_to_num(train[:, 0]) > 0.7).astype(np.int8)
    return train, labels, make_matrix(300, 20, 2)


@pytest.mark.parametrize("name", sorted(BASELINES))
def test_scores_are_finite_log_odds_at_the_share_trained_on(name: str, sides) -> None:
    train, labels, test = sides

    scores, anchor = baseline_scores(name, train, labels, test, 1)

    assert scores.shape == (300,)
    assert np.isfinite(scores).all()
    assert anchor == labels.mean()
    # Standard error of the mean of 300 probabilities is below .03.
    assert abs(sigmoid(scores).mean() - anchor) < 0.1


@pytest.mark.parametrize("name", sorted(set(BASELINES) - {"majority"}))
def test_a_signal_is_found(name: str, sides) -> None:
    train, labels, test = sides

    scores, _ = baseline_scores(name, train, labels, test, 1)

    high = np.nan_to_num(test[:, 0]) > 0.7
    assert scores[high].mean() > scores[~high].mean() + 1


def test_always_ordinary_ranks_nobody(sides) -> None:
    train, labels, test = sides

    scores, _ = baseline_scores("majority", train, labels, test, 1)

    assert len(set(scores)) == 1


@pytest.mark.parametrize("name", sorted(BASELINES))
def test_unknown_columns_leave_a_baseline_out(name: str) -> None:
    nothing = np.full((5, 3), np.nan, dtype=np.float32)

    assert measurable(name, nothing) is (name == "majority")
    assert measurable(name, np.zeros((5, 3), dtype=np.float32))


def test_sets_have_the_sizes_of_their_names() -> None:
    assert len({f.name for f in SGBOT_17}) == 17
    assert len({f.name for f in TEXT_6}) == 6
