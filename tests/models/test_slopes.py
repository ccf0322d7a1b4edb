import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression

from models.calibrator import sigmoid
from models.evaluation import Campaign
from models.recalibration import recalibration
from models.slopes import NO_LINE, calibration_line, calibration_slopes

CAMPAIGNS = [
    Campaign("north", "n", True, None),
    Campaign("south", "s", True, None),
    Campaign("aside", "a", False, "confounded"),
    Campaign("tiny", "t", True, None),
]


def make_tested(sharper: float) -> pl.DataFrame:
    """Labels drawn with known probabilities; logits `sharper` times as far apart."""
    generator = np.random.default_rng(4)
    parts = []
    for name, n in (("north", 8000), ("south", 4000), ("aside", 500), ("tiny", 20)):
        logit = generator.normal(scale=2.0, size=n)
        label = (generator.random(n) < sigmoid(logit)).astype(np.int8)
        parts.append(
            pl.DataFrame(
                {
                    "fold": [name] * n,
                    "label": label,
                    "campaign": [name if one else None for one in label],
                    "logit": sharper * logit,
                    # The share itself, so that nothing is shifted.
                    "anchor": [float(label.mean())] * n,
                },
                schema_overrides={"campaign": pl.String},
            )
        )
    return pl.concat(parts)


@pytest.mark.parametrize("sharper", [0.5, 1.0, 4.0])
def test_slope_tells_by_how_much_scores_are_too_sure(sharper: float) -> None:
    found = calibration_slopes(make_tested(sharper), CAMPAIGNS, 30)

    # Standard error of the slope: under 0.03 at 12,000 accounts.
    assert found["pooled_slope"] * sharper == pytest.approx(1, abs=0.1)
    assert set(found["campaigns"]) == {"north", "south", "aside"}
    assert found["campaigns"]["north"]["intercept"] == pytest.approx(0, abs=0.15)


def test_without_a_headline_campaign_there_is_none() -> None:
    found = calibration_slopes(make_tested(1.0), CAMPAIGNS[2:], 30)

    assert found["pooled_slope"] is None
    assert found["reason"] == "no headline campaign has 30 accounts and controls"


def test_a_campaign_told_apart_without_fault_has_no_slope() -> None:
    """The twin: with one account on the wrong side there is a line again."""
    labels = np.repeat([1, 0], 40).astype(np.int8)
    names = ["north" if one else None for one in labels]
    parted = pl.DataFrame(
        {"fold": "north", "label": labels, "campaign": names, "anchor": 0.5}
    ).with_columns(logit=pl.Series(np.where(labels == 1, 3.0, -3.0)))
    mixed = parted.with_columns(
        logit=pl.when(pl.int_range(pl.len()).is_in([0, 79]))
        .then(-pl.col("logit"))
        .otherwise("logit")
    )

    found = calibration_slopes(parted, CAMPAIGNS[:1], 30)

    assert (found["pooled_slope"], found["reason"]) == (None, NO_LINE)
    assert found["campaigns"]["north"]["slope"] is None
    other = calibration_slopes(mixed, CAMPAIGNS[:1], 30)
    assert 0 < other["pooled_slope"] < 2
    assert "reason" not in other


def test_scores_that_point_the_wrong_way_have_a_slope_below_zero() -> None:
    found = calibration_slopes(make_tested(-1.0), CAMPAIGNS, 30)

    assert found["pooled_slope"] == pytest.approx(-1, abs=0.1)


def test_a_confounded_campaign_moves_no_pooled_slope() -> None:
    tested = make_tested(1.0)
    turned = tested.with_columns(
        logit=pl.when(pl.col("fold") == "aside")
        .then(-pl.col("logit"))
        .otherwise("logit")
    )

    before, after = (calibration_slopes(t, CAMPAIGNS, 30) for t in (tested, turned))

    assert after["pooled_slope"] == before["pooled_slope"]
    assert after["campaigns"]["aside"] != before["campaigns"]["aside"]
    # The twin: of the headline it would.
    counted = [*CAMPAIGNS[:2], Campaign("aside", "a", True, None)]
    assert calibration_slopes(turned, counted, 30)["pooled_slope"] < (
        before["pooled_slope"] - 0.05
    )


def test_all_who_tell_the_slope_of_a_set_tell_the_same() -> None:
    tested = make_tested(0.7).filter(fold="north")
    logit, anchor, label = (
        tested[name].to_numpy() for name in ("logit", "anchor", "label")
    )

    [row] = calibration_slopes(tested, CAMPAIGNS, 30)["campaigns"].values()
    found = recalibration(logit, anchor, label, 30)

    assert found.slope == pytest.approx(row["slope"], abs=1e-6)
    assert found.intercept == pytest.approx(row["intercept"], abs=1e-6)


def drawn(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    logits = generator.normal(-1, 2, size=n)
    labels = (generator.random(n) < sigmoid(logits)).astype(np.int8)
    return logits, labels


def test_the_line_is_that_of_scikit_learn() -> None:
    logits, labels = drawn(2_000, 1)
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1_000)
    model.fit(logits[:, None], labels)

    line = calibration_line(logits, labels)

    assert line == pytest.approx((model.coef_[0, 0], model.intercept_[0]), abs=1e-5)


def test_counts_are_repeated_rows() -> None:
    logits, labels = drawn(400, 2)
    counts = np.random.default_rng(3).integers(3, size=400)
    rows = np.repeat(np.arange(400), counts)

    assert calibration_line(logits, labels, counts.astype(float)) == pytest.approx(
        calibration_line(logits[rows], labels[rows]), abs=1e-9
    )


def test_a_weight_of_each_row_is_that_of_scikit_learn() -> None:
    logits, labels = drawn(2_000, 6)
    weights = np.random.default_rng(7).random(2_000)
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1_000)
    model.fit(logits[:, None], labels, weights)

    line = calibration_line(logits, labels, weights)

    assert line == pytest.approx((model.coef_[0, 0], model.intercept_[0]), abs=1e-4)


def test_calibrated_scores_have_a_slope_of_one() -> None:
    """Within four standard errors, which for this n are below .1."""
    line = calibration_line(*drawn(20_000, 4))

    assert line == pytest.approx((1, 0), abs=0.1)


@pytest.mark.parametrize("stretch", [1e-3, 0.5, 3.0, 50.0])
def test_stretched_logits_are_found_out(stretch: float) -> None:
    logits, labels = drawn(20_000, 5)

    line = calibration_line(logits * stretch, labels)

    assert line is not None
    assert line[0] == pytest.approx(1 / stretch, rel=0.1)


@pytest.mark.parametrize("logits", [[-2.0, -1.0, 1.0, 2.0], [0.5, 0.5, 0.5, 0.5]])
def test_without_overlap_or_spread_there_is_no_line(logits: list[float]) -> None:
    labels = np.array([0, 0, 1, 1], dtype=np.int8)

    assert calibration_line(np.array(logits), labels) is None
