import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from mlflow import MlflowClient

from features.errors import InputError
from pipeline.errors import ParamsError
from pipeline.params import load_params
from pipeline.search import choose
from pipeline.search_params import Range, TuneParams
from pipeline.stored_world import StoredWorld, load_world
from pipeline.tracking.searches import search_log
from pipeline.train import TrainParams
from pipeline.tune import study_name, tune
from pipeline.tuning_report import evidence
from tests.pipeline.conftest import TinyWorld

TRIALS = 5


@pytest.fixture(scope="module")
def stored(tiny_world: TinyWorld) -> StoredWorld:
    return load_world(tiny_world.folder)


@pytest.fixture(scope="module")
def start(tiny_params: dict[str, Any]) -> TrainParams:
    return TrainParams(**tiny_params["train"] | {"rounds": 20})


@pytest.fixture(scope="module")
def params(tiny_params: dict[str, Any]) -> TuneParams:
    few = {"trials": TRIALS, "startup": 2}
    return TuneParams.model_validate(tiny_params["tune"] | few)


@pytest.fixture
def folder(
    tiny_world: TinyWorld,
    start: TrainParams,
    params: TuneParams,
    root: Path,
    tmp_path: Path,
) -> Path:
    """A place to run the command in, with the tiny world's parameters."""
    (tmp_path / "data" / "demo").mkdir(parents=True)
    for name in ("labelled", "folds", "features"):
        (tmp_path / "data" / "demo" / name).symlink_to(tiny_world.folder / name)
    text = (root / "params.yaml").read_text()
    for key, value in (
        *start.model_dump().items(),
        ("trials", params.trials),
        ("startup", params.startup),
    ):
        if key != "seed":
            text, found = re.subn(rf"(?m)^(  {key}:) .*$", rf"\1 {value}", text)
            assert found == 1
    for key, values in params.space.items():
        pattern = rf"(?m)^(    {key}: {{low:) [^,]*,"
        text, found = re.subn(pattern, rf"\1 {values.low},", text)
        assert found == 1
    (tmp_path / "params.yaml").write_text(text)
    return tmp_path


def command(folder: Path, root: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "pipeline.tune", "--world", "demo"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_killed_and_resumed_it_writes_what_an_undisturbed_search_finds(
    folder: Path,
    root: Path,
    stored: StoredWorld,
    start: TrainParams,
    params: TuneParams,
) -> None:
    trials = tune(stored, None, start, params, folder / "u.db", lambda done: None)
    chosen = choose(trials, params.tolerance)
    before = yaml.safe_load((folder / "params.yaml").read_text())

    with command(folder, root) as first:
        assert first.stdout is not None
        for line in first.stdout:
            if "trial 3 of" in line:
                first.send_signal(signal.SIGKILL)
    assert yaml.safe_load((folder / "params.yaml").read_text()) == before
    with command(folder, root) as second:
        said, _ = second.communicate(timeout=120)

    assert second.returncode == 0, said
    assert "trial 3 of" in said
    assert "trial 2 of" not in said
    after = load_params(folder / "params.yaml").train
    assert after.model_dump() == start.model_dump() | chosen.values
    expected = before | {"train": before["train"] | chosen.values}
    assert yaml.safe_load((folder / "params.yaml").read_text()) == expected
    written = (folder / "docs" / "tuning.md").read_text()
    assert written == evidence("demo", trials, chosen, params)
    client = MlflowClient(f"sqlite:///{folder}/artifacts/mlflow/mlflow.db")
    experiment = client.get_experiment_by_name("telltale-demo-tuning")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id])
    [parent] = [run for run in runs if "search" in run.data.tags]
    children = [run for run in runs if run.info.run_id != parent.info.run_id]
    found = {int(run.data.tags["trial"]): run for run in children}
    assert parent.data.tags["chosen_trial"] == str(chosen.number)
    assert sorted(found) == list(range(TRIALS))
    assert len(children) == TRIALS
    for trial in trials:
        run = found[trial.number]
        assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert run.data.metrics["value"] == trial.judgement.value
        assert run.data.metrics["cost"] == trial.judgement.cost
        assert run.data.params == {k: str(v) for k, v in trial.values.items()}


def test_a_study_is_named_by_what_its_trials_depend_on(
    stored: StoredWorld, start: TrainParams, params: TuneParams
) -> None:
    def name(fold: str | None = None, **changed: Any) -> str:
        trained = {k: v for k, v in changed.items() if k in TrainParams.model_fields}
        searched = {k: v for k, v in changed.items() if k not in trained}
        return study_name(
            stored,
            fold,
            start.model_copy(update=trained),
            params.model_copy(update=searched),
        )

    assert name() == name(learning_rate=0.19) == name(trials=99) == name(tolerance=0.1)
    left_out = [name("harbour"), name("harbour", learning_rate=0.19)]
    others = [*left_out, name(rounds=21), name(seed=99), name(startup=3)]
    assert len({name(), *others}) == 6


def test_a_start_outside_of_the_space_is_refused(
    stored: StoredWorld, start: TrainParams, params: TuneParams, tmp_path: Path
) -> None:
    outside = start.model_copy(update={"lambda_l2": 1.0})
    said = r"tune.space.lambda_l2: .* leaves out train.lambda_l2, 1, .*; widen"

    with pytest.raises(ParamsError, match=said):
        tune(stored, None, outside, params, tmp_path / "studies.db", print)

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("key", "low", "high", "said"),
    [
        ("num_leaves", 4.0, 31.0, "4.0 is nothing that train.num_leaves may be"),
        ("num_leaves", 1, 31, "1 is nothing .* greater than or equal to 2"),
        ("learning_rate", 0.02, 10.0, "10.0 is nothing .* less than or equal to 1"),
    ],
)
def test_a_space_beyond_what_may_be_trained_is_refused(
    key: str,
    low: float,
    high: float,
    said: str,
    stored: StoredWorld,
    start: TrainParams,
    params: TuneParams,
    tmp_path: Path,
) -> None:
    space = params.space | {key: Range(low=low, high=high, log=True)}
    wide = params.model_copy(update={"space": space})

    with pytest.raises(ParamsError, match=rf"tune.space.{key}: {said}"):
        tune(stored, None, start, wide, tmp_path / "studies.db", print)

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("trials", ["0", "10001"])
def test_a_number_of_trials_that_cannot_be_is_one_line(
    trials: str, root: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "pipeline.tune", "--world", "demo"]
    command += ["--params", str(root / "params.yaml"), "--trials", trials]

    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1
    assert done.stderr.startswith("error: --trials: tune.trials = ")
    assert done.stderr.count("\n") == 1


def test_a_trial_is_written_down_once(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow/mlflow.db"

    for _ in range(2):
        with search_log("demo", uri, "all-1") as log:
            log.add(0, {"leaves": "3"}, {"value": 0.5})
            log.add(1, {"leaves": "4"}, {"value": 0.6})

    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name("telltale-demo-tuning")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id])
    assert sorted(run.data.tags.get("trial", "-") for run in runs) == ["-", "0", "1"]


def test_a_world_that_was_never_made_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"labels.parquet: no such file; `make repro`"):
        load_world(tmp_path)
