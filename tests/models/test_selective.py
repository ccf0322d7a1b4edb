import numpy as np
import polars as pl
import pytest

from models.evaluation import Campaign, Rules
from models.metrics import ERRORS
from models.selective import STEPS, errors_at, risk_curve, selective_risk
from tests.models.test_evaluation import CAMPAIGNS, RULES, scored_rows


def test_errors_of_a_worked_example() -> None:
    # The surest and the third are right, the second and the last are wrong.
    logits = np.array([-4.0, 3.0, 2.0, -1.0])
    labels = np.array([0, 0, 1, 1], dtype=np.int8)

    found = errors_at(logits, labels, (0.25, 0.5, 0.75, 1.0))

    assert found.tolist() == pytest.approx([0, 1 / 2, 1 / 3, 1 / 2])


def test_equally_sure_answers_are_passed_together_in_any_order() -> None:
    logits = np.array([5.0, 1.0, -1.0, 1.0, -1.0])
    labels = np.array([1, 1, 1, 0, 0], dtype=np.int8)

    one, other = (
        errors_at(logits[order], labels[order], (0.2, 0.6, 1.0))
        for order in ([0, 1, 2, 3, 4], [4, 3, 2, 1, 0])
    )

    # Two of the four that are equally sure are wrong, so one of any two of them.
    assert one.tolist() == pytest.approx([0, 1 / 3, 2 / 5])
    assert np.array_equal(one, other)


def test_what_is_surest_is_seldom_wrong_where_scores_are_probabilities() -> None:
    """Bound: the mean chance of being wrong of those answered, and four deviations."""
    generator = np.random.default_rng(3)
    logits = generator.normal(0, 2, 20_000)
    chances = 1 / (1 + np.exp(-logits))
    labels = (generator.random(20_000) < chances).astype(np.int8)

    found = errors_at(logits, labels, tuple(ERRORS.values()))

    assert (np.diff(found) < 0).all()
    rising = np.sort(np.minimum(chances, 1 - chances))
    for coverage, error in zip(ERRORS.values(), found, strict=True):
        kept = rising[: int(coverage * len(rising))]
        deviation = np.sqrt((kept * (1 - kept)).sum()) / len(kept)
        assert abs(error - kept.mean()) < 4 * deviation
    # Turned round, the surest are the wrong ones.
    turned = np.sign(logits) * (10 - np.abs(logits))
    assert (np.diff(errors_at(turned, labels, tuple(ERRORS.values()))) > 0).all()


def test_the_block_is_of_headline_campaigns_and_the_worst_has_the_most_errors() -> None:
    rows = scored_rows({"a1": 50, "a2": 40, "b1": 60, "c1": 35})

    block = selective_risk(rows, CAMPAIGNS, RULES)

    assert list(block) == list(ERRORS)
    for row in block.values():
        assert row["ci_low"] <= row["mean"] <= row["worst"]
    apart = rows.with_columns(
        logit=pl.when(campaign="c1").then(-9.0).otherwise("logit")
    )
    assert selective_risk(apart, CAMPAIGNS, RULES) == block
    everyone = block["error_at_coverage_1"]["mean"]
    assert risk_curve(rows, CAMPAIGNS)[STEPS.index(1.0)] == everyone


def test_a_world_without_controls_or_headline_has_no_errors() -> None:
    rows = scored_rows({"a1": 50})
    rules = Rules(draws=100, confidence=0.95, seed=1, least_positives=30)
    apart = [Campaign("a1", "a", False, "collected otherwise")]

    block = selective_risk(rows, apart, rules)

    assert {row["mean"] for row in block.values()} == {None}
    assert all("reason" in row for row in block.values())
    assert set(risk_curve(rows, apart)) == {None}
    assert set(risk_curve(rows.filter(label=1), CAMPAIGNS)) == {None}
