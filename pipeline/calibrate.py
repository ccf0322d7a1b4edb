"""Calibrate: log-odds of unseen operators into probabilities, and the bundle."""

import hashlib
from pathlib import Path
from typing import Annotated

import polars as pl
from pydantic import Field, model_validator

from features.artefacts import Artefacts
from features.catalogue import FEATURES
from models.bundle import code_hash, describe, save_bundle
from models.calibration import fit_calibrator
from models.calibrator import Calibrator
from models.control_values import ControlValues
from models.thresholds import Aim, describe_points, rates, solve
from models.training import balanced_weights
from pipeline.doubt import AbstentionParams, doubts, final_intervals, inner_scores
from pipeline.drift_profile import PROFILE, training_profile
from pipeline.files import atomic_directory, write_json, write_parquet
from pipeline.fold_line import TEMPERS
from pipeline.section import Section, load_section
from pipeline.stage import run_stage, say, stage_parser, world_lock
from pipeline.values import Values
from pipeline.withheld import Boosters

_KINDS = (
    {"max_fpr"},
    {"min_precision", "prevalence"},
    {"reviews_a_day", "accounts_a_day", "prevalence"},
)


class Threshold(Section):
    """An operating point as an aim: the highest recall that keeps to it."""

    max_fpr: Annotated[float, Field(gt=0, lt=1)] | None = None
    min_precision: Annotated[float, Field(gt=0, lt=1)] | None = None
    reviews_a_day: Annotated[float, Field(gt=0)] | None = None
    accounts_a_day: Annotated[float, Field(gt=0)] | None = None
    prevalence: Annotated[float, Field(gt=0, lt=1)] | None = None

    @model_validator(mode="after")
    def _is_one_aim(self) -> "Threshold":
        if self.model_fields_set not in _KINDS:
            shown = "; or ".join(", ".join(sorted(kind)) for kind in _KINDS)
            raise ValueError(f"an aim has {shown}")
        return self

    def aim(self) -> Aim:
        """The same as the models room takes it."""
        return Aim(**self.model_dump())


class CalibrateParams(Section):
    """Section `calibrate` of params.yaml."""

    default_prevalence: Annotated[float, Field(gt=0, lt=1)]
    ridge: Annotated[float, Field(ge=0)]
    thresholds: dict[str, Threshold]
    interval_confidence: Annotated[float, Field(gt=0, lt=1)]
    abstention: AbstentionParams

    def aims(self) -> dict[str, Aim]:
        """Operating points by name."""
        return {name: threshold.aim() for name, threshold in self.thresholds.items()}


def fit_all(
    predictions: pl.DataFrame, labels: pl.DataFrame, ridge: float
) -> dict[tuple[str, str], Calibrator]:
    """Calibrator of each fold, fitted on its inner scores alone.

    Each operator weighs the same, and both classes within it.
    """
    inner = (
        predictions.filter(
            (pl.col("model") == "telltale") & (pl.col("part") == "inner")
        )
        .join(labels.select("account_id", "label"), on="account_id")
        .sort("protocol", "fold", "unit", "account_id")
    )
    found = {}
    for (protocol, fold), rows in inner.group_by(
        ["protocol", "fold"], maintain_order=True
    ):
        truth = rows["label"].to_numpy()
        weights = balanced_weights(truth, rows["unit"].to_numpy().astype(str), 1.0)
        scores = rows["raw_score"].to_numpy()
        found[str(protocol), str(fold)] = fit_calibrator(scores, truth, weights, ridge)
    return found


def calibrate_scores(
    predictions: pl.DataFrame, calibrators: dict[tuple[str, str], Calibrator]
) -> pl.DataFrame:
    """Predictions with `logit` at `anchor`; baselines keep their own."""
    lines = pl.DataFrame(
        [
            {"model": "telltale", "protocol": p, "fold": f, **c.to_dict()}
            for (p, f), c in calibrators.items()
        ]
    ).rename({"anchor": "line_anchor"})
    return (
        predictions.join(lines, on=["model", "protocol", "fold"], how="left")
        .with_columns(
            pl.coalesce(
                pl.col("slope") * pl.col("raw_score") + pl.col("intercept"), "raw_score"
            ).alias("logit"),
            pl.coalesce("line_anchor", "anchor").alias("anchor"),
        )
        .drop("slope", "intercept", "line_anchor")
    )


