"""Evaluate: figures of unseen campaigns, audits, doubtful labels, gates, plots, card."""

from pathlib import Path
from typing import Annotated, Any

import polars as pl
from pydantic import Field

from models.bundle import load_bundle
from models.curves import campaign_curves, importance, read_by, score_histogram
from models.evaluation import Campaign, Rules, headline_rows
from models.training_sets import training_sets
from pipeline.audits import audit
from pipeline.card import model_card
from pipeline.doubt_report import doubt_report
from pipeline.evened import evened
from pipeline.files import atomic_directory, atomic_file, read_json, write_json
from pipeline.gate_params import WorldGates
from pipeline.hidden_report import hidden_report, load_trained
from pipeline.label_errors import LabelErrorParams, label_errors
from pipeline.live_checks import LiveChecks, check_live
from pipeline.missing_together import missing_together
from pipeline.model_audits import AuditParams, model_audits
from pipeline.noise_curve import label_noise, worst_folds
from pipeline.report import evaluation_report, gate_results, protocol_rows
from pipeline.section import Section, load_section
from pipeline.stage import run_stage, say, stage_parser, world_lock
from pipeline.summary import summary_lines
from pipeline.train import TrainParams, load_data


class EvaluateParams(Section):
    """Section `evaluate` of params.yaml."""

    seed: Annotated[int, Field(ge=0)]
    bootstrap_draws: Annotated[int, Field(ge=100)]
    confidence: Annotated[float, Field(gt=0.5, lt=1)]
    least_positives: Annotated[int, Field(ge=1)]
    worst_margin: Annotated[float, Field(ge=0, le=1)]
    live_accounts: Annotated[int, Field(ge=1, le=1_000)]
    diagnostic_rows: Annotated[int, Field(ge=100)]
    mask_least_gain: Annotated[float, Field(ge=0)]
    account_draws: Annotated[int, Field(ge=50)]
    curve_accounts: Annotated[int, Field(ge=20)]
    days_earlier: Annotated[int, Field(ge=1)]
    most_harmed: Annotated[float, Field(ge=0, le=1)]
    noise_folds: Annotated[int, Field(ge=0)]
    label_errors: LabelErrorParams
    audits: AuditParams
    gates: WorldGates

    def rules(self) -> Rules:
        """How figures are put together, as the models room takes it."""
        return Rules(
            self.bootstrap_draws, self.confidence, self.seed, self.least_positives
        )


def load_scored(calibrated: Path, labels: Path) -> pl.DataFrame:
    """Every calibrated score with label, campaign, source, block, slice of its account."""
    columns = ["account_id", "label", "campaign", "source", "block", "slice"]
    return pl.read_parquet(calibrated / "calibrated.parquet").join(
        pl.read_parquet(labels / "labels.parquet").select(columns), on="account_id"
    )


def load_campaigns(labelled: Path) -> list[Campaign]:
    """What the label stage declared of each campaign."""
    return [
        Campaign(c["name"], c["operator"], c["in_headline"], c["reason"])
        for c in read_json(labelled / "campaigns.json")
    ]


def evaluate(
    paths: dict[str, Path], params: EvaluateParams, recipe: TrainParams
) -> dict[str, Any]:
    """Write metrics.json, suspected label errors, plots and the model card; the metrics.

    Args:
        paths: the outputs of earlier stages, by name, and those to write.
        params: section evaluate.
        recipe: section train, for the boosters that are trained on wrong labels.
    """
    scored = load_scored(paths["calibrated"], paths["labelled"])
    declared = read_json(paths["labelled"] / "campaigns.json")
    campaigns = load_campaigns(paths["labelled"])
    not_applicable = read_json(paths["folds"] / "not_applicable.json")
    bundle = load_bundle(paths["bundle"])
    untrained = read_json(paths["trained"] / "not_applicable.json")
    metrics = evaluation_report(
        scored, campaigns, params.rules(), not_applicable, untrained
    )
    metrics |= doubt_report(
        scored,
        campaigns,
        bundle,
        paths["features"],
        paths["canonical"],
        params.rules(),
    )
    say("figures of every campaign: done")
    metrics["audit"] = audit(
        paths["features"],
        paths["labelled"],
        params.seed,
        params.diagnostic_rows,
        params.mask_least_gain,
        read_by(bundle.booster),
    )
    labels = pl.read_parquet(paths["labelled"] / "labels.parquet")
    data = load_data(paths["features"], labels)
    trained = load_trained(paths["trained"])
    seen = load_data(paths["features"], labels, seen=True)
    metrics["audit"]["hidden_positives"] = hidden_report(
        scored, seen, trained, params.rules()
    )
    say("audit of the collection: done")
    tested = protocol_rows(scored.filter(model="telltale"), "loco").sort(
        "fold", "account_id"
    )
    judged = headline_rows(tested, campaigns)
    trees = read_json(paths["trained"] / "trees.json")
    metrics["audit"]["missing_together"] = missing_together(
        judged,
        data,
        trained.booster,
        trees,
        params.audits.missing_deals,
        params.rules(),
    )
    metrics["audit"]["evened"] = evened(
        judged, data, seen, trained.booster, trees, params.least_positives
    )
    suspects, metrics["label_errors"] = label_errors(
        judged, labels, params.label_errors
    )
    with atomic_file(paths["label_errors"]) as working:
        suspects.write_parquet(working)
    folds = pl.read_parquet(paths["folds"] / "folds.parquet")
    metrics["label_noise"] = label_noise(
        tested,
        data,
        worst_folds(metrics["loco"]["campaigns"], params.noise_folds),
        {one.key: one for one in training_sets(folds)},
        trees,
        recipe.recipe(),
    )
    say("doubts about labels: done")
    metrics["audit"] |= model_audits(
        paths, scored, campaigns, params.rules(), params.audits
    )
    say("audit of the model: done")
    live: LiveChecks = check_live(bundle, paths["canonical"], params.live_accounts)
    limits = params.gates.of(bundle.description["world"]).limits()
    metrics["gates"] = [g.to_dict() for g in gate_results(metrics, live, limits)]
    write_json(metrics, paths["metrics"])
    with atomic_directory(paths["plots"]) as working:
        curves = campaign_curves(tested, [c.name for c in campaigns])
        curves["importance"] = importance(bundle.booster)
        curves["scores"] = score_histogram(tested, bundle.default_prevalence)
        for name, points in curves.items():
            points.write_csv(working / f"{name}.csv")
    with atomic_file(paths["card"]) as working:
        working.write_text(model_card(metrics, declared, bundle), encoding="utf-8")
    return metrics


_PATHS = (
    ("calibrated", "output of calibrate"),
    ("trained", "output of train"),
    ("features", "output of featurize"),
    ("labelled", "output of label"),
    ("folds", "output of split"),
    ("canonical", "tables of ingest"),
    ("bundle", "the bundle"),
    ("metrics", "metrics.json to write"),
    ("plots", "directory of plot data to write"),
    ("card", "model card to write"),
    ("label_errors", "Parquet file of suspected label errors to write"),
)


def main() -> None:
    """Run the command."""
    parser = stage_parser(__doc__)
    for name, what in _PATHS:
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, type=Path, required=True, help=what)
    args = parser.parse_args()
    params = load_section(args.params, "evaluate", EvaluateParams)
    recipe = load_section(args.params, "train", TrainParams)
    paths = {name: getattr(args, name) for name, _ in _PATHS}
    with world_lock(args.world):
        metrics = evaluate(paths, params, recipe)
    for line in summary_lines(args.world, metrics):
        say(line)


if __name__ == "__main__":
    run_stage(main)
