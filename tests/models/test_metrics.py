import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.calibrator import logit, sigmoid
from models.metrics import (
    BINS,
    FIGURES,
    brier_parts,
    brier_skill,
    expected_calibration_error,
    figures,
    log_loss,
    partial_auc_at_fpr,
    recall_at_fpr,
    reliability,
    threshold_at_fpr,
    to_share,
)


def labels_of(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int8)


def test_area_counts_ordered_pairs() -> None:
    logits = np.array([2.0, 0.0, 1.0, 0.0, -1.0])
    labels = labels_of(1, 1, 0, 0, 0)

    found = figures(logits, labels)

    # Six pairs: 2.0 beats three, 0.0 beats one, ties with one.
    assert found["auc"].value == pytest.approx((3 + 1.5) / 6)
    # Precision 1 at the first positive; 2 of 4 at the tie, for half of the recall.
    assert found["average_precision"].value == pytest.approx(0.5 * 1 + 0.5 * 0.5)
    assert set(found) == set(FIGURES)


def test_partial_area_of_a_worked_example() -> None:
    # 300 controls at 0 ... 299, so that FPR 1 % passes three of them. One positive is
    # above all, one between the first and the second, one among the tenth.
    scores = np.append(np.arange(300.0), [400.0, 298.5, 290.5])
    labels = labels_of(*[0] * 300, 1, 1, 1)

    found = partial_auc_at_fpr(scores, labels, 0.01)

    # Over the first control a third is found, over the second and third two.
    assert found.value == pytest.approx((1 / 3 + 2 / 3 + 2 / 3) / 3)
    few = partial_auc_at_fpr(scores[1:], labels[1:], 0.01)
    assert (few.value, few.reason) == (None, "299 controls, 300 needed")
    same = partial_auc_at_fpr(np.zeros(303), labels, 0.01)
    assert same.value == pytest.approx(0.005)


def test_log_loss_is_that_of_the_labels_even_where_a_probability_is_nought() -> None:
    logits = np.array([np.log(3), -np.log(3), 800.0])

    assert log_loss(logits, labels_of(1, 0, 1)) == pytest.approx(-np.log(0.75) * 2 / 3)
    # Sure and wrong costs what it is sure of, not infinity.
    assert log_loss(logits, labels_of(1, 0, 0)) == pytest.approx(
        (800 - 2 * np.log(0.75)) / 3
    )


def test_a_single_positive_has_figures() -> None:
    found = figures(np.array([1.0, 0.0, -1.0]), labels_of(1, 0, 0))

    assert found["auc"].value == 1
    assert found["recall_at_fpr_0.01"].value is None


def test_error_of_a_worked_example() -> None:
    probabilities = np.array([0.1, 0.2, 0.9])

    error = expected_calibration_error(probabilities, labels_of(0, 1, 1))

    # As few rows as bins: each is its own.
    assert error == pytest.approx((0.1 + 0.8 + 0.1) / 3)


@pytest.mark.parametrize("n", [500, 2_000, 8_000])
def test_error_of_calibrated_scores_is_what_chance_gives(n: int) -> None:
    errors = []
    for seed in range(20):
        generator = np.random.default_rng(seed)
        probabilities = generator.beta(1, 3, n)
        labels = (generator.random(n) < probabilities).astype(np.int8)
        errors.append(expected_calibration_error(probabilities, labels))

    # A bin of n / BINS rows misses by at most sqrt(2 / pi) * 0.5 / sqrt(size) on average.
    bound = np.sqrt(2 / np.pi) * 0.5 / np.sqrt(n / BINS)
    assert np.mean(errors) < bound
    assert min(errors) > 0


def test_error_of_overconfident_scores_is_above_it() -> None:
    generator = np.random.default_rng(1)
    truth = generator.normal(0, 1, 8_000)
    labels = (generator.random(8_000) < sigmoid(truth)).astype(np.int8)

    error = expected_calibration_error(sigmoid(3 * truth), labels)

    assert error > np.sqrt(2 / np.pi) * 0.5 / np.sqrt(8_000 / BINS) * 4


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.4, 0.8]), st.booleans()), min_size=2))
@settings(max_examples=50)
def test_order_of_rows_changes_no_bin(rows: list[tuple[float, bool]]) -> None:
    def bins(pairs: list[tuple[float, bool]]) -> list[tuple[float, float, int]]:
        return reliability(
            np.array([p for p, _ in pairs]),
            np.array([label for _, label in pairs], dtype=np.int8),
        )

    forward, backward = bins(rows), bins(rows[::-1])

    assert np.allclose(forward, backward)
    assert sum(n for *_, n in forward) == len(rows)