def calibrate(
    world: str,
    trained: Path,
    features: Path,
    labels_path: Path,
    params: CalibrateParams,
    out: Path,
    bundle: Path,
) -> dict[tuple[str, str], Calibrator]:
    """Write calibrated.parquet, calibrators.json, tempers.json and the bundle."""
    labels = pl.read_parquet(labels_path)
    predictions = pl.read_parquet(trained / "predictions.parquet")
    calibrators = fit_all(predictions, labels, params.ridge)
    boosters = Boosters.read(trained)
    order = ["model", "protocol", "fold", "part", "unit", "account_id"]
    values = Values.read(features)
    limits = params.abstention.limits()
    scored, tempers = doubts(
        calibrate_scores(predictions, calibrators),
        labels,
        values,
        boosters,
        calibrators,
        params.interval_confidence,
        params.ridge,
        limits,
    )
    with atomic_directory(out) as working:
        write_parquet(scored, working / "calibrated.parquet", order)
        lines = {f"{p}/{f}": c.to_dict() for (p, f), c in calibrators.items()}
        write_json(lines, working / "calibrators.json")
        write_json(tempers, working / TEMPERS)
    final = calibrators["loco", "all"]
    artefacts = Artefacts.load(features / "artefacts" / "all.json")
    known = labels.filter(pl.col("slice").is_null()).select("account_id", "label")
    trained_on = (
        known.join(values.of("all"), on="account_id")
        .join(
            inner_scores(scored, labels, "all").select("account_id", "logit"),
            on="account_id",
        )
        .sort("account_id")
    )
    profile = training_profile(
        trained_on, trained_on["label"].to_numpy(), trained_on["logit"].to_numpy()
    )
    hashes = {
        "labels": _sha256(labels_path),
        "features": _sha256(features / "features.parquet"),
        "artefacts": artefacts.digest(),
        "code": code_hash(),
    }
    unseen = inner_scores(scored, labels, "all")
    found = rates(
        unseen["logit"].to_numpy(),
        unseen["label"].to_numpy(),
        unseen["unit"].to_numpy().astype(str),
    )
    points = describe_points(params.aims(), lambda aim: solve(aim, found))
    with atomic_directory(bundle) as working:
        write_json(profile, working / PROFILE)
        hashes["profile"] = _sha256(working / PROFILE)
        save_bundle(
            working,
            boosters.load("all").model_to_string(
                num_iteration=boosters.trees["loco/all"]
            ),
            final,
            artefacts,
            describe(world, params.default_prevalence, final, points, hashes),
            ControlValues.count(
                trained_on.filter(pl.col("label") == 0), FEATURES
            ).quantiles(),
            final_intervals(
                unseen,
                values,
                boosters,
                final,
                params.interval_confidence,
                params.ridge,
            ),
            limits,
        )
    return calibrators


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> None:
    """Run the command."""
    parser = stage_parser(__doc__)
    parser.add_argument("--trained", type=Path, required=True, help="output of train")
    parser.add_argument("--features", type=Path, required=True, help="of featurize")
    parser.add_argument("--labels", type=Path, required=True, help="labels.parquet")
    parser.add_argument("--out", type=Path, required=True, help="directory to write")
    parser.add_argument("--bundle", type=Path, required=True, help="bundle to write")
    args = parser.parse_args()
    params = load_section(args.params, "calibrate", CalibrateParams)
    with world_lock(args.world):
        lines = calibrate(
            args.world,
            args.trained,
            args.features,
            args.labels,
            params,
            args.out,
            args.bundle,
        )
    final = lines["loco", "all"]
    say(f"slope {final.slope:.3f}, intercept {final.intercept:.3f}")


if __name__ == "__main__":
    run_stage(main)
