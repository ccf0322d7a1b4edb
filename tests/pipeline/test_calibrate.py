import json
from pathlib import Path

import lightgbm as lgb
import numpy as np
import polars as pl
import pytest

from features.catalogue import FEATURES
from models.control_values import ControlValues
from models.training import raw_scores
from pipeline.calibrate import (
    CalibrateParams,
    calibrate,
    calibrate_scores,
    fit_all,
)
from pipeline.train import load_data
from tests.pipeline.conftest import TinyWorld


def test_the_calibrator_of_a_fold_does_not_depend_on_its_test_rows(
    tiny_world: TinyWorld,
) -> None:
    predictions = tiny_world.table("trained/predictions")
    labels = tiny_world.table("labelled/labels")
    before = fit_all(predictions, labels, 1e-4)
    tested = (pl.col("part") == "test") & (pl.col("fold") == "harbour")
    spoilt = predictions.with_columns(
        raw_score=pl.when(tested).then(99.0).otherwise("raw_score")
    )
    flipped = labels.with_columns(
        label=pl.when(pl.col("block") == "harbour")
        .then(1 - pl.col("label"))
        .otherwise("label")
    )

    assert fit_all(spoilt, labels, 1e-4) == before
    after = fit_all(predictions, flipped, 1e-4)
    assert after["loco", "harbour"] == before["loco", "harbour"]
    # The twin: where harbour is trained on, its labels do count.
    assert after["loco", "atelier"] != before["loco", "atelier"]
    assert after["loco", "all"] != before["loco", "all"]


def test_the_anchor_is_one_half_where_classes_weigh_alike(
    tiny_world: TinyWorld,
) -> None:
    for line in tiny_world.json("calibrated/calibrators").values():
        assert line["anchor"] == pytest.approx(0.5)
        assert line["slope"] > 0


def test_every_score_is_on_the_line_of_its_own_fold(tiny_world: TinyWorld) -> None:
    lines = tiny_world.json("calibrated/calibrators")
    rows = tiny_world.table("calibrated/calibrated").filter(model="telltale")

    for (protocol, fold), some in rows.group_by("protocol", "fold"):
        line = lines[f"{protocol}/{fold}"]
        expected = line["slope"] * some["raw_score"] + line["intercept"]
        assert some["logit"].to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-12)
        assert set(some["anchor"]) == {line["anchor"]}


def test_baselines_keep_their_own_scores(tiny_world: TinyWorld) -> None:
    predictions = tiny_world.table("trained/predictions")
    labels = tiny_world.table("labelled/labels")
    scored = calibrate_scores(predictions, fit_all(predictions, labels, 1e-4))

    rows = scored.filter(pl.col("model") != "telltale")
    assert rows["logit"].equals(rows["raw_score"], check_names=False)
    assert rows["anchor"].null_count() == 0
    assert scored.height == predictions.height


def test_the_bundle_scores_as_the_final_booster_bit_for_bit(
    tiny_world: TinyWorld,
) -> None:
    bundle = tiny_world.bundle
    trees = tiny_world.json("trained/trees")["loco/all"]
    whole = lgb.Booster(
        model_file=tiny_world.folder / "trained" / "boosters" / "all.txt"
    )
    labels = tiny_world.table("labelled/labels")
    matrix = load_data(tiny_world.folder / "features", labels).matrix("all")

    served = np.asarray(bundle.booster.predict(matrix, raw_score=True))

    assert bundle.booster.num_trees() == trees
    assert np.array_equal(served, raw_scores(whole, matrix, trees))
    line = tiny_world.json("calibrated/calibrators")["loco/all"]
    assert bundle.calibrator.to_dict() == line
    assert bundle.description["calibration_prevalence"] == line["anchor"]


def test_quantiles_are_of_the_controls_that_were_trained_on(
    tiny_world: TinyWorld,
) -> None:
    labels = tiny_world.table("labelled/labels")
    fitted = tiny_world.table("features/fitted").filter(training_set="all")
    rows = labels.join(tiny_world.table("features/features"), on="account_id").join(
        fitted, on="account_id"
    )
    controls = rows.filter(pl.col("label") == 0)

    def of(some: pl.DataFrame) -> dict[str, dict[str, list[float]]]:
        return ControlValues.count(some, FEATURES).quantiles()

    trained_on = controls.filter(pl.col("slice").is_null())
    assert tiny_world.bundle.quantiles == of(trained_on)
    # The twin: look-alikes and takedown accounts would have been seen.
    assert of(controls) != of(trained_on)
    assert of(rows.filter(pl.col("slice").is_null())) != of(trained_on)


def test_a_failure_leaves_the_last_bundle_whole(
    tiny_world: TinyWorld, tmp_path: Path
) -> None:
    folder = tiny_world.folder
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    (bundle / "bundle.json").write_text("{}")
    broken = tmp_path / "features"
    broken.mkdir()
    for name in ("features.parquet", "artefacts"):
        (broken / name).symlink_to(folder / "features" / name)
    (broken / "fitted.parquet").write_text("nothing")

    with pytest.raises(pl.exceptions.PolarsError):
        calibrate(
            "demo",
            folder / "trained",
            broken,
            folder / "labelled" / "labels.parquet",
            CalibrateParams(**tiny_world.params["calibrate"]),
            tmp_path / "calibrated",
            bundle,
        )

    assert [path.name for path in bundle.iterdir()] == ["bundle.json"]
    assert json.loads((bundle / "bundle.json").read_text()) == {}
    assert not list(tmp_path.glob(".bundle*"))
