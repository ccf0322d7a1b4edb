"""Bad models, made on purpose: each is refused, by the gate that is there for it."""

import shutil
from dataclasses import replace
from typing import Any

import lightgbm as lgb
import numpy as np
import polars as pl
import pytest

from models.bundle import Bundle
from models.calibrator import Calibrator
from models.curves import read_by
from models.language import language_block
from models.metrics import figures
from models.nested import Data, train_sets
from models.slopes import calibration_slopes
from models.training_sets import training_sets
from pipeline.calibrate import CalibrateParams, calibrate, calibrate_scores, fit_all
from pipeline.evaluate import EvaluateParams, evaluate, load_campaigns
from pipeline.live_checks import check_live
from pipeline.missing_together import missing_together
from pipeline.report import evaluation_report, gate_results
from pipeline.train import TrainParams, load_data, train
from tests.pipeline.conftest import TinyWorld
from tests.pipeline.tracked_project import Project, everywhere, make_metrics

Gates = dict[str, dict[str, Any]]
# A column that boosters read, and the direction they are held to.
LEAKED = "audience_ratio_log"


def failed(gates: list[dict[str, Any]]) -> Gates:
    return {gate["code"]: gate for gate in gates if gate["status"] == "failed"}


def judge(world: TinyWorld, bundle: Bundle | None = None, **changed: Any) -> Gates:
    """Failed gates of the tiny world's model, but for the figures given."""
    params = EvaluateParams.model_validate(world.params["evaluate"])
    metrics = {**world.metrics, **changed}
    live = check_live(bundle or world.bundle, world.folder / "canonical", 8)
    limits = params.gates.of("demo").limits()
    return failed([gate.to_dict() for gate in gate_results(metrics, live, limits)])


def refuse(project: Project, gates: Gates, capsys: pytest.CaptureFixture[str]) -> str:
    """What is said where a model with these gates is tracked over a champion."""
    project.track(1, everywhere(0.6))
    project.promote()
    metrics = make_metrics(everywhere(0.9))
    outcome = [gates.get(gate["code"], gate) for gate in metrics["gates"]]
    project.track_metrics(2, metrics | {"gates": outcome})
    project.promote("never mind the gates")
    assert project.champion() == "1"
    assert project.alias("challenger") == "1"
    [run] = project.client.search_runs(["1"], "tags.gates = 'failed'")
    assert set(gates) <= set(run.data.tags["gates_failed"].split(", "))
    for gate in gates.values():
        assert str(gate["reason"]) in run.data.tags["gates_failed_because"]
    return capsys.readouterr().out


def test_the_sound_model_passes(tiny_world: TinyWorld) -> None:
    assert judge(tiny_world) == {}
    assert failed(tiny_world.metrics["gates"]) == {}


