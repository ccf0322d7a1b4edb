"""Shares planted in scores of known densities: ordinary 0, positives a distance above."""

from statistics import NormalDist

import numpy as np
import pytest

from models.hidden_positives import Reference, Share, hidden_share, one_role_bounds

SEEDS = range(20)


def scores(seed: int, positives: int, controls: int, planted: float, distance: float):
    rng = np.random.default_rng(seed)
    hidden = round(controls * planted)
    shifts = np.repeat([distance, 0.0], [hidden, controls - hidden])
    return rng.normal(distance, 1, positives), rng.normal(shifts, 1)


def estimate(seed: int, n: int, m: int, planted: float, distance: float) -> Share:
    positives, controls = scores(seed, n, m, planted, distance)
    found = hidden_share(positives, controls, 200, 0.95, seed)
    assert found is not None
    return found


def bounds(n: int, m: int, planted: float, distance: float) -> tuple[float, float]:
    """Excess and standard error of the share at the highest cut that is looked at.

    A fifth of n positives lies above it; of m controls the hidden ones alike, and the
    ordinary ones whom the estimate takes for hidden, which is the excess.
    """
    normal = NormalDist()
    ordinary = 1 - normal.cdf(distance - normal.inv_cdf(0.2))
    above = 0.2 * planted + (1 - planted) * ordinary
    ratio = above / 0.2
    error = ratio * np.sqrt((1 - above) / (m * above) + 0.8 / (0.2 * n))
    return ratio - planted, float(error)


@pytest.mark.parametrize(("n", "m"), [(300, 900), (1500, 4000), (6000, 16000)])
@pytest.mark.parametrize("planted", [0.02, 0.1, 0.25])
@pytest.mark.parametrize("distance", [2.33, 3.0])
def test_a_planted_share_is_found_within_what_so_many_accounts_tell(
    planted: float, distance: float, n: int, m: int
) -> None:
    found = [estimate(seed, n, m, planted, distance) for seed in SEEDS]

    excess, error = bounds(n, m, planted, distance)
    shares = [each.share for each in found if each.share is not None]
    off = np.abs(np.array(shares) - planted)
    assert len(off) == len(SEEDS)
    # 19 of 20 expected; 16 or more has 99.7 %.
    assert (off <= excess + 2 * error).sum() >= 16
    assert off.max() <= excess + 4 * error
    # 19 of 20 intervals expected, too; on small sets of few hidden accounts fewer.
    if planted * m > 50:
        assert sum(each.low <= planted <= each.high for each in found) >= 16


def test_a_share_that_is_not_the_planted_one_is_out_of_these_bounds() -> None:
    excess, error = bounds(1500, 4000, 0.1, 3.0)

    for other in (0.02, 0.25):
        off = [
            abs((estimate(s, 1500, 4000, other, 3.0).share or 0) - 0.1) for s in SEEDS
        ]
        assert min(off) > excess + 2 * error


@pytest.mark.parametrize("planted", [0.1, 0.25])
def test_small_sets_have_wide_intervals(planted: float) -> None:
    small = [estimate(seed, 300, 900, planted, 2.33) for seed in SEEDS]
    large = [estimate(seed, 1500, 4500, planted, 2.33) for seed in SEEDS]

    held = sum(each.low <= planted <= each.high for each in small)
    assert held >= 15
    assert np.mean([s.high - s.low for s in small]) > 1.5 * np.mean(
        [s.high - s.low for s in large]
    )


def test_ordinary_accounts_at_the_top_make_it_too_high_and_never_too_low() -> None:
    found = [estimate(seed, 1500, 4000, 0.1, 1.5) for seed in SEEDS]

    assert np.mean([each.share for each in found]) > 0.13
    assert all(each.high > 0.1 for each in found)


def test_without_hidden_accounts_next_to_nothing_is_found() -> None:
    found = [estimate(seed, 1500, 4000, 0.0, 3.0) for seed in SEEDS]

    assert max(each.high for each in found) < 0.01
    assert all(each.low == 0.0 for each in found)


