"""Runs: each written down once, and its model registered if every gate passed.

A run is found again by its hashes, so tracking twice changes nothing, and a lost store
is filled again by running the stage by hand.
"""

import warnings
from collections.abc import Iterator
from typing import Final, TypeVar

import lightgbm
import mlflow
import mlflow.lightgbm
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.entities.model_registry import ModelVersion, RegisteredModel
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

from features.errors import InputError
from models.gates import CODES
from pipeline.run_record import RunRecord
from pipeline.stage import say
from pipeline.tracking.registry import CHALLENGER, COMPLETE, EVIDENCE
from pipeline.tracking.store import experiment_id, open_store, registered_model

T = TypeVar("T")

# Limits of MLflow's tables: text of a parameter and of a tag, entries of one request,
# description of a version.
PARAM_LENGTH: Final = 6000
TAG_LENGTH: Final = 8000
BATCH: Final = {"params": 100, "metrics": 1000}
DESCRIPTION_LENGTH: Final = 5000


def track(record: RunRecord, uri: str) -> bool:
    """Write the run down unless it is there, and see to its registration.

    Args:
        record: the run.
        uri: address of the store, a database or a server.

    Returns:
        Whether the model is registered: true if no gate failed.

    Raises:
        InputError: the store cannot be reached or used, a gate has no outcome, or the
            booster cannot be read.
    """
    told = {gate.code for gate in record.gates}
    if lacking := [code for code in CODES if code not in told]:
        # What nobody asked of a model, it has not passed.
        raise InputError(
            f"{record.outputs.metrics}: no outcome of gate {', '.join(lacking)}; run "
            "evaluate again"
        )
    with open_store(uri, "`dvc repro`") as client:
        experiment = experiment_id(client, f"telltale-{record.world}", uri)
        run = _finished_run(client, experiment, record)
        if run is None:
            run = _new_run(client, experiment, record)
            say(f"run {run.info.run_name} logged in experiment telltale-{record.world}")
        else:
            say(
                f"run {run.info.run_name} holds this model and evidence already: reused"
            )
        return _register(client, run, record)


def _finished_run(
    client: MlflowClient, experiment: str, record: RunRecord
) -> Run | None:
    """The finished run of this model and evidence; what was cut off is put away."""
    finished = None
    for run in client.search_runs(
        [experiment],
        filter_string=f"tags.model_hash = '{record.model_hash}' "
        f"and tags.evidence_hash = '{record.evidence_hash}'",
    ):
        if run.data.tags.get(COMPLETE) == "true":
            finished = finished or run
            continue
        say(f"run {run.info.run_name} was cut off: deleted")
        identity = run.info.run_id
        for model in client.search_logged_models(
            [experiment], filter_string=f"source_run_id = '{identity}'"
        ):
            client.delete_logged_model(model.model_id)
        client.set_terminated(identity, status="KILLED")
        client.delete_run(identity)
    return finished


def _new_run(client: MlflowClient, experiment: str, record: RunRecord) -> Run:
    # Before a run is begun: one of a broken model would be left, cut off.
    booster = _booster(record)
    name = record.tags.get("dvc_exp_name", f"{record.world}-{record.model_hash[:8]}")
    tags = {
        "model_hash": record.model_hash,
        "evidence_hash": record.evidence_hash,
        **_gate_tags(record),
        **record.tags,
    }
    with mlflow.start_run(
        experiment_id=experiment,
        run_name=name,
        tags={key: value[:TAG_LENGTH] for key, value in tags.items()},
    ) as run:
        for params in _batches(record.params, BATCH["params"]):
            mlflow.log_params(
                {key: text[:PARAM_LENGTH] for key, text in params.items()}
            )
        for figures in _batches(record.figures, BATCH["metrics"]):
            mlflow.log_metrics(figures, step=0)
        _log_files(client, run.info.run_id, record)
        _log_model(record, booster)
    client.set_tag(run.info.run_id, COMPLETE, "true")
    return client.get_run(run.info.run_id)


def _booster(record: RunRecord) -> lightgbm.Booster:
    path = record.outputs.bundle / "booster.txt"
    try:
        return lightgbm.Booster(model_file=path)
    except lightgbm.basic.LightGBMError:
        raise InputError(f"{path}: LightGBM cannot read it; train again") from None


