"""Scores for evidence withheld: as sure as before, surer than they should be, and pulled."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.bundle import Bundle
from models.calibrator import Calibrator, logit
from models.explanation import additivity_error
from models.scorer import score
from models.temper_fit import fit_temper
from tests.models.builders import make_accounts, make_posts

LINE = Calibrator(slope=1.3, intercept=-0.2, anchor=0.4)
BASE = float(logit(0.4))


def controls_and_others(n: int = 2_000):
    generator = np.random.default_rng(3)
    labels = (np.arange(n) % 2).astype(np.int8)
    return generator.normal(3.0 * labels - 1.5, 1.0), labels


def flagged(raw: np.ndarray, labels: np.ndarray, temper: float) -> float:
    """Share of controls above the line that flags 1 % of them as they are."""
    as_they_are, _ = controls_and_others(len(labels))
    line = np.sort(LINE.logits(as_they_are[labels == 0]))[::-1][len(labels) // 200]
    logits = LINE.tempered(LINE.logits(raw), temper)
    return float((logits[labels == 0] > line).mean())


def test_what_is_too_sure_is_pulled_until_as_few_are_flagged_as_aimed_at() -> None:
    """Planted: without the evidence all scores are half as large again, and higher."""
    raw, labels = controls_and_others()
    again = 1.5 * raw + 1.0

    temper = fit_temper(raw, again, labels, LINE)

    assert 0 < temper < 0.7
    assert flagged(again, labels, temper) == 0.01
    # The twins: left as it is it flags many more, and pulled less still too many.
    assert flagged(again, labels, 1.0) > 0.05
    assert flagged(again, labels, 1.1 * temper) > 0.011


@pytest.mark.parametrize("shift", np.linspace(0.1, 2.0, 40))
def test_scores_that_are_alike_at_the_line_are_not_flagged_by_rounding(
    shift: float,
) -> None:
    raw, labels = controls_and_others()
    again = np.round(raw, 1) + shift

    temper = fit_temper(raw, again, labels, LINE)

    assert flagged(again, labels, temper) <= 0.01


@pytest.mark.parametrize(("factor", "shift"), [(1.0, 0.0), (0.5, 0.0), (1.0, -1.0)])
def test_what_flags_no_more_is_left_as_it_is(factor: float, shift: float) -> None:
    raw, labels = controls_and_others()

    assert fit_temper(raw, factor * raw + shift, labels, LINE) == 1.0


def test_accounts_that_have_nothing_to_withhold_do_not_count() -> None:
    raw, labels = controls_and_others()
    again = 1.5 * raw + 1.0
    fewer = np.where(np.arange(len(raw)) < 1_000, again, np.nan)

    found = fit_temper(raw, fewer, labels, LINE)

    mixed = np.where(np.isnan(fewer), raw, fewer)
    assert found == pytest.approx(fit_temper(raw, again, labels, LINE), abs=0.1)
    assert found < fit_temper(raw, mixed, labels, LINE)


def test_without_a_line_nothing_is_pulled() -> None:
    raw, labels = controls_and_others()
    again = 1.5 * raw + 1.0
    few = slice(0, 598)

    # 299 controls are too few for a line at FPR 1 %; a line may lie below the base rate.
    assert fit_temper(raw[few], again[few], labels[few], LINE) == 1.0
    assert fit_temper(raw, again, labels, replace(LINE, intercept=-9.0)) == 1.0


@given(st.floats(-40, 40), st.floats(0.001, 1), st.floats(0.01, 0.99))
def test_no_score_comes_to_lie_further_from_the_base_rate(
    logits: float, temper: float, anchor: float
) -> None:
    line = Calibrator(1.0, 0.0, anchor)
    base = float(logit(anchor))

    pulled = line.tempered(np.array([logits]), np.array([temper]))[0]

    assert pulled == pytest.approx(base + temper * (logits - base), abs=1e-12)
    assert abs(pulled - base) <= abs(logits - base) + 1e-12
    assert (pulled - base) * (logits - base) >= 0


@given(st.floats(-1e6, 1e6), st.floats(0.01, 0.99))
def test_a_temper_of_one_leaves_the_same_bits(logits: float, anchor: float) -> None:
    line = Calibrator(1.0, 0.0, anchor)

    assert line.tempered(np.array([logits]), np.ones(1))[0] == logits


def tempered(bundle: Bundle, temper: float) -> Bundle:
    """The bundle with this factor for accounts without posts."""
    withheld = {"posts 0": temper}
    return replace(bundle, intervals=replace(bundle.intervals, withheld=withheld))


def test_only_accounts_in_the_state_are_pulled_and_parts_still_add_up(
    small_bundle: Bundle,
) -> None:
    accounts = make_accounts(12)
    posts = make_posts(accounts).filter(pl.col("account_id") >= "a/006")

    before, after = (
        score(tempered(small_bundle, temper), accounts, posts) for temper in (1.0, 0.4)
    )

    assert additivity_error(after.explanation) < 1e-6
    alone = np.arange(12) < 6
    base = float(logit(after.prevalence))
    was, now = before.explanation.logits - base, after.explanation.logits - base
    np.testing.assert_allclose(now[alone], 0.4 * was[alone], atol=1e-9)
    np.testing.assert_array_equal(now[~alone], was[~alone])
    parts = [one.explanation.contributions for one in (before, after)]
    np.testing.assert_allclose(parts[1][alone], 0.4 * parts[0][alone], atol=1e-12)
    np.testing.assert_array_equal(parts[1][~alone], parts[0][~alone])
    np.testing.assert_array_equal(
        after.probabilities[~alone], before.probabilities[~alone]
    )
    # The interval moves with the score, as wide in log-odds as it was.
    assert (after.intervals[:, 0] < after.probabilities).all()
    assert (after.probabilities < after.intervals[:, 1]).all()
