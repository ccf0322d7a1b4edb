"""Batches of known share; positives and ordinary accounts score as two normals do.

With means +d/2 and -d/2 and variance 1, d times the score is the log likelihood ratio,
so that logits are calibrated exactly and every error is one of the estimate.
"""

import numpy as np
import pytest

from models.calibrator import logit
from models.prevalence import Prevalence, estimate_prevalence

DISTANCE = 2.0
SEEDS = range(20)


def batch(seed: int, n: int, share: float, anchor: float, unlike: float = 0.0):
    rng = np.random.default_rng(seed)
    positive = rng.random(n) < share
    scores = rng.normal(np.where(positive, DISTANCE / 2 - unlike, -DISTANCE / 2), 1)
    return DISTANCE * scores + float(logit(anchor))


def estimate(seed: int, n: int, share: float, anchor: float = 0.5) -> Prevalence:
    found = estimate_prevalence(batch(seed, n, share, anchor), anchor, 100, 0.95, seed)
    assert found is not None
    return found


def standard_error(share: float, n: int) -> float:
    """From the Fisher information of a mixture's share, by numbers."""
    x = np.linspace(-8, 8, 4001)
    ordinary, positive = (
        np.exp(-((x - m) ** 2) / 2) / np.sqrt(2 * np.pi)
        for m in (-DISTANCE / 2, DISTANCE / 2)
    )
    mixed = share * positive + (1 - share) * ordinary
    information = float(((positive - ordinary) ** 2 / mixed).sum() * (x[1] - x[0]))
    return float(1 / np.sqrt(n * information))


@pytest.mark.parametrize("share", [0.05, 0.2, 0.6])
@pytest.mark.parametrize("anchor", [0.5, 0.1])
def test_a_known_share_is_found_within_its_standard_error(
    share: float, anchor: float
) -> None:
    n = 2_000
    found = [estimate(seed, n, share, anchor) for seed in SEEDS]

    error = standard_error(share, n)
    shares = np.array([each.share for each in found])
    assert abs(shares.mean() - share) < 3 * error / np.sqrt(len(SEEDS))
    assert np.abs(shares - share).max() < 4 * error
    # Of 20 intervals of 95 %, 16 or more hold in 99.7 % of cases.
    assert sum(each.low <= share <= each.high for each in found) >= 16
    width = np.mean([each.high - each.low for each in found])
    assert width == pytest.approx(2 * 1.96 * error, rel=0.25)


def test_a_small_batch_has_a_wide_interval() -> None:
    small, large = estimate(1, 150, 0.2), estimate(1, 6_000, 0.2)

    assert small.high - small.low > 3 * (large.high - large.low)


@pytest.mark.parametrize(("share", "low", "high"), [(0.0, 0, 0.03), (1.0, 0.97, 1)])
def test_batches_of_one_kind_are_told(share: float, low: float, high: float) -> None:
    assert low <= estimate(3, 2_000, share).share <= high


def test_the_order_of_accounts_changes_nothing() -> None:
    logits = batch(1, 500, 0.3, 0.5)

    found = estimate_prevalence(logits, 0.5, 50, 0.9, 1)

    assert found == estimate_prevalence(logits[::-1], 0.5, 50, 0.9, 1)


def test_a_network_unlike_those_known_is_underestimated_as_the_warning_says() -> None:
    logits = batch(1, 4_000, 0.3, 0.5, unlike=1.0)

    found = estimate_prevalence(logits, 0.5, 50, 0.95, 1)

    assert found is not None
    assert found.high < 0.3
    assert "too low" in found.warning


def test_a_handful_of_accounts_gives_nothing() -> None:
    assert estimate_prevalence(np.zeros(99), 0.5, 50, 0.95, 1) is None
