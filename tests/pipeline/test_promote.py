import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from features.errors import ArtefactError, InputError
from models.comparison import Comparison, compare
from models.evaluation import Rules
from pipeline.champion import export
from pipeline.files import write_json
from pipeline.promote import promote, undo
from pipeline.run_record import Outputs, read_record
from pipeline.tracking import registry, track

MODEL = "telltale-demo"
RULES = Rules(draws=500, confidence=0.95, seed=1, least_positives=1)
OPERATORS = ("north", "south", "east", "west")
Figures = dict[str, float | None]


def gate(**overrides: Any) -> dict[str, Any]:
    passed = {"code": "lead", "status": "passed", "value": 0.1, "limit": "above 0"}
    return {**passed, "reason": None, **overrides}


def make_metrics(campaigns: Figures, **gate_overrides: Any) -> dict[str, Any]:
    """Metrics of campaigns `<operator>` or `<operator>-<part>`."""
    rows = {
        name: {
            "n_pos": 50,
            "n_neg": 100,
            "fold": name.partition("-")[0],
            "in_headline": not name.endswith("-aside"),
            "average_precision": figure,
        }
        for name, figure in campaigns.items()
    }
    mean = {"mean": 0.7, "worst": 0.6, "ci_low": 0.5, "ci_high": 0.8}
    return {
        "loco": {"average_precision": mean, "campaigns": rows},
        "gates": [gate(**gate_overrides)],
    }


def everywhere(figure: float) -> Figures:
    """The same figure for one campaign of each operator, a little apart."""
    return {name: figure + 0.01 * place for place, name in enumerate(OPERATORS)}


