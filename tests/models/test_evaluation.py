import json

import numpy as np
import polars as pl
import pytest

from models.evaluation import (
    Campaign,
    Rules,
    headline_lead,
    operator_interval,
    protocol_block,
    recall_by_control_source,
    summarise,
)
from models.metrics import FIGURES

RULES = Rules(draws=1_000, confidence=0.95, seed=1, least_positives=30)
CAMPAIGNS = [
    Campaign("a1", "a", True, None),
    Campaign("a2", "a", True, None),
    Campaign("b1", "b", True, None),
    Campaign("c1", "c", False, "collected otherwise"),
]


def scored_rows(
    sizes: dict[str, int], controls: int = 320, lift: float = 2.0
) -> pl.DataFrame:
    generator = np.random.default_rng(0)
    parts = []
    for fold in sorted({name[0] for name in sizes}):
        names = [name for name in sizes if name[0] == fold]
        for campaign, count in [*((n, sizes[n]) for n in names), (None, controls)]:
            parts.append(
                pl.DataFrame(
                    {
                        "account_id": [f"{fold}/{campaign}-{i}" for i in range(count)],
                        "fold": [fold] * count,
                        "label": [int(campaign is not None)] * count,
                        "campaign": [campaign] * count,
                        "source": [f"people_{fold}"] * count,
                        "logit": generator.normal(0, 1, count)
                        + (lift if campaign else 0.0),
                        "anchor": [0.5] * count,
                    },
                    schema_overrides={"campaign": pl.String, "label": pl.Int8},
                )
            )
    return pl.concat(parts)


def test_block_has_the_agreed_shape() -> None:
    block = protocol_block(
        scored_rows({"a1": 50, "a2": 40, "b1": 60, "c1": 35}), CAMPAIGNS, RULES
    )

    assert set(block) == {*FIGURES, "campaigns"}
    for figure in FIGURES:
        keys = {"mean", "worst", "ci_low", "ci_high", "over", "worst_over", "of"}
        assert set(block[figure]) == keys
    for row in block["campaigns"].values():
        assert set(row) == {*FIGURES, "n_pos", "n_neg", "fold", "in_headline", "reason"}
    assert block["campaigns"]["a1"]["n_pos"] == 50
    assert block["campaigns"]["a1"]["n_neg"] == 320
    json.dumps(block, allow_nan=False)


def test_mean_worst_and_headline() -> None:
    block = protocol_block(
        scored_rows({"a1": 50, "a2": 40, "b1": 60, "c1": 35}), CAMPAIGNS, RULES
    )

    for figure, pick in (("auc", min), ("ece", max)):
        values = [block["campaigns"][name][figure] for name in ("a1", "a2", "b1")]
        assert block[figure]["mean"] == pytest.approx(np.mean(values), abs=1e-6)
        assert block[figure]["worst"] == pick(values)
        assert block[figure]["ci_low"] <= block[figure]["mean"]


def test_small_campaigns_stay_out_of_worst_but_are_shown() -> None:
    rows = scored_rows({"a1": 50, "a2": 1, "b1": 60})
    spoilt = rows.with_columns(
        pl.when(pl.col("campaign") == "a2").then(-9.0).otherwise("logit").alias("logit")
    )

    block = protocol_block(spoilt, CAMPAIGNS, RULES)

    assert block["campaigns"]["a2"]["auc"] == 0
    assert block["auc"]["worst"] > 0.8
    assert block["auc"]["mean"] < 0.75
    counts = [block["auc"][key] for key in ("over", "worst_over", "of")]
    assert counts == [3, 2, 3]


def test_a_figure_that_may_not_be_reported_has_a_reason() -> None:
    block = protocol_block(scored_rows({"a1": 5, "b1": 5}, 100), CAMPAIGNS, RULES)

    recall = "recall_at_fpr_0.01"
    assert block["campaigns"]["a1"][recall] is None
    reason = "100 controls, 300 needed"
    assert block["campaigns"]["a1"][f"{recall}_reason"] == reason
    assert block[recall]["mean"] is None
    assert "no headline campaign" in block[recall]["reason"]
    assert block["auc"]["worst"] is None
    assert "30 accounts" in block["auc"]["reason"]
    assert [block[recall][key] for key in ("over", "worst_over", "of")] == [0, 0, 2]


def test_a_fold_without_controls_is_null_with_a_reason() -> None:
    rows = scored_rows({"a1": 50, "b1": 60}).filter(
        (pl.col("fold") == "b") | (pl.col("label") == 1)
    )

    block = protocol_block(rows, CAMPAIGNS, RULES)

    assert block["campaigns"]["a1"]["reason"] == "no controls in this fold"
    assert all(block["campaigns"]["a1"][figure] is None for figure in FIGURES)
    assert block["auc"]["ci_low"] is None
    assert "one operator" in block["auc"]["reason"]
    json.dumps(block, allow_nan=False)


