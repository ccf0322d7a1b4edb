from typing import Any

import pytest

from models.leads import lead_on_strongest


def block(**campaigns: tuple[str, float | None]) -> dict[str, Any]:
    rows = {
        name: {"fold": fold, "auc": value, "in_headline": name != "apart"}
        for name, (fold, value) in campaigns.items()
    }
    return {"campaigns": rows}


def test_each_fold_has_its_own_strongest() -> None:
    ours = block(a=("one", 0.9), b=("two", 0.8), apart=("three", 0.1))
    weak = block(a=("one", 0.85), b=("two", 0.5), apart=("three", 1.0))
    other = block(a=("one", 0.6), b=("two", 0.7))

    found = lead_on_strongest(ours, {"weak": weak, "other": other}, "auc")

    assert found["mean"] == pytest.approx((0.05 + 0.1) / 2)
    assert {fold: row["strongest"] for fold, row in found["folds"].items()} == {
        "one": "weak",
        "two": "other",
    }
    assert found["folds"]["two"]["theirs"] == 0.7
    # Beside the lead on any one baseline, this is the least.
    assert found["mean"] < (0.05 + 0.3) / 2


def test_a_fold_of_two_campaigns_counts_once() -> None:
    ours = block(a=("one", 0.9), b=("one", 0.7), c=("two", 0.8))
    tree = block(a=("one", 0.6), b=("one", 0.8), c=("two", 0.7))

    found = lead_on_strongest(ours, {"tree": tree}, "auc")

    assert found["folds"]["one"]["ours"] == 0.8
    assert found["mean"] == pytest.approx(0.1)


def test_a_baseline_takes_part_where_it_applies() -> None:
    ours = block(a=("one", 0.9), b=("one", 0.9), c=("two", 0.8))
    half = block(a=("one", 1.0), c=("two", 0.75))
    none = {"not_applicable": "its columns are not known on both sides"}
    tree = block(a=("one", 0.5), b=("one", 0.5), c=("two", None))

    found = lead_on_strongest(ours, {"half": half, "none": none, "tree": tree}, "auc")

    assert found["folds"]["one"]["strongest"] == "tree"
    assert found["folds"]["two"]["strongest"] == "half"
    assert lead_on_strongest(ours, {"none": none}, "auc") == {"mean": None, "folds": {}}