def test_equal_scores_at_the_share_are_calibrated() -> None:
    # Positives first, as campaigns are put together: no bin may hold them alone.
    labels = np.repeat([1, 0], [300, 900]).astype(np.int8)

    error = expected_calibration_error(np.full(1_200, 0.25), labels)

    assert error == pytest.approx(0, abs=1e-12)


def test_skill_is_nothing_for_the_share_and_one_for_the_truth() -> None:
    labels = labels_of(1, 0, 0, 0)

    assert brier_skill(np.full(4, 0.25), labels) == pytest.approx(0)
    assert brier_skill(labels.astype(float), labels) == pytest.approx(1)
    assert brier_skill(np.full(4, 0.75), labels) < 0


@pytest.mark.parametrize(
    ("controls", "fpr", "flagged"),
    [(300, 0.01, 3), (399, 0.01, 3), (5_700, 0.01, 57), (60, 0.05, 3)],
)
def test_threshold_flags_the_share_of_controls(
    controls: int, fpr: float, flagged: int
) -> None:
    scores = np.random.default_rng(0).permutation(controls).astype(float)

    threshold = threshold_at_fpr(scores, fpr)

    assert threshold is not None
    assert (scores > threshold).sum() == flagged


def test_tied_controls_are_not_flagged() -> None:
    scores = np.concatenate([np.ones(200), np.zeros(200), [2.0]])
    labels = np.concatenate([np.zeros(400), [1]]).astype(np.int8)

    assert threshold_at_fpr(scores[:400], 0.01) == 1
    assert recall_at_fpr(scores, labels, 0.01).value == 1


def test_too_few_controls_give_a_reason() -> None:
    scores = np.arange(300.0)
    labels = np.concatenate([np.zeros(299), [1]]).astype(np.int8)

    found = recall_at_fpr(scores, labels, 0.01)

    assert found.value is None
    assert found.reason == "299 controls, 300 needed"


def test_rows_of_several_calibrators_move_by_their_own_anchors() -> None:
    anchors = np.array([0.5, 0.5, 0.2, 0.2])
    labels = labels_of(1, 0, 0, 0)

    moved = to_share(np.zeros(4), anchors, labels)

    assert moved[0] == pytest.approx(logit(0.25))
    assert moved[2] == pytest.approx(logit(0.25) - logit(0.2))


def test_prevalence_changes_no_ranking() -> None:
    logits = np.array([0.3, -0.2, 2.0, 1.0])
    labels = labels_of(1, 0, 1, 0)

    moved = to_share(logits, np.full(4, 0.9), labels)

    assert list(np.argsort(moved)) == list(np.argsort(logits))


def test_parts_of_the_brier_score_by_hand() -> None:
    # Two bins of scores alike: .2 of ten with one positive, .6 of ten with six.
    probabilities = np.repeat([0.2, 0.6], 10)
    labels = np.repeat([1, 0, 1, 0], [1, 9, 6, 4]).astype(np.int8)

    found = brier_parts(probabilities, labels)

    assert found.uncertainty == pytest.approx(0.35 * 0.65)
    assert found.miscalibration == pytest.approx(0.5 * 0.1**2)
    assert found.resolution == pytest.approx(0.25**2)
    assert found.brier == pytest.approx(
        found.miscalibration - found.resolution + found.uncertainty
    )


def test_of_true_probabilities_nothing_is_lost_to_calibration() -> None:
    generator = np.random.default_rng(4)
    n = 30_000
    truth = generator.random(n)
    labels = (generator.random(n) < truth).astype(np.int8)

    right, wrong = (brier_parts(p, labels) for p in (truth, truth**3))

    # Of each bin the square of its error is p (1 - p) / size on average.
    expected = 15 * float((truth * (1 - truth)).mean()) / n
    assert right.miscalibration < 3 * expected
    assert wrong.miscalibration > 30 * expected
    assert wrong.resolution == pytest.approx(right.resolution)
