from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calibrator import Calibrator, sigmoid
from models.coverage import ENOUGH, coverage
from models.evidence import STATES
from models.interval_fit import UNKNOWN, fit_intervals
from models.intervals import Intervals, width_at_anchor
from tests.models.builders import INTERVALS

FEW = STATES.index("posts 1-4")
MANY = STATES.index("posts 20-99")
LINE = Calibrator(1.0, 0.0, 0.5)
Z = 1.6448536269514722


def in_state(n: int, column: int = MANY) -> np.ndarray:
    states = np.zeros((n, len(STATES)), dtype=bool)
    states[:, column] = True
    return states


def operators(seed: int, count: int, spread: float, n: int = 1_500, few: float = 0.0):
    """Operators whose scores all lie a normal shift beside the true log-odds; those of
    accounts in the state of few posts, another one more.

    Scores of the classes are normal around 2 and -2 with a variance of 4: then the score
    without its shift is the log-odds at equal classes.
    """
    generator = np.random.default_rng(seed)
    labels = np.tile(np.arange(n) % 2, (count, 1))
    states = in_state(count * n)
    states[::3, MANY], states[::3, FEW] = False, True
    truth = generator.normal(4 * labels - 2, 2)
    beside = generator.normal(0, spread, (count, 1))
    extra = generator.normal(0, few, (count, 1)) * states[:, FEW].reshape(count, n)
    units = np.repeat([f"o{number}" for number in range(count)], n)
    raw = truth - beside - extra
    return raw.ravel(), labels.ravel().astype(np.int8), units, states


def fitted(scores, labels, units, states, confidence: float = 0.9) -> Intervals:
    return fit_intervals(
        scores, labels, units, states, LINE, confidence, 0.0, lambda state: None
    )


def test_known_widths() -> None:
    found = INTERVALS.half_widths(np.array([-9.0, 0.0, 9.0]), in_state(3))

    # Spread 0.3, 0.4, 0.5 (beyond the knots it stays), and 0.1 for the state.
    expected = Z * np.sqrt(np.array([0.09, 0.16, 0.25]) + 0.1)
    assert found == pytest.approx(expected)


def test_what_is_not_known_of_a_state_counts_as_the_largest_known() -> None:
    states = dict.fromkeys(STATES, 0.0) | {"posts 1-4": None, "without clients": 0.7}
    found = Intervals(0.9, [0.0], [0.0], states, dict.fromkeys(STATES, 1), {})

    assert found.half_widths(np.zeros(1), in_state(1, FEW)) == pytest.approx(
        Z * np.sqrt(0.7)
    )
    assert found.half_widths(np.zeros(1), in_state(1)) == 0
    # What was withheld tells nothing of a band of posts.
    apart = replace(found, withheld={"without clients": 1.0})
    assert apart.half_widths(np.zeros(1), in_state(1, FEW)) == 0


def test_an_account_is_judged_as_its_least_judged_state() -> None:
    operators = dict.fromkeys(STATES, 4) | {"posts 1-4": 2, "without profile": 0}
    found = replace(INTERVALS, operators=operators, withheld={})
    states = in_state(4)
    states[1:3, MANY], states[1:3, FEW] = False, True
    states[2:, STATES.index("without profile")] = True

    assert found.judged_by(states).tolist() == [4, 2, 0, 0]


def test_what_was_withheld_one_by_one_was_not_judged_together() -> None:
    operators = dict.fromkeys(STATES, 4) | {"without profile": 3}
    withheld = {"without timing": 0.9, "without profile": 0.5}
    found = replace(INTERVALS, operators=operators, withheld=withheld)
    states = in_state(4)
    for row, lacks in enumerate(
        (["profile"], ["timing"], ["profile", "timing"], ["profile", "clients"])
    ):
        for family in lacks:
            states[row, STATES.index(f"without {family}")] = True

    assert found.judged_by(states).tolist() == [3, 4, 0, 3]
    assert found.tempers(states).tolist() == [0.5, 0.9, 0.45, 0.5]
    # The twin: where one of them is known from accounts that are like that.
    shown = replace(found, withheld={"without profile": 0.5})
    assert shown.judged_by(states).tolist() == [3, 4, 3, 3]
    assert shown.tempers(states).tolist() == [0.5, 1.0, 0.5, 0.5]


