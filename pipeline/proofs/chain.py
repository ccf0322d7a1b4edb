"""The stages from archives to calibrated scores, in a folder of their own."""

from collections.abc import Callable, Collection
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import polars as pl

from pipeline.calibrate import CalibrateParams, calibrate_scores, fit_all
from pipeline.doubt import doubts
from pipeline.evaluate import load_scored
from pipeline.featurize import featurize
from pipeline.files import write_json, write_parquet
from pipeline.fold_line import TEMPERS
from pipeline.ingest import ingest
from pipeline.label import label
from pipeline.params import Params
from pipeline.split import split
from pipeline.train import TrainParams, train
from pipeline.values import Values
from pipeline.verdicts import no_verdicts
from pipeline.withheld import Boosters
from pipeline.world.world import simulate

SIMULATED = "demo"


def simulate_world(
    params: Params,
    seed: int,
    folder: Path,
    plant: Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame] | None = None,
) -> None:
    """Archives of another seed, taken as far as featurize; nothing is said.

    Args:
        params: the whole parameter file.
        seed: of the simulated world.
        folder: to write into.
        plant: changes what the archives said of each account, given that and the
            truth; null for nothing.
    """
    sources = params.sources[SIMULATED]
    raw, canonical, labelled = (
        folder / name for name in ("raw", "canonical", "labelled")
    )
    raw.mkdir(parents=True)
    with redirect_stdout(StringIO()):
        settings = params.simulate.model_copy(update={"seed": seed})
        simulate(settings, raw, folder / "truth.parquet", lambda line: None)
        ingest(sources, raw, canonical, folder / "ingest.json")
        if plant:
            path = canonical / "labels.parquet"
            truth = pl.read_parquet(folder / "truth.parquet")
            planted = plant(pl.read_parquet(path), truth)
            write_parquet(planted, path, ["account_id"])
        label(canonical, sources, params.label, no_verdicts(), labelled)
        split(labelled / "labels.parquet", params.split, folder / "folds")
        featurize(
            canonical, labelled, folder / "folds", params.featurize, folder / "features"
        )


def score_world(
    folder: Path,
    protocols: Collection[str],
    params: TrainParams,
    calibration: CalibrateParams,
    out: Path,
) -> pl.DataFrame:
    """Calibrated scores of every account that a booster did not see, with labels.

    Columns as those of pipeline.evaluate.load_scored.

    Args:
        folder: a world's labelled, folds and features.
        protocols: whose folds are trained.
        params: of training.
        calibration: of lines and intervals.
        out: directory for boosters (`trained`) and scores (`calibrated`).
    """
    folds = pl.read_parquet(folder / "folds" / "folds.parquet")
    kept = folds.filter(pl.col("protocol").is_in(list(protocols)))
    keys = ["protocol", "fold", "account_id"]
    write_parquet(kept, out / "folds" / "folds.parquet", keys)
    labels = folder / "labelled" / "labels.parquet"
    with redirect_stdout(StringIO()):
        train(folder / "features", labels, out / "folds", params, out / "trained")
    predictions = pl.read_parquet(out / "trained" / "predictions.parquet")
    known = pl.read_parquet(labels)
    calibrators = fit_all(predictions, known, calibration.ridge)
    scored, tempers = doubts(
        calibrate_scores(predictions, calibrators),
        known,
        Values.read(folder / "features"),
        Boosters.read(out / "trained"),
        calibrators,
        calibration.interval_confidence,
        calibration.ridge,
        calibration.abstention.limits(),
    )
    calibrated = out / "calibrated"
    write_parquet(
        scored,
        calibrated / "calibrated.parquet",
        ["model", "protocol", "fold", "part", "unit", "account_id"],
    )
    lines = {f"{p}/{f}": line.to_dict() for (p, f), line in calibrators.items()}
    write_json(lines, calibrated / "calibrators.json")
    write_json(tempers, calibrated / TEMPERS)
    return load_scored(calibrated, folder / "labelled")
