import numpy as np
import pytest

from models.alerts import Confusion, above, alerts, operating_point


def at(rate: float) -> dict[str, float]:
    return {"": rate, "_low": rate, "_high": rate}


# The table of evaluation.md, section 3: recall, FPR, prevalence -> PPV, alerts.
TABLE = [
    (0.9, 0.05, 0.15, 0.761, 17_750),
    (0.9, 0.05, 0.001, 0.018, 5_085),
    (0.9, 0.01, 0.05, 0.826, 5_450),
    (0.8, 0.01, 0.01, 0.447, 1_790),
    (0.6, 0.001, 0.001, 0.375, 160),
]


@pytest.mark.parametrize(("hit", "false", "prevalence", "ppv", "count"), TABLE)
def test_published_values_follow(
    hit: float, false: float, prevalence: float, ppv: float, count: int
) -> None:
    row = alerts(at(hit), at(false), prevalence)

    assert row["ppv"] == pytest.approx(ppv, abs=5e-4)
    assert row["alerts"] == pytest.approx(count, abs=0.5)


def test_counts_at_the_own_share_give_the_plain_ratios() -> None:
    counts = Confusion(30, 10, 20, 140)
    point = operating_point(counts, 0.95)

    row = alerts(at(point["recall"]), at(point["fpr"]), 50 / 200)

    assert row["ppv"] == pytest.approx(30 / 40, abs=1e-5)
    assert row["npv"] == pytest.approx(140 / 160, abs=1e-5)
    assert row["alerts"] == pytest.approx(100_000 * 40 / 200, abs=1)
    assert [point["recall"], point["fpr"]] == pytest.approx([0.6, 1 / 15], abs=1e-6)


def test_bounds_lie_around_and_none_flagged_is_no_certainty() -> None:
    point = operating_point(Confusion(50, 0, 50, 400), 0.95)

    assert (point["fpr"], point["fpr_low"]) == (0, 0)
    assert point["fpr_high"] > 0
    for row in point["alerts"]:
        assert row["ppv_low"] < row["ppv"] == 1
    nobody = operating_point(Confusion(0, 0, 10, 10), 0.95)["alerts"][0]
    assert nobody["ppv"] is None
    assert nobody["alerts"] == 0


def test_accounts_are_counted_by_label_and_flag() -> None:
    scores = np.array([3.0, 2.0, 2.0, 1.0])
    labels = np.array([1, 0, 1, 0], dtype=np.int8)

    assert above(scores, labels, 2.0) == Confusion(1, 0, 1, 2)
    assert above(scores, labels, 1.0) == Confusion(2, 1, 0, 1)