def test_rows_of_other_folds_change_nothing() -> None:
    rows = scored_rows({"a1": 50, "b1": 60})
    alone = protocol_block(rows.filter(fold="a"), CAMPAIGNS, RULES)

    block = protocol_block(rows, CAMPAIGNS, RULES)

    assert block["campaigns"]["a1"] == alone["campaigns"]["a1"]


def test_a_campaign_of_several_calibrators_is_put_on_one_scale() -> None:
    rows = scored_rows({"a1": 200, "b1": 60})
    plain = protocol_block(rows, CAMPAIGNS, RULES)
    # Half of the rows come from a calibrator with another anchor: the same scores.
    odd = pl.int_range(pl.len()) % 2 == 1
    moved = rows.with_columns(
        logit=pl.when(odd).then(pl.col("logit") - np.log(4)).otherwise("logit"),
        anchor=pl.when(odd).then(0.2).otherwise("anchor"),
    )

    assert protocol_block(moved, CAMPAIGNS, RULES) == plain


def test_order_of_rows_changes_nothing() -> None:
    rows = scored_rows({"a1": 50, "a2": 40, "b1": 60}).with_columns(
        pl.col("logit").round(0)
    )

    shuffled = rows.sample(fraction=1, shuffle=True, seed=3)

    assert protocol_block(shuffled, CAMPAIGNS, RULES) == protocol_block(
        rows, CAMPAIGNS, RULES
    )


def planted(generator: np.random.Generator) -> list[list[float]]:
    """Campaigns of six operators: figures cluster by operator."""
    return [
        list(centre + generator.normal(0, 0.005, 4))
        for centre in generator.normal(0.8, 0.08, 6)
    ]


def test_grouped_interval_is_wider_than_the_naive_one_and_covers() -> None:
    wider = covered = 0
    for seed in range(60):
        groups = planted(np.random.default_rng(seed))
        low, high = operator_interval(groups, RULES)
        each = [[value] for group in groups for value in group]
        naive_low, naive_high = operator_interval(each, RULES)
        assert low is not None
        assert high is not None
        assert naive_low is not None
        assert naive_high is not None
        wider += high - low > naive_high - naive_low
        covered += low <= 0.8 <= high

    assert wider == 60
    # Six operators: a percentile interval of 95 % covers about 85 %.
    assert covered >= 42


def test_interval_of_known_draws() -> None:
    low, high = operator_interval([[0.0], [1.0]], RULES)

    assert (low, high) == (0, 1)
    assert operator_interval([[0.4, 0.9]], RULES) == (None, None)
    assert operator_interval([[0.5], [0.5]], RULES) == (0.5, 0.5)


def test_interval_depends_on_the_seed_alone() -> None:
    groups = planted(np.random.default_rng(0))
    other = Rules(1_000, 0.95, 2, 30)

    assert operator_interval(groups, RULES) == operator_interval(groups, RULES)
    assert operator_interval(groups, RULES) != operator_interval(groups, other)


def test_no_negative_zero_is_written() -> None:
    rows = {"x": {"in_headline": True, "auc": -0.0, "n_pos": 40}}

    found = summarise(rows, {"x": "o"}, "auc", RULES)

    assert str(found["mean"]) == "0.0"


def test_recall_is_that_of_the_worst_control_source() -> None:
    campaign = pl.DataFrame({"logit": np.arange(10.0)})
    controls = pl.DataFrame(
        {
            "source": ["calm"] * 300 + ["loud"] * 300 + ["few"] * 20,
            "logit": [0.5] * 300 + [7.5] * 300 + [99.0] * 20,
        }
    )

    found = recall_by_control_source(campaign, controls, 0.01)

    assert found == {
        "worst": 0.2,
        "by_source": {"calm": 0.9, "few": None, "loud": 0.2},
    }


def test_lead_is_over_campaigns_that_both_have() -> None:
    ours = {
        "campaigns": {
            "x": {"in_headline": True, "auc": 0.9},
            "y": {"in_headline": True, "auc": 0.8},
            "z": {"in_headline": False, "auc": 0.1},
        }
    }
    other = {"campaigns": {"x": {"auc": 0.6}, "z": {"auc": 0.9}}}

    assert headline_lead(ours, other, "auc") == pytest.approx(0.3)
    assert headline_lead(ours, {"campaigns": {}}, "auc") is None