def test_an_operator_judges_a_state_with_enough_of_both_classes() -> None:
    scores, labels, units, states = operators(5, 4, 0.2)
    without = STATES.index("without profile")
    rows = {unit: np.flatnonzero(units == unit) for unit in np.unique(units)}
    # Of o0 ten of each class, of o1 one less, of o2 and o3 one class each.
    states[rows["o0"][:20], without] = True
    states[rows["o1"][:19], without] = True
    states[rows["o2"][::2], without] = True
    states[rows["o3"][1::2], without] = True

    found = fitted(scores, labels, units, states)

    assert found.operators["without profile"] == 1
    assert found.states["without profile"] is None
    assert (found.operators["posts 1-4"], found.operators["posts 0"]) == (4, 0)
    # The twin: with one more, o1 judges it too.
    states[rows["o1"][19], without] = True
    found = fitted(scores, labels, units, states)
    assert found.operators["without profile"] == 2
    assert found.states["without profile"] is not None


def withholding(scores, labels, units, states, rescore) -> Intervals:
    return fit_intervals(scores, labels, units, states, LINE, 0.9, 0.0, rescore)


def test_a_state_that_nobody_shows_is_judged_with_its_evidence_withheld() -> None:
    scores, labels, units, states = operators(5, 4, 0.2)
    without = STATES.index("without profile")
    asked = []

    def rescore(state: str):
        """As before, and of the first operator there are too few."""
        asked.append(state)
        again = np.where(units == "o0", np.nan, scores)
        again[np.flatnonzero(units == "o0")[:19]] = 0.0
        return again if state == "without profile" else None

    found = withholding(scores, labels, units, states, rescore)

    assert list(found.withheld) == ["without profile"]
    assert found.operators["without profile"] == 3
    assert found.states["without profile"] == 0.0
    # The twins: where nothing can be withheld nobody judges; one who shows it is enough.
    assert (found.operators["posts 0"], found.states["posts 0"]) == (0, None)
    assert "posts 1-4" not in asked
    assert "posts 0" in asked
    states[units == "o1", without] = True
    shown = withholding(scores, labels, units, states, rescore)
    assert (shown.withheld, shown.operators["without profile"]) == ({}, 1)
    assert shown.states["without profile"] is None


@pytest.mark.parametrize(("shift", "least", "most"), [(0.0, 0.0, 0.01), (1.5, 1.0, 4)])
def test_what_withholding_breaks_is_wider(
    shift: float, least: float, most: float
) -> None:
    """Planted: without the evidence half the operators score too high, half too low."""
    scores, labels, units, states = operators(7, 6, 0.2)
    turned = np.where(np.isin(units, ["o0", "o1", "o2"]), shift, -shift)

    found = withholding(scores, labels, units, states, lambda state: scores + turned)

    added = found.states["without profile"]
    assert added is not None
    assert least <= added <= most
    # Half too high: more would be flagged than aimed at. Not where nothing was moved.
    assert (found.withheld["without profile"] < 1) == (shift > 0)
    assert found.spread == fitted(scores, labels, units, states).spread


@given(st.floats(-30, 30), st.floats(0, 16))
def test_a_width_is_the_difference_of_its_ends(logit: float, half: float) -> None:
    low, high = sigmoid(np.array([logit - half, logit + half]))

    width = width_at_anchor(np.array([logit]), np.array([half]))[0]

    assert width == pytest.approx(high - low, abs=1e-12)


def test_one_account_has_the_same_bits_as_in_a_batch() -> None:
    generator = np.random.default_rng(4)
    scores = generator.normal(0, 3, 99)
    states = generator.random((99, len(STATES))) < 0.3

    together = INTERVALS.half_widths(scores, states)

    for row in range(99):
        alone = INTERVALS.half_widths(scores[row : row + 1], states[row : row + 1])
        assert alone[0] == together[row]


@pytest.mark.parametrize("spread", [0.3, 1.0])
def test_the_spread_of_operators_is_found(spread: float) -> None:
    # The standard deviation of 24 operators: within 3 / sqrt(2 * 24) of the truth; the
    # sample of each adds about 0.05.
    found = fitted(*operators(1, 24, spread))

    middle = np.interp(0.0, found.knots, found.spread)
    assert abs(middle - spread) < 3 * spread / np.sqrt(48) + 0.05


