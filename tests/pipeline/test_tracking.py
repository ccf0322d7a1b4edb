import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.lightgbm import load_model
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from features.errors import InputError
from pipeline.files import write_json
from pipeline.run_record import Outputs, figures, parameters, pinned, read_record
from pipeline.tracking.registry import registry
from pipeline.tracking.runs import track
from pipeline.tracking.store import tracking_uri
from tests.pipeline.tracked_project import outcomes

MODEL = "telltale-demo"
GATE = {
    "code": "loco_auc",
    "status": "passed",
    "value": 0.9,
    "limit": "above 0.8",
    "reason": None,
}


def make_metrics(**overrides: Any) -> dict[str, Any]:
    block = {
        "auc": {"mean": 0.9, "worst": 0.8, "ci_low": None, "ci_high": None},
        "campaigns": {"alpha": {"auc": 0.8, "n_pos": 10, "in_headline": True}},
    }
    return {
        "loco": block,
        "temporal": {"not_applicable": True, "reason": "one release"},
        "random": block,
        "optimism_gap": 0.1,
        "baselines": {"profile": block},
        "audit": {"mask_auc": 0.51},
        "gates": outcomes(GATE),
        **overrides,
    }


def make_outputs(folder: Path, metrics: dict[str, Any] | None = None) -> Outputs:
    rows = np.random.default_rng(0).normal(size=(100, 2))
    booster = lightgbm.train(
        {"objective": "binary", "verbose": -1, "num_leaves": 3},
        lightgbm.Dataset(rows, label=(rows[:, 0] > 0).astype(int)),
        3,
    )
    (folder / "bundle").mkdir(parents=True, exist_ok=True)
    booster.save_model(folder / "bundle" / "booster.txt")
    write_json({"a": 1.0, "b": 0.0}, folder / "bundle" / "calibrator.json")
    write_json(
        {"feature_names": ["age_days", "posts"]}, folder / "bundle" / "bundle.json"
    )
    write_json(metrics or make_metrics(), folder / "metrics.json")
    (folder / "plots").mkdir(exist_ok=True)
    (folder / "plots" / "roc.csv").write_text("campaign,fpr,tpr\n")
    (folder / "model_card.md").write_text("# A model\n" + "word " * 2000)
    write_json({"campaigns": {}}, folder / "report.json")
    (folder / "report.html").write_text("<!DOCTYPE html>\n")
    return Outputs(
        metrics=folder / "metrics.json",
        bundle=folder / "bundle",
        plots=folder / "plots",
        card=folder / "model_card.md",
        details=folder / "report.json",
        report=folder / "report.html",
        lock=folder / "dvc.lock",
        data=(),
    )


