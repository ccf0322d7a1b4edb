import numpy as np
import polars as pl
import pytest

from models.calibrator import sigmoid
from models.evaluation import Campaign
from models.slopes import calibration_slopes

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