def test_controls_that_are_all_hidden_are_all_found() -> None:
    assert estimate(0, 1500, 4000, 1.0, 2.0).high == 1.0
    assert estimate(0, 1500, 4000, 1.0, 2.0).share == pytest.approx(1.0, abs=0.1)


def test_only_the_order_of_scores_counts_and_the_seed_fixes_the_interval() -> None:
    positives, controls = scores(3, 800, 2000, 0.1, 2.5)

    found = hidden_share(positives, controls, 100, 0.9, 5)
    cubed = hidden_share(positives**3, controls**3, 100, 0.9, 5)
    shuffled = hidden_share(positives[::-1], np.sort(controls), 100, 0.9, 5)

    assert found == cubed == shuffled
    wider = hidden_share(positives, controls, 100, 0.99, 5)
    assert found is not None
    assert wider is not None
    assert wider.high > found.high


def test_equal_scores_of_all_say_that_all_may_be_hidden() -> None:
    found = hidden_share(np.zeros(50), np.zeros(80), 50, 0.95, 1)

    assert found == Share(1.0, 1.0, 1.0)


def pair(seed: int, ours: float, theirs: float, planted: float, ordinary: float = 0.0):
    """An operator with hidden accounts, and a reference scored by the same booster."""
    _, controls = scores(seed, 30, 900, planted, ours)
    rng = np.random.default_rng([seed, 1])
    reference = Reference(rng.normal(theirs, 1, 300), rng.normal(ordinary, 1, 900))
    return controls, reference


@pytest.mark.parametrize(("planted", "excess"), [(0.0, 0.15), (0.1, 0.15), (0.3, 0.25)])
def test_bounds_hold_the_truth_if_hidden_accounts_are_found_as_well(
    planted: float, excess: float
) -> None:
    found = [
        one_role_bounds(
            {"b": pair(seed, 1.5, 1.2, planted), "c": pair(seed, 1.5, 2.2, planted)},
            0.95,
        )
        for seed in SEEDS
    ]

    held = [each.low <= planted <= each.high for each in found if each]
    # Of 20 bounds of 95 %, 17 or more hold in 98 % of cases.
    assert sum(held) >= 17
    assert all(each.share is None for each in found if each)
    assert sum(each.high - planted <= excess for each in found if each) >= 18


def test_bounds_miss_the_truth_if_hidden_accounts_are_harder_than_every_reference() -> (
    None
):
    found = [one_role_bounds({"b": pair(s, 0.5, 2.5, 0.3)}, 0.95) for s in SEEDS]

    assert sum(each.high < 0.3 for each in found if each) >= 15


def test_bounds_are_those_of_the_weakest_reference() -> None:
    one, two = pair(1, 1.5, 1.2, 0.2), pair(1, 1.5, 2.2, 0.2, ordinary=0.1)
    first, second = (one_role_bounds({"x": each}, 0.9) for each in (one, two))

    both = one_role_bounds({"x": one, "y": two}, 0.9)

    assert first and second and both  # noqa: PT018
    assert both.low == min(first.low, second.low)
    assert both.high == max(first.high, second.high)


def test_a_reference_that_is_not_found_bounds_nothing_from_above() -> None:
    found = one_role_bounds({"b": pair(0, 1.5, 0.0, 0.1)}, 0.95)

    assert found is not None
    assert found.high == 1.0


@pytest.mark.parametrize("few", [0, 29])
def test_too_few_accounts_give_nothing(few: int) -> None:
    many, little = np.arange(40.0), np.arange(float(few))

    assert hidden_share(many, little, 50, 0.95, 1) is None
    assert hidden_share(little, many, 50, 0.95, 1) is None
    assert one_role_bounds({}, 0.95) is None
    assert one_role_bounds({"b": (little, Reference(many, many))}, 0.95) is None
    assert one_role_bounds({"b": (many, Reference(little, many))}, 0.95) is None


def test_a_cut_at_which_all_ordinary_accounts_lie_bounds_nothing() -> None:
    same = np.zeros(400)
    higher = np.concatenate([np.zeros(200), np.ones(200)])
    reference = Reference(positives=np.ones(300), controls=same)

    found = one_role_bounds({"other": (higher, reference)}, 0.95)

    assert found == Share(None, 0.0, 1.0)
