import numpy as np
import pytest

from models.matrix import Matrix
from models.permutation import LOSSES, deal, losses, told
from models.training import Floats

IDS = [f"a/{n}" for n in range(700)]
LABELS = np.array([n % 2 for n in range(700)], dtype=np.int8)


def columns() -> Matrix:
    """The label, a copy of it, its reverse, and nothing."""
    known = LABELS.astype(np.float32)
    return np.stack([known, known, 1 - known, np.zeros_like(known)], axis=1)


def by(*weights: float):
    def score(matrix: Matrix) -> Floats:
        return np.asarray(matrix @ np.array(weights), dtype=np.float64)

    return score


EACH = {str(column): [column] for column in range(4)}


def test_a_column_that_is_read_is_lost_and_one_that_is_not_is_nothing():
    found = losses(by(1, 0, 0, 0), columns(), LABELS, EACH, deal(IDS, "p", 3))

    # The order is left to chance, which is 0.5.
    assert found["0"].shape == (3, len(LOSSES))
    assert found["0"][:, 1] == pytest.approx([0.5] * 3, abs=0.1)
    assert found["0"][:, 0] == pytest.approx([0.5] * 3, abs=0.1)
    for name in "123":
        assert not found[name].any()


def test_a_column_that_misleads_is_no_loss():
    # The reverse holds the score down to chance; dealt out anew, the label shows.
    found = losses(by(1, 0, 1, 0), columns(), LABELS, EACH, deal(IDS, "p", 3))

    assert (found["2"][:, 1] < -0.1).all()


def test_columns_that_say_the_same_stand_in_for_one_another():
    both = {"one": [0], "both": [0, 1]}

    found = losses(by(1, 1, 0, 0), columns(), LABELS, both, deal(IDS, "p", 3))

    assert (found["one"][:, 1] < found["both"][:, 1] - 0.2).all()


def test_columns_of_a_group_are_dealt_out_together():
    # What is read is whether the two are the same, and they remain so.
    def same(matrix: Matrix) -> Floats:
        return np.asarray(matrix[:, 0] == matrix[:, 1], dtype=np.float64)

    groups = {"one": [0], "both": [0, 1]}

    found = losses(same, columns(), LABELS, groups, deal(IDS, "p", 3))

    assert not found["both"].any()
    assert deal(IDS, "p", 2)[0].tolist() != deal(IDS, "p", 2)[1].tolist()


def test_missing_values_are_dealt_out_with_the_others():
    matrix = columns()
    matrix[LABELS == 1, 3] = np.nan

    def missing(asked: Matrix) -> Floats:
        return np.isnan(asked[:, 3]).astype(np.float64)

    found = losses(missing, matrix, LABELS, EACH, deal(IDS, "p", 3))

    assert (found["3"][:, 1] > 0.3).all()


def test_orders_depend_on_ids_and_purpose_alone():
    first, again, other = (deal(IDS, purpose, 1)[0] for purpose in ("p", "p", "q"))

    assert first.tolist() == again.tolist() != other.tolist()
    turned = deal(IDS[::-1], "p", 1)[0]
    assert [IDS[place] for place in first] == [IDS[::-1][place] for place in turned]


def test_figures_by_hand():
    labels = np.array([1, 0, 1, 0], dtype=np.int8)

    found = told(np.array([4.0, 3.0, 2.0, 1.0]), labels)

    # Of four pairs three stand in order; precision is 1 and 2/3 at the two positives.
    assert found[:2] == pytest.approx([(1 + 2 / 3) / 2, 3 / 4])
    # One percent of two controls is none to be told.
    assert np.isnan(found[2])