@pytest.fixture(scope="session")
def leaking(tiny_world: TinyWorld, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Metrics of a model trained where an id stands in a feature's column.

    Ids count accounts as somebody put the archives together: takedowns first, then
    look-alikes, then controls. An operator left out lies beside those trained on.
    """
    folder = tmp_path_factory.mktemp("leaking")
    for name in ("labelled", "folds", "canonical", "features"):
        shutil.copytree(tiny_world.folder / name, folder / name)
    table = folder / "features" / "features.parquet"
    values = pl.read_parquet(table)
    params, labels = tiny_world.params, folder / "labelled" / "labels.parquet"
    counted = (
        pl.read_parquet(labels)
        .sort(-pl.col("label"), pl.col("slice").is_null(), "account_id")
        .select("account_id", pl.row_index().cast(pl.Float32).alias(LEAKED))
    )
    values.drop(LEAKED).join(
        counted, on="account_id", how="left", maintain_order="left"
    ).select(values.columns).write_parquet(table)
    recipe = TrainParams(**{**params["train"], "rounds": 12})
    train(folder / "features", labels, folder / "folds", recipe, folder / "trained")
    calibrate(
        "demo",
        folder / "trained",
        folder / "features",
        labels,
        CalibrateParams(**params["calibrate"]),
        folder / "calibrated",
        folder / "bundle",
    )
    names = ("trained", "calibrated", "features", "labelled", "folds", "canonical")
    paths = {name: folder / name for name in (*names, "bundle", "plots")}
    paths |= {"metrics": folder / "metrics.json", "card": folder / "model_card.md"}
    paths |= {"label_errors": folder / "label_errors.parquet"}
    return evaluate(paths, EvaluateParams.model_validate(params["evaluate"]), recipe)


def test_a_model_trained_on_a_leaked_id_is_refused(
    leaking: dict[str, Any],
    tiny_world: TinyWorld,
    project: Project,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # By its figures it would be the better model.
    for which in ("mean", "worst"):
        figures = [m["loco"]["auc"][which] for m in (leaking, tiny_world.metrics)]
        assert figures[0] > figures[1]

    gates = failed(leaking["gates"])

    assert {"trained_on_what_is_served", "single_feature_auc"} <= set(gates)
    assert set(leaking["audit"]["rebuilt"]["differing"]) == {LEAKED}
    assert LEAKED in gates["trained_on_what_is_served"]["reason"]
    assert gates["single_feature_auc"]["value"] == 1.0
    said = refuse(project, gates, capsys)
    assert f"trained on values that its features do not give: {LEAKED}" in said


@pytest.mark.parametrize(
    ("sharper", "because"), [(8.0, "too sure"), (0.1, "not sure enough")]
)
def test_a_miscalibrated_model_is_refused(
    sharper: float,
    because: str,
    tiny_world: TinyWorld,
    project: Project,
    capsys: pytest.CaptureFixture[str],
) -> None:
    params = EvaluateParams.model_validate(tiny_world.params["evaluate"])
    labels = tiny_world.table("labelled/labels")
    predictions = tiny_world.table("trained/predictions")
    lines = fit_all(predictions, labels, tiny_world.params["calibrate"]["ridge"])
    wrong = {
        fold: Calibrator(line.slope * sharper, line.intercept, line.anchor)
        for fold, line in lines.items()
    }
    columns = ["account_id", "label", "campaign", "source", "block", "slice"]
    scored = calibrate_scores(predictions, wrong).join(
        labels.select(columns), on="account_id"
    )
    campaigns = load_campaigns(tiny_world.folder / "labelled")
    tested = scored.filter(
        (pl.col("model") == "telltale")
        & (pl.col("protocol") == "loco")
        & (pl.col("part") == "test")
    )
    slopes = calibration_slopes(tested, campaigns, params.least_positives)
    audit = tiny_world.metrics["audit"] | {"calibration": slopes}
    report = evaluation_report(scored, campaigns, params.rules(), {}, {})

    gates = judge(tiny_world, **report, audit=audit)

    # Order is untouched: only what probabilities mean is wrong.
    expected = {"unseen_slope", "unseen_slope_by_campaign"}
    allowed = {"unseen_ece_mean", "unseen_ece_worst", "unseen_brier_skill_worst"}
    assert expected <= set(gates) <= expected | allowed
    assert because in gates["unseen_slope"]["reason"]
    assert f"scores of unseen campaigns are {because}" in refuse(project, gates, capsys)


def lacking_together(world: TinyWorld) -> tuple[Data, pl.DataFrame]:
    """Accounts of which as many of both classes lack each value that the model reads.

    Four of ten takedowns lack all of them at once, as an archive may have been filled
    with profiles of two kinds; others lack this one or that.
    """
    labels = world.table("labelled/labels")
    data = load_data(world.folder / "features", labels)
    generator = np.random.default_rng(3)
    gone = {
        name: np.zeros(len(data.ids), dtype=bool)
        for name in sorted(read_by(world.bundle.booster))
    }
    for block in np.unique(data.blocks):
        for label in (0, 1):
            rows = np.flatnonzero((data.blocks == block) & (data.labels == label))
            number = round(0.4 * len(rows))
            at_once = generator.permutation(rows)[:number]
            for lacks in gone.values():
                lacks[
                    generator.permutation(rows)[:number] if label == 0 else at_once
                ] = 1

    def values(key: str) -> pl.DataFrame:
        return data.values(key).with_columns(
            pl.when(pl.Series(lacks)).then(None).otherwise(name).alias(name)
            for name, lacks in gone.items()
        )

    return replace(data, values=values), labels


def test_a_model_that_reads_which_values_are_missing_together_is_refused(
    tiny_world: TinyWorld, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    data, labels = lacking_together(tiny_world)
    tested = labels.filter(pl.col("slice").is_null()).select(
        "account_id", "label", fold="block"
    )
    sets = {one.key: one for one in training_sets(tiny_world.table("folds/folds"))}
    recipe = TrainParams(**tiny_world.params["train"]).recipe()

    def booster(key: str) -> lgb.Booster:
        return next(train_sets(data, [sets[key]], recipe)).booster

    trees = dict.fromkeys((f"loco/{fold}" for fold in tested["fold"].unique()), 30)
    rules = EvaluateParams.model_validate(tiny_world.params["evaluate"]).rules()
    together = missing_together(tested, data, booster, trees, 5, rules)
    audit = tiny_world.metrics["audit"] | {"missing_together": together}

    gates = judge(tiny_world, audit=audit)

    assert set(gates) == {"missing_together_alone", "missing_together_lent"}
    said = refuse(project, gates, capsys)
    assert "unseen accounts are told by which values they lack together" in said


def test_gaps_of_few_accounts_are_not_judged(tiny_world: TinyWorld) -> None:
    labels = tiny_world.table("labelled/labels")
    data = load_data(tiny_world.folder / "features", labels)
    tested = labels.select("account_id", "label", fold="block")
    rules = EvaluateParams.model_validate(tiny_world.params["evaluate"]).rules()

    def never(key: str) -> lgb.Booster:
        raise AssertionError(key)

    many = replace(rules, least_positives=labels.height)
    together = missing_together(tested, data, never, {}, 5, many)

    assert set(together["folds"]) == set(tested["fold"])
    assert {row["lent"] for row in together["folds"].values()} == {None}
    assert together["reason"] == "fewer than two folds have accounts enough"


def spoken(reads_language: bool) -> pl.DataFrame:
    """Test scores of a booster trained where takedowns write `xx` more often."""
    generator = np.random.default_rng(5)
    n = 12_000
    label = (generator.random(n) < 0.3).astype(np.int8)
    behaviour = generator.normal(size=n) + 1.5 * label
    writes_xx = generator.random(n) < np.where(label == 1, 0.7, 0.3)
    columns = [behaviour, generator.normal(size=n)]
    matrix = np.column_stack([*columns, writes_xx] if reads_language else columns)
    train_rows = np.arange(n) < n // 2
    booster = lgb.train(
        {"objective": "binary", "seed": 1, "deterministic": True, "verbose": -1},
        lgb.Dataset(matrix[train_rows], label[train_rows], params={"verbose": -1}),
        30,
    )
    rest = ~train_rows
    return pl.DataFrame(
        {
            "fold": "one",
            "label": label[rest],
            "logit": np.asarray(booster.predict(matrix[rest], raw_score=True)),
            "language": np.where(writes_xx[rest], "xx", "yy"),
        }
    )


def test_a_model_biased_against_one_language_is_refused(
    tiny_world: TinyWorld, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    def gates(reads_language: bool) -> Gates:
        languages = language_block(spoken(reads_language), 300, 0.95)
        audit = tiny_world.metrics["audit"] | {"language": languages}
        return judge(tiny_world, audit=audit)

    assert gates(reads_language=False) == {}
    biased = gates(reads_language=True)
    assert set(biased) == {f"language_parity_at_fpr_{rate}" for rate in (0.1, 0.01)}
    said = refuse(project, biased, capsys)
    assert "people who write xx are flagged more often than those who write yy" in said


def shifted(bundle: Bundle, by: float) -> Bundle:
    """The same sums of trees, but two trees so large that no sum of parts is exact."""
    booster = lgb.Booster(model_str=bundle.booster.model_to_string())
    for tree, sign in ((0, 1), (1, -1)):
        leaves = booster.dump_model()["tree_info"][tree]["num_leaves"]
        for leaf in range(leaves):
            value = booster.get_leaf_output(tree, leaf)
            booster.set_leaf_output(tree, leaf, value + sign * by)
    return replace(bundle, booster=booster)


def test_explanations_that_do_not_add_up_are_refused(
    tiny_world: TinyWorld, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert judge(tiny_world, shifted(tiny_world.bundle, by=1.0)) == {}

    gates = judge(tiny_world, shifted(tiny_world.bundle, by=1e11))

    assert "contributions_add_up" in gates
    assert gates["contributions_add_up"]["value"] > 1e-6
    said = refuse(
        project, {"contributions_add_up": gates["contributions_add_up"]}, capsys
    )
    assert "base, shift and contributions do not sum to the logit" in said


def found_at(separation: float, seed: int) -> float:
    """Average precision of scores whose classes lie this far apart."""
    labels = np.repeat([1, 0], 500).astype(np.int8)
    scores = np.random.default_rng(seed).normal(size=1000) + separation * labels
    figure = figures(scores, labels)["average_precision"].value
    assert figure is not None
    return figure


def test_a_model_worse_on_the_worst_campaign_is_refused(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("north", "south", "east", "west", "centre", "coast")
    project.track(1, {name: found_at(1.0, seed) for seed, name in enumerate(names)})
    project.promote()
    better = {name: found_at(3.5, seed) for seed, name in enumerate(names)}
    project.track(2, better | {"north": found_at(0.6, 0)})

    project.promote()

    # By its mean it would be the better model, and by the interval of it.
    assert project.champion() == "1"
    refused = project.tags("2")["refused_because"]
    assert refused.startswith("worse than version 1 on the worst campaign: north")
    assert refused in capsys.readouterr().out
