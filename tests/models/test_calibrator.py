import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calibrator import Calibrator, logit, sigmoid

SHARES = st.floats(0.001, 0.999)


@given(SHARES, SHARES)
def test_a_prevalence_moves_every_logit_by_the_difference(p: float, q: float) -> None:
    line = Calibrator(1.2, -0.4, 0.3)

    moved = line.shift(q) - line.shift(p)

    assert moved == pytest.approx(float(logit(q) - logit(p)), abs=1e-12)
    assert line.shift(0.3) == 0


@given(SHARES)
def test_sigmoid_undoes_logit(share: float) -> None:
    assert sigmoid(np.array([logit(share)]))[0] == pytest.approx(share)


def test_sigmoid_does_not_overflow_and_reaches_the_ends() -> None:
    found = sigmoid(np.array([-1e4, -10.0, 0.0, 10.0, 1e4]))

    assert found[0] == 0
    assert found[2] == 0.5
    assert found[4] == 1
    assert found[1] < 0.01 < 0.99 < found[3]


def test_published_prior_shifts() -> None:
    line = Calibrator(1.0, 0.0, 0.5)
    for share, expected in ((0.15, 0.614), (0.05, 0.321), (0.01, 0.083)):
        logits = np.array([logit(0.9)]) + line.shift(share)

        assert sigmoid(logits)[0] == pytest.approx(expected, abs=0.0005)


def test_the_order_of_accounts_never_changes() -> None:
    scores = np.linspace(-5, 5, 101)

    logits = Calibrator(0.001, 3.0, 0.5).logits(scores)

    assert (np.diff(logits) > 0).all()
