"""The stage train against bare lightgbm.train calls over the same sets of accounts.

Drawn features of four operators, with the committed parameters. The bare calls are given
matrices that are ready, with weights, dropped families and what is not read. What the
stage adds is reading, choosing features, copies, numbers of trees, scores of every
account and baselines.
"""

import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any, Final

import lightgbm as lgb
import numpy as np
import polars as pl

from features.baselines import SGBOT_17, TEXT_6
from features.catalogue import FEATURES
from models.training import balanced_weights, drop_families
from models.training_sets import training_sets
from pipeline.featurize import FITTED
from pipeline.files import read_json, write_parquet
from pipeline.section import load_section
from pipeline.split import SplitParams, split
from pipeline.train import TrainParams, load_data, train
from tests.benchmarks.row import Row, against
from tests.models.builders import make_labels

EACH: Final = 150
# Share of values that are not known.
MISSING: Final = 0.1


def training() -> list[Row]:
    """Train four operators of 300 accounts each, all folds and inner ones."""
    params: TrainParams = load_section(Path("params.yaml"), "train", TrainParams)
    asked: SplitParams = load_section(Path("params.yaml"), "split", SplitParams)
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        labels = make_labels(positives=EACH, controls=EACH)
        write_parquet(labels, home / "labels.parquet", ["account_id"])
        with redirect_stdout(StringIO()):
            split(home / "labels.parquet", asked, home / "folds")
            folds = pl.read_parquet(home / "folds" / "folds.parquet")
            sets = training_sets(folds)
            _draw(labels, [each.key for each in sets], home / "features")
            ours = _cpu(
                lambda: train(
                    home / "features",
                    home / "labels.parquet",
                    home / "folds",
                    params,
                    home / "trained",
                )
            )
        bare = _bare(home, labels, sets, params)
    return [
        against(
            "training",
            f"{len(sets)} training sets of {labels.height:,} accounts, "
            f"{len(FEATURES)} features, {params.rounds} trees, CPU time",
            ours,
            "s",
            "bare lightgbm.train calls on the same, ready matrices",
            bare,
            most=1.5,
        )
    ]


def _cpu(work: Callable[[], object]) -> float:
    """Seconds of CPU of this process: other work on the machine does not count."""
    started = time.process_time()
    work()
    return time.process_time() - started


def _draw(labels: pl.DataFrame, keys: list[str], out: Path) -> None:
    """Write what featurize would: a third of the features tell the classes apart."""
    generator = np.random.default_rng(0)
    positive = labels["label"].to_numpy()

    def column(place: int, dtype: Any) -> pl.Series:
        values = generator.normal(size=labels.height) + positive * (place % 3 == 0)
        values[generator.random(labels.height) < MISSING] = np.nan
        series = pl.Series(values).fill_nan(None)
        return (series > 0) if dtype == pl.Boolean() else series.cast(dtype)

    every = {f.name: f.dtype for f in (*FEATURES, *SGBOT_17, *TEXT_6)}
    drawn = {
        name: column(place, dtype) for place, (name, dtype) in enumerate(every.items())
    }
    fitted = [feature.name for feature in FITTED]
    whole = labels.select("account_id").with_columns(**drawn)
    write_parquet(whole.drop(fitted), out / "features.parquet", ["account_id"])
    of_sets = [
        whole.select(pl.lit(key).alias("training_set"), "account_id", *fitted)
        for key in keys
    ]
    order = ["training_set", "account_id"]
    write_parquet(pl.concat(of_sets), out / "fitted.parquet", order)


def _bare(
    home: Path, labels: pl.DataFrame, sets: list[Any], params: TrainParams
) -> float:
    """Seconds of CPU in lightgbm.train, construction of its data set included."""
    data, recipe = load_data(home / "features", labels), params.recipe()
    names = [feature.name for feature in FEATURES]
    unread = read_json(home / "trained" / "left_out.json")
    settings = {
        **recipe.booster,
        "objective": "binary",
        "seed": recipe.seed,
        "deterministic": True,
        "force_row_wise": True,
        "verbose": -1,
        "monotone_constraints": [feature.direction for feature in FEATURES],
        "monotone_constraints_method": "intermediate",
    }
    spent = 0.0
    for each in sets:
        rows = data.rows(each.account_ids)
        matrix, known = data.matrix(each.key)[rows], data.labels[rows]
        matrix[:, np.isin(names, unread[each.key])] = np.nan
        again = drop_families(matrix, each.account_ids, FEATURES, recipe.family_dropout)
        weights = balanced_weights(known, data.blocks[rows], recipe.unit_power)
        given = (
            np.vstack([matrix, again]),
            np.concatenate([known, known]).astype(np.float32),
            np.concatenate([weights, weights]) / 2,
        )
        spent += _cpu(partial(_fit, *given, settings, recipe.rounds))
    return spent


def _fit(
    matrix: Any, labels: Any, weights: Any, settings: dict[str, Any], rounds: int
) -> lgb.Booster:
    data = lgb.Dataset(matrix, labels, weight=weights, params={"verbose": -1})
    return lgb.train(settings, data, num_boost_round=rounds)