class Project:
    """A folder in which models are tracked, promoted and laid out."""

    def __init__(self, folder: Path, root: Path, uri: str) -> None:
        self.folder, self.root, self.uri = folder, root, uri
        self.client = MlflowClient(uri)
        self.target = folder / "artifacts" / "demo" / "champion"

    def track(self, seed: int, campaigns: Figures, **gate_overrides: Any) -> None:
        rows = np.random.default_rng(seed).normal(size=(100, 2))
        booster = lightgbm.train(
            {"objective": "binary", "verbose": -1, "num_leaves": 3},
            lightgbm.Dataset(rows, label=(rows[:, 0] > 0).astype(int)),
            2,
        )
        bundle = self.folder / "bundle"
        bundle.mkdir(exist_ok=True)
        booster.save_model(bundle / "booster.txt")
        described = {"feature_names": ["a", "b"], "world": "demo", "fingerprint": "f0"}
        write_json(described, bundle / "bundle.json")
        write_json({"slope": 1.0}, bundle / "calibrator.json")
        write_json({}, bundle / "artefacts.json")
        (self.folder / "plots").mkdir(exist_ok=True)
        (self.folder / "plots" / "roc.csv").write_text("campaign,fpr,tpr\n")
        (self.folder / "model_card.md").write_text(f"# Model {seed}\n")
        write_json(
            make_metrics(campaigns, **gate_overrides), self.folder / "metrics.json"
        )
        (self.folder / "params.yaml").write_text("worlds: [demo]\n")
        write_json({"campaigns": {}}, self.folder / "report.json")
        (self.folder / "report.html").write_text("<!DOCTYPE html>\n")
        outputs = Outputs(
            metrics=self.folder / "metrics.json",
            bundle=bundle,
            plots=self.folder / "plots",
            card=self.folder / "model_card.md",
            details=self.folder / "report.json",
            report=self.folder / "report.html",
            lock=self.folder / "dvc.lock",
            data=(),
        )
        lock = self.root / "serving" / "requirements.lock"
        track(read_record("demo", outputs, self.folder / "params.yaml", lock), self.uri)

    def promote(self, forced: str | None = None) -> None:
        with registry("demo", self.uri) as models:
            promote(models, RULES, forced)

    def undo(self) -> None:
        with registry("demo", self.uri) as models:
            undo(models)

    def export(self) -> None:
        with registry("demo", self.uri) as models:
            export(models, self.target)

    def alias(self, name: str) -> str | None:
        found = self.client.search_registered_models(f"name = '{MODEL}'")
        number = found[0].aliases.get(name) if found else None
        return None if number is None else str(number)

    def champion(self) -> str | None:
        return self.alias("champion")

    def tags(self, number: str) -> dict[str, str]:
        return dict(self.client.get_model_version(MODEL, number).tags)

    def stored(self, number: str, name: str) -> Path:
        run = self.client.get_run(
            str(self.client.get_model_version(MODEL, number).run_id)
        )
        return Path(str(run.info.artifact_uri).removeprefix("file://")) / name


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A migrated database: copied per test, since migrating takes a second."""
    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    store = SqlAlchemyStore(f"sqlite:///{path}", str(path.parent))
    store.engine.dispose()
    return path.read_bytes()


@pytest.fixture
def project(tmp_path: Path, root: Path, empty_store: bytes) -> Project:
    path = tmp_path / "artifacts" / "mlflow" / "mlflow.db"
    path.parent.mkdir(parents=True)
    path.write_bytes(empty_store)
    return Project(tmp_path, root, f"sqlite:///{path}")


def test_the_first_that_passed_becomes_champion(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.track(1, everywhere(0.6))

    project.promote()

    assert project.champion() == "1"
    assert "version 1 is champion: no champion yet" in capsys.readouterr().out
    assert project.tags("1")["promoted_over"] == "none"
    assert project.tags("1")["promoted_interval"] == "none"


def test_a_better_challenger_is_promoted(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.track(1, everywhere(0.6))
    project.promote()
    project.track(2, everywhere(0.7))

    project.promote()

    assert project.champion() == "2"
    assert project.tags("2")["promoted_over"] == "1"
    assert "[+0.1000, +0.1000]" in project.tags("2")["promoted_interval"]
    assert "4 campaigns of 4 operators" in project.tags("2")["promoted_because"]
    assert "version 2 is champion: better than version 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    "challenger",
    [
        pytest.param(everywhere(0.5), id="worse"),
        pytest.param(everywhere(0.6), id="equal"),
        pytest.param(
            {"north": 0.9, "south": 0.5, "east": 0.55, "west": 0.58}, id="unsure"
        ),
    ],
)
def test_a_challenger_that_is_not_better_is_refused_with_the_interval(
    challenger: Figures, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.track(1, everywhere(0.6))
    project.promote()
    project.track(2, challenger)

    project.promote()

    assert project.alias("challenger") == "2"
    assert project.champion() == "1"
    said = capsys.readouterr().out
    assert "version 2 is not promoted: not better than version 1" in said
    assert "95% interval [" in said
    assert "0 is not excluded" in said


def test_failed_gates_are_never_promoted(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.track(1, everywhere(0.6), status="failed", reason="no lead")

    project.promote("I want it")
    project.export()

    assert project.champion() is None
    assert not project.target.exists()
    said = capsys.readouterr().out
    assert "nothing to promote: no challenger whose gates passed" in said
    assert "gate lead failed: 0.1, limit above 0: no lead" in said


def test_a_champion_whose_gates_fail_later_is_withdrawn(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.track(1, everywhere(0.6))
    project.promote()
    project.export()
    project.track(1, everywhere(0.6), status="failed")

    project.promote()
    project.export()

    assert project.champion() is None
    assert not project.target.exists()
    assert "no longer champion: gates failed" in capsys.readouterr().out
    with pytest.raises(InputError, match="version 1, champion before, has failed"):
        project.undo()


def test_challenger_and_champion_may_be_the_same(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.track(1, everywhere(0.6))
    project.promote()

    project.promote()

    assert project.champion() == "1"
    assert "nothing to decide" in capsys.readouterr().out


def test_too_few_operators_in_common_are_not_compared(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.track(1, {"north-a": 0.1, "north-b": 0.1, "south": None})
    project.promote()
    project.track(2, {"north-a": 0.9, "north-b": 0.9, "south": 0.9})

    project.promote()

    assert project.champion() == "1"
    said = capsys.readouterr().out
    assert "not comparable with version 1: 1 operator(s) judged on the same" in said


def test_a_person_may_overrule_the_rule_with_a_reason(project: Project) -> None:
    project.track(1, everywhere(0.6))
    project.promote()
    project.track(2, everywhere(0.5))

    project.promote("faster, and good enough")

    tags = project.tags("2")
    assert project.champion() == "2"
    assert tags["promoted_by_force"] == "faster, and good enough"
    assert "by rule not: not better than version 1" in tags["promoted_because"]


def test_force_is_not_recorded_where_the_rule_promotes(project: Project) -> None:
    project.track(1, everywhere(0.6))

    project.promote("just in case")

    assert project.tags("1")["promoted_by_force"] == "no"


def test_undo_restores_one_champion_after_another(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed, figure in ((1, 0.5), (2, 0.6), (3, 0.7)):
        project.track(seed, everywhere(figure))
        project.promote()
    assert project.champion() == "3"

    project.undo()
    assert project.champion() == "2"
    project.undo()
    assert project.champion() == "1"
    project.undo()
    assert project.champion() is None
    project.undo()

    said = capsys.readouterr().out
    assert "promoted 3 is undone: version 2 is champion again" in said
    assert "promoted 1 is undone: no champion" in said
    assert "telltale-demo: nothing to undo" in said


def test_what_was_taken_back_is_promoted_by_force_only(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.track(1, everywhere(0.5))
    project.promote()
    project.track(2, everywhere(0.6))
    project.promote()
    project.undo()

    project.promote()

    assert project.champion() == "1"
    assert "not promoted: it was champion and taken back" in capsys.readouterr().out
    project.promote("the page was at fault, not the model")
    assert project.champion() == "2"
    project.undo()
    assert project.champion() == "1"


def test_a_move_that_was_cut_off_is_repeated_and_undone_once(
    project: Project,
) -> None:
    project.track(1, everywhere(0.5))
    project.promote()
    project.track(2, everywhere(0.6))
    project.promote()
    project.client.set_registered_model_alias(MODEL, "champion", "1")

    project.promote()

    assert project.champion() == "2"
    project.undo()
    assert project.champion() == "1"
    project.undo()
    assert project.champion() is None


def test_an_alias_moved_by_hand_is_not_undone(project: Project) -> None:
    project.track(1, everywhere(0.5))
    project.promote()
    project.client.delete_registered_model_alias(MODEL, "champion")

    with pytest.raises(InputError, match="moved by hand"):
        project.undo()


def test_evidence_is_what_was_measured_last(project: Project) -> None:
    project.track(1, everywhere(0.6))
    project.promote()
    project.track(1, everywhere(0.8))
    project.track(2, everywhere(0.7))

    project.promote()

    assert project.champion() == "1"


def test_the_champion_is_laid_out(project: Project) -> None:
    project.track(1, everywhere(0.6))
    project.promote()

    project.export()
    project.export()

    champion = json.loads((project.target / "champion.json").read_text())
    version = project.client.get_model_version(MODEL, "1")
    assert {path.name for path in project.target.iterdir()} == {
        "bundle",
        "champion.json",
        "metrics.json",
    }
    assert {path.name for path in (project.target / "bundle").iterdir()} == {
        "artefacts.json",
        "booster.txt",
        "bundle.json",
        "calibrator.json",
    }
    assert champion["name"] == MODEL
    assert champion["version"] == "1"
    assert champion["run_id"] == version.run_id
    assert champion["world"] == "demo"
    assert champion["fingerprint"] == "f0"
    assert champion["model_hash"] == version.tags["model_hash"]
    assert champion["gates"] == [gate()]
    assert champion["headline"]["average_precision"]["worst"] == 0.6
    assert "campaigns" not in champion["headline"]
    assert champion["card"] == "# Model 1\n"


@pytest.mark.parametrize("name", ["booster.txt", "artefacts.json", "more.txt"])
def test_a_bundle_changed_in_the_store_is_refused(name: str, project: Project) -> None:
    project.track(1, everywhere(0.5))
    project.promote()
    project.export()
    project.track(2, everywhere(0.6))
    with (project.stored("2", "bundle") / name).open("a") as file:
        file.write("\n")

    with pytest.raises(ArtefactError, match=r"version 2: the bundle in the store"):
        project.promote()

    assert project.champion() == "1"


def test_a_changed_champion_is_not_laid_out(project: Project) -> None:
    project.track(1, everywhere(0.5))
    project.promote()
    project.export()
    before = (project.target / "bundle" / "booster.txt").read_text()
    (project.stored("1", "bundle") / "booster.txt").write_text("tree\n")

    with pytest.raises(ArtefactError, match="version 1: the bundle in the store"):
        project.export()

    assert (project.target / "bundle" / "booster.txt").read_text() == before


def test_a_lost_bundle_is_named(project: Project) -> None:
    project.track(1, everywhere(0.5))
    for path in project.stored("1", "bundle").iterdir():
        path.unlink()
    project.stored("1", "bundle").rmdir()

    with pytest.raises(InputError, match="bundle cannot be read from the store"):
        project.promote()


def test_no_champion_removes_what_was_laid_out(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.track(1, everywhere(0.5))
    project.promote()
    project.export()
    project.undo()

    project.export()

    assert not project.target.exists()
    assert "no champion, so nothing to package" in capsys.readouterr().out


def test_nothing_tracked_is_said(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.promote()
    project.undo()
    project.export()

    said = capsys.readouterr().out
    assert "nothing to undo" in said
    assert "no run is tracked yet" in said


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        # By hand: leads .1 of north, .3 and .5 of south; a draw of north alone gives
        # .1, of south alone .4, of both .3.
        (
            {"north": 0.5, "south-a": 0.5, "south-b": 0.9},
            {"north": 0.4, "south-a": 0.2, "south-b": 0.4},
            (0.3, 0.1, 0.4, 3, 2),
        ),
        (
            {"north": 0.5, "south": 0.5, "east": 0.9, "west-aside": 0.9},
            {"north": 0.4, "south": 0.4, "west-aside": 0.1, "east-other": 0.1},
            (0.1, 0.1, 0.1, 2, 2),
        ),
        ({"north": 0.5}, {"north": None}, (None, None, None, 0, 0)),
    ],
)
def test_leads_are_paired_by_campaign_and_drawn_by_operator(
    ours: Figures, theirs: Figures, expected: tuple[Any, ...]
) -> None:
    found = compare(make_metrics(ours), make_metrics(theirs), RULES)

    lead, low, high, campaigns, operators = expected
    assert (found.lead, found.low, found.high) == pytest.approx((lead, low, high))
    assert (found.campaigns, found.operators) == (campaigns, operators)


@pytest.mark.parametrize(
    ("low", "better"), [(0.001, True), (0.0, False), (-0.1, False), (None, False)]
)
def test_zero_must_be_excluded_from_above(low: float | None, better: bool) -> None:
    assert Comparison(0.1, low, 0.2, 3, 3, 0.95).better == better


def test_the_command_promotes_lays_out_and_undoes(
    project: Project, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.track(1, everywhere(0.5))
    monkeypatch.chdir(project.folder)
    monkeypatch.setenv("PYTHONPATH", str(root))

    def run(*options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pipeline.promote", "--world", "demo"]
        command += ["--params", str(root / "params.yaml"), *options]
        return subprocess.run(command, capture_output=True, text=True)

    promoted, empty, undone = run(), run("--force", " "), run("--undo")

    assert promoted.returncode == 0, promoted.stderr
    assert "artifacts/demo/champion: telltale-demo version 1" in promoted.stdout
    assert empty.returncode == 1
    assert "give the reason" in empty.stderr
    assert undone.returncode == 0, undone.stderr
    assert "no champion" in undone.stdout
    assert not project.target.exists()


def test_campaigns_judged_on_other_accounts_are_not_compared() -> None:
    ours, theirs = make_metrics(everywhere(0.9)), make_metrics(everywhere(0.5))
    theirs["loco"]["campaigns"]["south"]["n_neg"] += 1

    found = compare(ours, theirs, RULES)

    assert found.operators == compare(ours, ours, RULES).operators - 1