def test_a_state_in_which_operators_differ_is_wider() -> None:
    found = fitted(*operators(2, 12, 0.3, few=1.0))

    # The shift of a state is partly taken for one of the operator: a third of its rows.
    few, many = found.states["posts 1-4"], found.states["posts 20-99"]
    assert few is not None
    assert many is not None
    assert 0.15 < few < 1.0
    assert many < 0.4 * few
    assert found.states["without profile"] is None
    calm = fitted(*operators(2, 12, 0.3, few=0.0))
    assert calm.states["posts 1-4"] is not None
    assert calm.states["posts 1-4"] < 0.05


def test_under_two_operators_nothing_is_known() -> None:
    found = fitted(*operators(3, 1, 0.3))

    assert set(found.spread) == {UNKNOWN}
    assert width_at_anchor(
        np.zeros(1), found.half_widths(np.zeros(1), in_state(1))
    ) == pytest.approx(1, abs=1e-6)


def test_an_operator_of_few_accounts_is_not_heard() -> None:
    scores, labels, units, states = operators(5, 6, 0.2)
    fewer = np.ones(len(units), dtype=bool)
    fewer[units == "o0"] = np.arange((units == "o0").sum()) < 25
    odd = labels.copy()
    odd[units == "o0"] = 1 - odd[units == "o0"]

    kept = fitted(scores[fewer], labels[fewer], units[fewer], states[fewer])
    turned = fitted(scores[fewer], odd[fewer], units[fewer], states[fewer])

    assert kept.spread == turned.spread
    # The twin: with all its accounts it counts.
    assert fitted(scores, odd, units, states).spread != kept.spread


def test_intervals_hold_for_new_operators_as_often_as_they_say() -> None:
    """Operators like those known: 90 % of their log-odds lie within.

    With 12 known, the spread itself is off by a fifth, so that about 86 % are expected;
    of 200 new ones, four standard errors are 10 points.
    """
    new = np.random.default_rng(8).normal(0, 0.7, 200)

    shares = []
    for seed in range(4):
        found = fitted(*operators(20 + seed, 12, 0.7, n=600))
        half = found.half_widths(np.zeros(1), in_state(1))[0]
        shares.append((np.abs(new) <= half).mean())

    assert 0.76 < np.mean(shares) < 0.97
    # The twin: operators that differ thrice as much are not held.
    assert (np.abs(3 * new) <= half).mean() < 0.7


def test_bins_of_a_calibrated_set_hold_without_any_width() -> None:
    """A true probability lies within the binomial error of 90 % in nine bins of ten."""
    generator = np.random.default_rng(6)
    held = []
    for _ in range(30):
        logits = generator.normal(0, 2, 3_000)
        labels = (generator.random(3_000) < sigmoid(logits)).astype(np.int8)
        held.append(coverage(logits, np.zeros(3_000), labels, 0.9).held)

    # 450 bins: four standard errors are 5.7 points.
    assert abs(np.mean(held) - 0.9) < 0.06


def test_bins_of_a_shifted_set_hold_only_with_a_width() -> None:
    generator = np.random.default_rng(7)
    logits = generator.normal(0, 2, 3_000)
    labels = (generator.random(3_000) < sigmoid(logits + 1)).astype(np.int8)

    bare, wide = (
        coverage(logits, np.full(3_000, half), labels, 0.9) for half in (0.0, 1.2)
    )

    assert bare.held < ENOUGH < wide.held
    assert bare.width == 0
    assert 0 < wide.width < 0.4


def test_coverage_does_not_depend_on_the_order_of_rows() -> None:
    generator = np.random.default_rng(9)
    logits = np.round(generator.normal(0, 2, 600), 1)
    labels = (generator.random(600) < sigmoid(logits)).astype(np.int8)
    half = np.full(600, 0.2)
    mixed = generator.permutation(600)

    found = coverage(logits, half, labels, 0.9)

    assert coverage(logits[mixed], half[mixed], labels[mixed], 0.9) == found
