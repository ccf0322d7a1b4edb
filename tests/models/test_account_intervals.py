"""Every draw is what the figures themselves say of the drawn rows."""

import numpy as np
import pytest

from models.account_intervals import campaign_figures, campaign_intervals
from models.bootstrap import draw_accounts
from models.calibrator import sigmoid


def drawn(n: int, seed: int, digits: int = 15) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    logits = np.round(generator.normal(-1, 2, size=n), digits)
    return logits, (generator.random(n) < sigmoid(logits)).astype(np.int8)


@pytest.mark.parametrize("digits", [1, 15])
def test_intervals_are_those_of_a_plain_loop(digits: int) -> None:
    logits, labels = drawn(900, 1, digits)
    looped: dict[str, list[float]] = {}
    for counts in draw_accounts(labels, 60, seed=7):
        rows = np.repeat(np.arange(900), counts)
        for name, figure in campaign_figures(logits[rows], labels[rows]).items():
            assert figure.value is not None
            looped.setdefault(name, []).append(figure.value)

    found = campaign_intervals(logits, labels, 60, 0.9, seed=7)

    assert set(found) == set(looped)
    for name, values in looped.items():
        low, high = np.quantile(values, [0.05, 0.95])
        if name == "ece":
            value = campaign_figures(logits, labels)[name].value
            assert value is not None
            low, high = max(0, 2 * value - high), max(0, 2 * value - low)
        assert found[name] == pytest.approx((low, high), abs=1e-8), name


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    """90 % intervals of slope 1 and ECE 0 on calibrated scores, 60 sets of them.

    Below 45 of 60 has a chance of one in 1,000 at 90 %.
    """
    slopes = errors = 0
    for seed in range(60):
        found = campaign_intervals(*drawn(600, 100 + seed), 150, 0.9, seed=1)
        slope, error = found["slope"], found["ece"]
        assert slope is not None
        assert error is not None
        slopes += slope[0] <= 1 <= slope[1]
        errors += error[0] <= 0.02
    assert slopes >= 45
    assert errors >= 45


def test_what_is_not_reported_has_no_interval() -> None:
    logits, labels = drawn(200, 3)
    apart = campaign_intervals(np.where(labels == 1, 2.0, -2.0), labels, 20, 0.9, 1)

    assert campaign_intervals(logits, labels, 20, 0.9, 1)["recall_at_fpr_0.01"] is None
    assert apart["slope"] is None
    assert campaign_figures(np.where(labels == 1, 2.0, -2.0), labels)["slope"].reason