def run_once(folder: Path, root: Path, uri: str, **metrics: Any) -> bool:
    outputs = make_outputs(folder, make_metrics(**metrics))
    params = folder / "params.yaml"
    params.write_text(json.dumps({"worlds": ["demo"], "train": {"note": "x" * 7000}}))
    requirements = root / "serving" / "requirements.lock"
    return track(read_record("demo", outputs, params, requirements), uri)


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A migrated database: copied per test, since migrating takes a second."""
    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    store = SqlAlchemyStore(f"sqlite:///{path}", str(path.parent))
    store.engine.dispose()
    return path.read_bytes()


@pytest.fixture
def uri(tmp_path: Path, empty_store: bytes) -> str:
    path = tmp_path / "store" / "mlflow.db"
    path.parent.mkdir()
    path.write_bytes(empty_store)
    return f"sqlite:///{path}"


def runs(client: MlflowClient) -> list[Any]:
    experiment = client.get_experiment_by_name(MODEL)
    assert experiment is not None
    return list(client.search_runs([experiment.experiment_id]))


def challenger(client: MlflowClient) -> Any:
    return client.get_registered_model(MODEL).aliases.get("challenger")


def test_a_passing_run_is_logged_and_registered(
    tmp_path: Path, root: Path, uri: str
) -> None:
    registered = run_once(tmp_path, root, uri)

    client = MlflowClient(uri)
    [run] = runs(client)
    version = client.get_model_version_by_alias(MODEL, "challenger")
    assert registered
    assert run.info.status == "FINISHED"
    assert run.data.metrics["loco.auc.mean"] == 0.9
    assert run.data.metrics["loco.alpha.auc"] == 0.8
    assert run.data.metrics["baselines.profile.alpha.auc"] == 0.8
    assert "loco.auc.ci_low" not in run.data.metrics
    assert run.data.params["train.note"] == "x" * 6000
    assert run.data.tags["world"] == "demo"
    assert run.data.tags["gates"] == "passed"
    assert version.run_id == run.info.run_id
    assert version.tags["model_hash"] == run.data.tags["model_hash"]
    assert len(version.description or "") == 5000
    assert {each.path for each in client.list_artifacts(run.info.run_id)} == {
        "bundle",
        "metrics.json",
        "model_card.md",
        "plots",
        "report.html",
        "report.json",
    }


def test_the_registered_model_scores_like_the_bundle(
    tmp_path: Path, root: Path, uri: str
) -> None:
    run_once(tmp_path, root, uri)

    booster = load_model(f"models:/{MODEL}@challenger")

    rows = np.random.default_rng(1).normal(size=(5, 2))
    bundled = lightgbm.Booster(model_file=tmp_path / "bundle" / "booster.txt")
    assert np.array_equal(booster.predict(rows), bundled.predict(rows))
    kept = [path.name for path in (tmp_path / "store" / "artifacts").rglob("*.*")]
    assert "model.lgb" in kept
    assert not [name for name in kept if name.endswith((".pkl", ".pickle", ".skops"))]


def test_tracking_twice_changes_nothing(tmp_path: Path, root: Path, uri: str) -> None:
    run_once(tmp_path, root, uri)
    client = MlflowClient(uri)
    before = client.get_model_version_by_alias(MODEL, "challenger")

    assert run_once(tmp_path, root, uri)

    assert len(runs(client)) == 1
    assert client.get_model_version_by_alias(MODEL, "challenger") == before


@pytest.mark.parametrize("lost", ["alias", "model"])
def test_lost_registration_is_mended(
    lost: str, tmp_path: Path, root: Path, uri: str
) -> None:
    run_once(tmp_path, root, uri)
    client = MlflowClient(uri)
    if lost == "alias":
        client.delete_registered_model_alias(MODEL, "challenger")
    else:
        client.delete_registered_model(MODEL)

    run_once(tmp_path, root, uri)

    assert challenger(client) is not None
    assert len(runs(client)) == 1


def test_a_gate_that_failed_is_logged_with_its_reason_and_nothing_registered(
    tmp_path: Path, root: Path, uri: str, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = {**GATE, "status": "failed", "reason": "too low"}

    registered = run_once(tmp_path, root, uri, gates=outcomes(failed))

    client = MlflowClient(uri)
    [run] = runs(client)
    assert not registered
    assert run.data.tags["gates"] == "failed"
    assert run.data.tags["gates_failed"] == "loco_auc"
    assert client.search_registered_models() == []
    because = "loco_auc is 0.9, above 0.8: too low"
    assert run.data.tags["gates_failed_because"] == because
    said = capsys.readouterr().out
    assert "gate loco_auc failed: 0.9, limit above 0.8: too low" in said


def test_a_gate_that_does_not_apply_holds_nothing_up(
    tmp_path: Path, root: Path, uri: str
) -> None:
    aside = {**GATE, "code": "panel_slices", "status": "not_applicable", "value": None}

    registered = run_once(tmp_path, root, uri, gates=outcomes(GATE, aside))

    [run] = runs(MlflowClient(uri))
    assert registered
    assert run.data.tags["gate.panel_slices"] == "not_applicable"


def test_a_model_whose_gates_fail_later_loses_the_alias(
    tmp_path: Path, root: Path, uri: str
) -> None:
    run_once(tmp_path, root, uri)

    run_once(tmp_path, root, uri, gates=outcomes({**GATE, "status": "failed"}))

    client = MlflowClient(uri)
    [version] = client.search_model_versions(f"name = '{MODEL}'")
    assert challenger(client) is None
    assert version.tags["gates"] == "failed"


def test_a_run_that_was_cut_off_is_not_reused(
    tmp_path: Path, root: Path, uri: str
) -> None:
    run_once(tmp_path, root, uri)
    client = MlflowClient(uri)
    [cut] = runs(client)
    client.delete_tag(cut.info.run_id, "complete")
    client.delete_registered_model(MODEL)

    run_once(tmp_path, root, uri)

    [run] = runs(client)
    assert run.info.run_id != cut.info.run_id
    assert client.get_run(cut.info.run_id).info.status == "KILLED"
    assert client.get_run(cut.info.run_id).info.lifecycle_stage == "deleted"


def test_a_damaged_store_is_named_with_the_remedy(tmp_path: Path) -> None:
    database = tmp_path / "mlflow.db"
    database.write_text("no database")

    with (
        pytest.raises(
            InputError, match=r"no database that can be read .*pipeline.track"
        ),
        registry("demo", f"sqlite:///{database}"),
    ):
        pass

    assert database.read_text() == "no database"


def test_a_store_that_was_moved_is_refused(
    tmp_path: Path, root: Path, uri: str
) -> None:
    run_once(tmp_path, root, uri)
    (tmp_path / "store").rename(tmp_path / "elsewhere")

    with pytest.raises(InputError, match="so it was moved"):
        run_once(tmp_path, root, f"sqlite:///{tmp_path}/elsewhere/mlflow.db")


def test_a_server_that_does_not_answer_is_named(tmp_path: Path, root: Path) -> None:
    with pytest.raises(InputError, match=r"tracking store http://127\.0\.0\.1:9: "):
        run_once(tmp_path, root, "http://127.0.0.1:9")


def test_the_store_of_an_experiment_is_that_of_its_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path.resolve()

    assert tracking_uri(home) == f"sqlite:///{home}/artifacts/mlflow/mlflow.db"
    copy = home / ".dvc" / "tmp" / "exps" / "standard" / "tmpabc"
    assert tracking_uri(copy) == tracking_uri(home)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    assert tracking_uri(home) == "http://127.0.0.1:5000"


def test_figures_keep_numbers_only() -> None:
    found = figures(make_metrics(audit={"a": True, "b": None, "c": "word", "d": [1]}))

    assert not [name for name in found if name.startswith("audit")]
    assert found["optimism_gap"] == 0.1


def test_parameters_of_other_worlds_are_left_out() -> None:
    params = {
        "worlds": ["demo", "other"],
        "train": {"rate": 0.05, "names": ["a", "b"], "none": None},
        "sources": {
            "demo": [{"name": "one", "format": "csv"}],
            "other": [{"name": "x"}],
        },
    }

    assert parameters(params, "demo") == {
        "train.rate": "0.05",
        "train.names": '["a", "b"]',
        "train.none": "null",
        "sources.demo.one.name": "one",
        "sources.demo.one.format": "csv",
    }


def test_the_pin_for_this_python_is_taken(tmp_path: Path) -> None:
    lock = tmp_path / "a.lock"
    lock.write_text(
        "numpy==1.0 ; python_full_version < '3.10' \\\n    --hash=sha256:00\n"
        "numpy==2.0 ; python_full_version >= '3.10' \\\n    --hash=sha256:00\n"
        "scipy==3.0 \\\n    --hash=sha256:00\n"
    )

    assert pinned(lock, ("scipy", "numpy")) == ["scipy==3.0", "numpy==2.0"]
    with pytest.raises(InputError, match="does not pin polars"):
        pinned(lock, ("polars",))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("bundle/bundle.json", "{}", "expected a list feature_names"),
        ("metrics.json", "{}", "expected a list gates"),
        ("metrics.json", '{"gates": [{"code": "x"}]}', "gates.0.status"),
    ],
)
def test_outputs_of_another_shape_are_refused(
    name: str, content: str, message: str, tmp_path: Path, root: Path
) -> None:
    outputs = make_outputs(tmp_path)
    (tmp_path / name).write_text(content)
    (tmp_path / "params.yaml").write_text("worlds: [demo]")

    with pytest.raises(InputError, match=message):
        read_record(
            "demo",
            outputs,
            tmp_path / "params.yaml",
            root / "serving/requirements.lock",
        )


def test_a_model_is_not_registered_without_every_gate(
    tmp_path: Path, root: Path, uri: str
) -> None:
    asked = [one for one in outcomes(GATE) if one["code"] != "topic_swap"]

    with pytest.raises(InputError, match="no outcome of gate topic_swap; run evaluate"):
        run_once(tmp_path, root, uri, gates=asked)

    assert not MlflowClient(uri).search_registered_models()


def test_of_a_broken_booster_no_run_is_begun(
    tmp_path: Path, root: Path, uri: str
) -> None:
    outputs = make_outputs(tmp_path)
    (tmp_path / "bundle" / "booster.txt").write_text("no trees")
    (tmp_path / "params.yaml").write_text("worlds: [demo]")
    lock = root / "serving" / "requirements.lock"
    record = read_record("demo", outputs, tmp_path / "params.yaml", lock)

    with pytest.raises(InputError, match=r"booster.txt: LightGBM cannot read it"):
        track(record, uri)

    assert not runs(MlflowClient(uri))


def test_the_stage_writes_the_hash_and_nothing_that_changes(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch, empty_store: bytes
) -> None:
    make_outputs(tmp_path)
    (tmp_path / "params.yaml").write_text("worlds: [demo]")
    store = tmp_path / "artifacts" / "mlflow" / "mlflow.db"
    store.parent.mkdir(parents=True)
    store.write_bytes(empty_store)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(root))
    command = [sys.executable, "-m", "pipeline.track", "--world", "demo"]
    command += ["--lock", "dvc.lock", "--metrics", "metrics.json", "--bundle", "bundle"]
    command += ["--plots", "plots", "--card", "model_card.md", "--out", "tracked.json"]
    command += ["--details", "report.json", "--report", "report.html"]
    command += ["--requirements", str(root / "serving" / "requirements.lock")]

    subprocess.run(command, check=True, capture_output=True)

    written = json.loads((tmp_path / "tracked.json").read_text())
    assert set(written) == {"model_hash", "registered"}
    assert written["registered"] is True
    assert len(runs(MlflowClient(f"sqlite:///{store}"))) == 1


@pytest.mark.slow
def test_a_server_on_this_machine_works(tmp_path: Path, root: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{tmp_path}/server.db"]
    command += ["--artifacts-destination", str(tmp_path / "kept")]
    with (
        (tmp_path / "server.log").open("w") as log,
        subprocess.Popen(
            command, cwd=tmp_path, stdout=log, stderr=log, start_new_session=True
        ) as server,
    ):
        try:
            wait_until_healthy(address, server)

            registered = [run_once(tmp_path, root, address) for _ in range(2)]

            client = MlflowClient(address)
            assert registered == [True, True]
            assert len(runs(client)) == 1
            assert str(challenger(client)) == "1"
        finally:
            stop(server)


def wait_until_healthy(address: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if server.poll() is not None:
            pytest.fail("the server ended at once; see server.log")
        try:
            urllib.request.urlopen(f"{address}/health", timeout=1).close()
            return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    pytest.fail("the server did not answer within a minute; see server.log")


def stop(server: subprocess.Popen[bytes]) -> None:
    os.killpg(server.pid, signal.SIGTERM)
    server.wait(timeout=30)