def _log_model(record: RunRecord, booster: lightgbm.Booster) -> None:
    names = record.feature_names
    with warnings.catch_warnings():
        # MLflow warns about the type hints of its own agent classes.
        warnings.filterwarnings("ignore", ".*Any type hint is inferred as AnyType")
        mlflow.lightgbm.log_model(
            booster,
            name="model",
            signature=ModelSignature(
                inputs=Schema([ColSpec("double", name) for name in names]),
                outputs=Schema([ColSpec("double")]),
            ),
            pip_requirements=record.requirements,
        )


def _log_files(client: MlflowClient, run: str, record: RunRecord) -> None:
    client.log_artifacts(run, str(record.outputs.bundle), "bundle")
    client.log_artifacts(run, str(record.outputs.plots), "plots")
    client.log_artifact(run, str(record.outputs.metrics))
    client.log_artifact(run, str(record.outputs.card))
    client.log_artifact(run, str(record.outputs.details))
    client.log_artifact(run, str(record.outputs.report))
    if record.outputs.lock.exists():
        client.log_artifact(run, str(record.outputs.lock))


def _register(client: MlflowClient, run: Run, record: RunRecord) -> bool:
    """Make registry and gates agree; returns whether the model is registered."""
    name = f"telltale-{record.world}"
    model = registered_model(client, name)
    version = _version(client, model, record)
    challenger = model.aliases.get(CHALLENGER) if model else None
    if record.failed:
        for gate in record.failed:
            why = f": {gate.reason}" if gate.reason else ""
            say(
                f"gate {gate.code} {gate.status}: {gate.value}, limit {gate.limit}{why}"
            )
        if version and str(challenger) == str(version.version):
            client.delete_registered_model_alias(name, CHALLENGER)
            say(f"{name} version {version.version} is no longer {CHALLENGER}")
        _tag_version(client, version, run, record)
        say("not registered")
        return False
    if model is None:
        client.create_registered_model(name)
    if version is None:
        logged = client.search_logged_models(
            [run.info.experiment_id],
            filter_string=f"source_run_id = '{run.info.run_id}'",
        )[0]
        version = client.create_model_version(
            name,
            source=logged.model_uri,
            run_id=run.info.run_id,
            model_id=logged.model_id,
            tags={"model_hash": record.model_hash, **_version_tags(run, record)},
            description=_card(record),
        )
    else:
        _tag_version(client, version, run, record)
        if version.description != _card(record):
            client.update_model_version(name, version.version, _card(record))
    if str(challenger) != str(version.version):
        client.set_registered_model_alias(name, CHALLENGER, str(version.version))
    say(f"{name} version {version.version} is {CHALLENGER}")
    return True


def _version(
    client: MlflowClient, model: RegisteredModel | None, record: RunRecord
) -> ModelVersion | None:
    if model is None:
        return None
    wanted = f"name = '{model.name}' and tags.model_hash = '{record.model_hash}'"
    return next(iter(client.search_model_versions(wanted)), None)


def _tag_version(
    client: MlflowClient, version: ModelVersion | None, run: Run, record: RunRecord
) -> None:
    for key, value in _version_tags(run, record).items() if version else ():
        if version and version.tags.get(key) != value:
            client.set_model_version_tag(version.name, str(version.version), key, value)


def _version_tags(run: Run, record: RunRecord) -> dict[str, str]:
    return {EVIDENCE: run.info.run_id, **_gate_tags(record)}


def _gate_tags(record: RunRecord) -> dict[str, str]:
    why = [
        f"{gate.code} is {gate.value}, {gate.limit}: {gate.reason}"
        for gate in record.failed
    ]
    return {
        "gates": "failed" if record.failed else "passed",
        "gates_failed": ", ".join(gate.code for gate in record.failed) or "none",
        "gates_failed_because": "; ".join(why)[:TAG_LENGTH] or "none",
        **{f"gate.{gate.code}": gate.status for gate in record.gates},
    }


def _card(record: RunRecord) -> str:
    text = record.outputs.card.read_text(encoding="utf-8")
    return text[:DESCRIPTION_LENGTH]


def _batches(values: dict[str, T], size: int) -> Iterator[dict[str, T]]:
    items = list(values.items())
    for start in range(0, len(items), size):
        yield dict(items[start : start + size])
