import numpy as np
import pytest

from features.baselines import SGBOT_17, TEXT_6
from models.baselines import (
    BASELINES,
    RATE,
    baseline_scores,
    last_release,
    measurable,
)
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
def test_columns_that_no_side_shares_leave_a_baseline_out(name: str) -> None:
    known = np.zeros((5, 2), dtype=np.float32)
    first, second = known.copy(), known.copy()
    first[:, 1], second[:, 0] = np.nan, np.nan

    assert measurable(name, first, known)
    assert measurable(name, known, second)
    assert measurable(name, first, second) is (name == "majority")


def days(*named: str) -> np.ndarray:
    return np.array(named, dtype="datetime64[ms]")


def test_the_last_release_is_what_was_disclosed_last_and_its_controls() -> None:
    labels = np.array([1, 1, 1, 1, 0, 0, 0], dtype=np.int8)
    blocks = np.array(["a", "b", "b", "c", "a", "b", "c"])
    disclosed = days(
        "2019-01-01", "2020-02-02", "2018-01-01", "2020-02-02", *["NaT"] * 3
    )

    rows = last_release(disclosed, labels, blocks)

    # Of b an older release is not of the last, and two operators share a day.
    assert rows is not None
    assert rows.tolist() == [False, True, False, True, False, True, True]


@pytest.mark.parametrize(
    ("disclosed", "blocks"),
    [
        (days("NaT", "NaT", "NaT"), np.array(["a", "a", "a"])),
        # Only a control has a date; the last takedown has no controls.
        (days("NaT", "NaT", "2020-01-01"), np.array(["a", "a", "a"])),
        (days("2019-01-01", "2020-01-01", "NaT"), np.array(["a", "b", "a"])),
    ],
)
def test_without_a_dated_release_there_is_none(disclosed, blocks) -> None:
    assert last_release(disclosed, np.array([1, 1, 0], dtype=np.int8), blocks) is None


def test_the_rate_is_of_posts_and_days_alone() -> None:
    assert [f.label for f in RATE] == [
        "Posts a day of age",
        "Posts on a day with posts",
    ]


def test_sets_have_the_sizes_of_their_names() -> None:
    assert len({f.name for f in SGBOT_17}) == 17
    assert len({f.name for f in TEXT_6}) == 6
