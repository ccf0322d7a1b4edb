import numpy as np
import pytest

from models.calibrator import sigmoid
from models.coverage import selection, served_recall
from models.metrics import BINS, recall_at_fpr
from models.recalibration import recalibration


def drawn(
    seed: int, n: int, slope: float = 1.0, shift: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log-odds that hold at 0.5, and labels by slope and shift of them.

    Scores of the classes are normal around 2 and -2 with a variance of 4, so that the
    true log-odds are the score, whatever the share of the classes.
    """
    generator = np.random.default_rng(seed)
    labels = (generator.random(n) < 0.3).astype(np.int8)
    truth = generator.normal(4.0 * labels - 2, 2)
    return (truth - shift) / slope, np.full(n, 0.5), labels


@pytest.mark.parametrize(("slope", "shift"), [(1.0, 0.0), (0.6, 0.0), (1.5, -0.8)])
def test_known_slope_and_intercept_are_found(slope: float, shift: float) -> None:
    n = 20_000
    logits, anchors, labels = drawn(1, n, slope, shift)

    found = recalibration(logits, anchors, labels, 30)

    # The fitted line is on log-odds moved to the set's own share.
    share = labels.mean()
    moved = np.log(share / (1 - share))
    intercept = shift + moved * (1 - slope)
    shifted = logits + moved
    spread = sigmoid(slope * shifted + intercept)
    spread = spread * (1 - spread)
    design = np.stack([shifted, np.ones(n)])
    errors = np.sqrt(np.diag(np.linalg.inv((design * spread) @ design.T)))
    assert found.slope is not None
    assert found.intercept is not None
    assert abs(found.slope - slope) < 4 * errors[0]
    assert abs(found.intercept - intercept) < 4 * errors[1]
    assert (found.n, found.n_pos) == (n, labels.sum())
    assert found.size == pytest.approx(np.abs(logits).mean())


@pytest.mark.parametrize("n", [2_000, 20_000])
def test_the_error_of_true_log_odds_is_that_of_their_sample(n: int) -> None:
    expected = np.sqrt(BINS / (2 * np.pi * n))

    right = recalibration(*drawn(2, n), least=30)
    wrong = recalibration(*drawn(2, n, 0.4, 1.0), least=30)

    assert right.ece is not None
    assert wrong.ece is not None
    assert right.ece < 1.5 * expected
    assert wrong.ece > 2 * expected


@pytest.mark.parametrize(("positives", "known"), [(29, False), (30, True)])
def test_small_sets_say_nothing(positives: int, known: bool) -> None:
    labels = np.repeat([1, 0], [positives, 200]).astype(np.int8)
    logits = np.random.default_rng(1).normal(size=len(labels))

    found = recalibration(logits, np.full(len(labels), 0.5), labels, 30)

    assert (found.slope is not None) == known
    assert found.reason == (None if known else "29 accounts of a class, 30 needed")


def test_abstaining_where_it_is_wrong_leaves_what_is_right() -> None:
    logits = np.array([3.0, -3.0, 3.0, -3.0])
    labels = np.array([1, 0, 0, 1], dtype=np.int8)

    found = selection(logits, labels, np.array([True, True, False, False]))

    assert (found.share, found.share_of_positives) == (0.5, 0.5)
    assert (found.accuracy, found.kept_accuracy) == (0.5, 1.0)
    assert found.kept_brier is not None
    assert found.kept_brier < 0.01 < found.brier
    none = selection(logits, labels, np.zeros(4, dtype=bool))
    assert (none.share, none.kept_accuracy, none.kept_brier) == (1.0, None, None)


def test_who_gets_no_score_is_not_found() -> None:
    generator = np.random.default_rng(9)
    labels = np.repeat([1, 0], [200, 400]).astype(np.int8)
    logits = generator.normal(3.0 * labels)
    everybody = np.ones(600, dtype=bool)
    few = np.arange(600) >= 50

    found = served_recall(logits, labels, few).value

    cut = np.sort(logits[labels == 0])[-5]
    assert found == (logits[50:200] > cut).sum() / 200
    # The twin: with a score for everybody it is the recall over all.
    whole = recall_at_fpr(logits, labels, 0.01).value
    assert whole is not None
    assert found is not None
    assert served_recall(logits, labels, everybody).value == whole > found
    scarce = served_recall(logits[:250], labels[:250], everybody[:250])
    assert (scarce.value, scarce.reason) == (None, "50 controls, 300 needed")
