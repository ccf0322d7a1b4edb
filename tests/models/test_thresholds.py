import numpy as np
import pytest

from models.metrics import threshold_at_fpr
from models.panel import wilson
from models.thresholds import Aim, Rates, describe_points, rates, solve


def unseen(seed: int, controls: int = 4_000, positives: int = 900) -> Rates:
    """Scores of three operators; those of the classes overlap."""
    generator = np.random.default_rng(seed)
    labels = np.repeat([0, 1], [controls, positives]).astype(np.int8)
    logits = generator.normal(4.0 * labels - 2, 2)
    units = np.array([f"o{number % 3}" for number in range(len(labels))])
    return rates(logits, labels, units)


def test_rates_by_hand() -> None:
    logits = np.array([3.0, 1.0, 2.0, 2.0, 0.0])
    labels = np.array([1, 1, 0, 1, 0], dtype=np.int8)
    units = np.array(["a", "a", "a", "b", "a"])

    found = rates(logits, labels, units)

    assert found.thresholds.tolist() == [3, 2, 1, 0]
    assert found.fpr.tolist() == [0, 0, 0.5, 0.5]
    # Of a's positives 3 and 1, of b's the 2: operators count alike.
    assert found.recall.tolist() == [0, 0.25, 0.75, 1.0]
    assert found.controls == 2


@pytest.mark.parametrize("fpr", [0.01, 0.005, 0.1])
def test_a_false_positive_rate_gives_the_threshold_of_the_metrics(fpr: float) -> None:
    generator = np.random.default_rng(3)
    labels = np.repeat([0, 1], [6_000, 300]).astype(np.int8)
    logits = generator.normal(4.0 * labels - 2, 2)

    point = solve(Aim(max_fpr=fpr), rates(logits, labels, np.full(6_300, "a")))

    assert point.logit == threshold_at_fpr(logits[labels == 0], fpr)
    assert point.fpr == pytest.approx(fpr)
    assert point.recall == (logits[labels == 1] > point.logit).mean()


@pytest.mark.parametrize(("controls", "known"), [(299, False), (300, True)])
def test_too_few_controls_for_a_rate_are_refused(controls: int, known: bool) -> None:
    point = solve(Aim(max_fpr=0.01), unseen(1, controls, 100))

    assert (point.logit is not None) == known
    assert (point.reason is None) == known
    if not known:
        assert point.reason == "299 controls, 300 needed"
        assert (point.fpr, point.recall) == (None, None)


@pytest.mark.parametrize(("least", "prevalence"), [(0.9, 0.3), (0.5, 0.05)])
def test_a_precision_is_kept_with_the_highest_recall(
    least: float, prevalence: float
) -> None:
    found = unseen(2)

    point = solve(Aim(min_precision=least, prevalence=prevalence), found)

    assert point.fpr is not None
    assert point.recall is not None
    true, false = prevalence * point.recall, (1 - prevalence) * point.fpr
    assert true / (true + false) >= least
    assert point.logit is not None
    lower = found.thresholds < point.logit
    wrong = (1 - prevalence) * found.fpr[lower]
    right = prevalence * found.recall[lower]
    assert (right / (right + wrong) < least).all()


def test_a_precision_that_needs_a_rate_below_three_controls_is_refused() -> None:
    aim = Aim(min_precision=0.9, prevalence=0.001)

    few = solve(aim, unseen(4, 400))

    assert few.logit is None
    assert few.reason is not None
    assert "too few" in few.reason
    # The twin: the same aim at a larger share needs no such rate.
    assert solve(Aim(min_precision=0.9, prevalence=0.4), unseen(4, 400)).logit


def test_a_precision_beyond_reach_is_refused() -> None:
    labels = np.repeat([0, 1], 500).astype(np.int8)
    alike = np.tile(np.arange(500.0), 2)

    point = solve(
        Aim(min_precision=0.9, prevalence=0.5),
        rates(alike, labels, np.full(1_000, "a")),
    )

    assert point.reason == "no threshold keeps to it on unseen operators"


def test_reviews_a_day_are_used_and_not_exceeded() -> None:
    found = unseen(5)
    aim = Aim(reviews_a_day=200, accounts_a_day=10_000, prevalence=0.02)

    point = solve(aim, found)

    assert point.fpr is not None
    assert point.recall is not None
    a_day = 10_000 * (0.02 * point.recall + 0.98 * point.fpr)
    assert 195 < a_day <= 200


def test_where_all_can_be_looked_at_there_is_no_line() -> None:
    point = solve(
        Aim(reviews_a_day=100, accounts_a_day=100, prevalence=0.02), unseen(6)
    )

    assert point.reason == "every account can be looked at"


def test_a_bundle_states_the_aim_and_the_point() -> None:
    found = unseen(7)
    aims = {"a": Aim(max_fpr=0.01), "b": Aim(max_fpr=1e-5)}

    described = describe_points(aims, lambda aim: solve(aim, found))

    assert described["a"]["max_fpr"] == 0.01
    assert described["a"]["aim"] == "highest recall at FPR <= 1 %"
    assert described["a"]["reason"] is None
    assert described["b"]["logit"] is None
    assert described["b"]["reason"] == "4000 controls, 300000 needed"
    assert "prevalence" not in described["a"]


@pytest.mark.parametrize(
    ("aim", "words"),
    [
        (Aim(max_fpr=0.005), "highest recall at FPR <= 0.5 %"),
        (
            Aim(min_precision=0.9, prevalence=0.02),
            "precision >= 90 % at prevalence 2 %",
        ),
        (
            Aim(reviews_a_day=200, accounts_a_day=1e4, prevalence=0.001),
            "200 reviews a day of 10,000 accounts at prevalence 0.1 %",
        ),
    ],
)
def test_an_aim_is_a_sentence(aim: Aim, words: str) -> None:
    assert aim.words() == words


def test_realised_rates_lie_around_the_aim_on_accounts_alike() -> None:
    """Of new controls like those solved on, the share flagged is the aim within the
    errors of both samples (4,000 and 20,000 controls, four standard errors)."""
    logits = np.random.default_rng(9).normal(-2, 2, 20_000)
    misses = 0
    for seed in range(5):
        point = solve(Aim(max_fpr=0.01), unseen(30 + seed))
        assert point.logit is not None
        flagged = (logits > point.logit).mean()
        misses += abs(flagged - 0.01) > 4 * np.sqrt(0.01 * (1 / 4_000 + 1 / 20_000))
    assert misses == 0
    # The twin: ordinary people who score one higher are flagged more often.
    assert point.logit is not None
    low, _ = wilson(int((logits + 1 > point.logit).sum()), 20_000, 0.99)
    assert low > 0.01
