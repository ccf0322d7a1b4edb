import numpy as np
import polars as pl
import pytest

from features.catalogue import FEATURES
from models.bundle import Bundle
from models.curves import campaign_curves, importance, score_histogram
from tests.models.test_evaluation import scored_rows


def test_curves_run_from_corner_to_corner() -> None:
    curves = campaign_curves(scored_rows({"a1": 50, "b1": 60}), ["a1", "b1", "none"])

    for name in ("a1", "b1"):
        roc = curves["roc"].filter(campaign=name)
        assert roc.select("fpr", "tpr").row(0) == (0, 0)
        assert roc.select("fpr", "tpr").row(-1) == (1, 1)
        assert roc["fpr"].is_sorted()
        assert roc["tpr"].is_sorted()
        assert roc.height <= 101
        found = curves["precision_recall"].filter(campaign=name)
        assert (found["recall"].min(), found["recall"].max()) == (0, 1)
    assert set(curves["roc"]["campaign"]) == {"a1", "b1"}


def test_reliability_counts_every_account() -> None:
    curves = campaign_curves(scored_rows({"a1": 50}, controls=320), ["a1"])

    assert curves["reliability"]["count"].sum() == 370
    assert curves["reliability"]["predicted"].is_sorted()


def test_anchors_are_those_of_the_rows() -> None:
    rows = scored_rows({"a1": 50})
    odd = pl.int_range(pl.len()) % 2 == 1
    moved = rows.with_columns(
        logit=pl.when(odd).then(pl.col("logit") - np.log(4)).otherwise("logit"),
        anchor=pl.when(odd).then(0.2).otherwise("anchor"),
    )

    curves, plain = campaign_curves(moved, ["a1"]), campaign_curves(rows, ["a1"])

    assert curves["reliability"].equals(plain["reliability"])
    assert score_histogram(moved, 0.05).equals(score_histogram(rows, 0.05))


def test_a_world_without_controls_has_empty_curves() -> None:
    rows = scored_rows({"a1": 50}).filter(pl.col("label") == 1)

    curves = campaign_curves(rows, ["a1"])

    for name, columns in (("roc", ["campaign", "fpr", "tpr"]),):
        assert curves[name].is_empty()
        assert curves[name].columns == columns


def test_shares_of_gain_sum_to_one(small_bundle: Bundle) -> None:
    shares = importance(small_bundle.booster)

    assert shares["importance"].sum() == pytest.approx(1, abs=1e-4)
    assert set(shares["feature"]) == {f.name for f in FEATURES}
    assert shares["importance"].is_sorted(descending=True)


def test_histogram_shares_sum_to_one_in_each_class() -> None:
    bins = score_histogram(scored_rows({"a1": 50}), 0.5)

    sums = bins.group_by("class").agg(pl.col("share").sum())
    assert sums["share"].to_list() == pytest.approx([1, 1], abs=1e-4)
    assert bins.height == 40
