"""The MLflow side: runs, registered versions, aliases. Nothing else imports mlflow.

A run is found again by its hashes, so tracking twice changes nothing, and a lost store
is filled again by running the stage by hand.
"""

import fcntl
import json
import logging
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal, TypeVar

# MLflow reads these when it is imported; the telemetry switch takes "true" only.
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
for _name, _value in {
    "DO_NOT_TRACK": "true",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_SKIP_PIP_REQUIREMENTS_CHECK": "true",
    "MLFLOW_LOG_UV_FILES": "false",
    "MLFLOW_UV_AUTO_DETECT": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    # A server that does not answer is reported within seconds, not after minutes.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
}.items():
    os.environ.setdefault(_name, _value)

import lightgbm  # noqa: E402
import mlflow  # noqa: E402
import mlflow.lightgbm  # noqa: E402
from mlflow import MlflowClient  # noqa: E402
from mlflow.entities import Metric, Param, Run  # noqa: E402
from mlflow.entities.model_registry import ModelVersion, RegisteredModel  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402
from mlflow.models import ModelSignature  # noqa: E402
from mlflow.types import ColSpec, Schema  # noqa: E402

from features.errors import InputError  # noqa: E402
from pipeline.files import atomic_file  # noqa: E402
from pipeline.run_record import RunRecord  # noqa: E402
from pipeline.stage import say  # noqa: E402

T = TypeVar("T")

CHALLENGER: Final = "challenger"
CHAMPION: Final = "champion"
# Run whose evidence a version's gates speak of: a model may be measured again.
EVIDENCE: Final = "evidence_run"
# Written last: a run without it was cut off and is not taken for finished.
COMPLETE: Final = "complete"
# Limits of MLflow's tables: text of a parameter and of a tag, entries of one request,
# description of a version.
PARAM_LENGTH: Final = 6000
TAG_LENGTH: Final = 8000
BATCH: Final = {"params": 100, "metrics": 1000}
DESCRIPTION_LENGTH: Final = 5000
_MOVE: Final = "promotion."


def tracking_uri(root: Path) -> str:
    """Address of the store: MLFLOW_TRACKING_URI, else a database in the repository.

    Args:
        root: directory that the pipeline runs in. DVC runs temporary experiments in a
            copy below `.dvc/tmp`, which it removes: the repository itself is meant.
    """
    if given := os.environ.get("MLFLOW_TRACKING_URI"):
        return given
    root = root.resolve()
    copies = [parent for parent in root.parents if parent.name == ".dvc"]
    home = copies[-1].parent if copies else root
    return f"sqlite:///{home}/artifacts/mlflow/mlflow.db"


def track(record: RunRecord, uri: str) -> bool:
    """Write the run down unless it is there, and see to its registration.

    Args:
        record: the run.
        uri: address of the store, a database or a server.

    Returns:
        Whether the model is registered: true if no gate failed.

    Raises:
        InputError: the store cannot be reached or used.
    """
    with _store(uri, "`dvc repro`") as client:
        experiment = _experiment(client, f"telltale-{record.world}", uri)
        run = _finished_run(client, experiment, record)
        if run is None:
            run = _new_run(client, experiment, record)
            say(f"run {run.info.run_name} logged in experiment telltale-{record.world}")
        else:
            say(
                f"run {run.info.run_name} holds this model and evidence already: reused"
            )
        return _register(client, run, record)


@contextmanager
def _store(uri: str, command: str) -> Iterator[MlflowClient]:
    """Client of a store; what goes wrong there becomes an InputError with the remedy."""
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        mlflow.set_tracking_uri(uri)
        with _first_use(uri):
            client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        yield client
    except (MlflowException, OSError) as error:
        reason = str(error).splitlines()[0][:300]
        raise InputError(
            f"tracking store {uri}: {reason}; start that server, or unset "
            "MLFLOW_TRACKING_URI to use the database in artifacts/mlflow, then run "
            f"{command} again"
        ) from error


@contextmanager
def _first_use(uri: str) -> Iterator[Path | None]:
    """Directory of a sqlite store, locked: its migrations must not run twice at once."""
    if not uri.startswith("sqlite:///"):
        yield None
        return
    database = Path(uri.removeprefix("sqlite:///"))
    home = database.parent
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if not database.exists():
            # Killed while its tables are made, a database is of no use any more.
            with atomic_file(database) as working:
                fresh = f"sqlite:///{working}"
                MlflowClient(fresh, registry_uri=fresh).search_experiments()
        yield home


def _experiment(client: MlflowClient, name: str, uri: str) -> str:
    """Id of the experiment, made at first use.

    Raises:
        InputError: the store was moved; its old runs point to files elsewhere.
    """
    with _first_use(uri) as home:
        location = f"{home.resolve().as_uri()}/artifacts/{name}" if home else None
        found = client.get_experiment_by_name(name)
        if found is None:
            made: str = client.create_experiment(name, artifact_location=location)
            return made
        if location and found.artifact_location != location:
            raise InputError(
                f"tracking store {uri}: its files are expected in "
                f"{found.artifact_location}, so it was moved; move it back, or remove "
                "the directory of the database and run `python -m pipeline.track` again"
            )
        if found.lifecycle_stage == "deleted":
            client.restore_experiment(found.experiment_id)
        identity: str = found.experiment_id
        return identity


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
        _log_model(record)
    client.set_tag(run.info.run_id, COMPLETE, "true")
    return client.get_run(run.info.run_id)


def _log_model(record: RunRecord) -> None:
    booster = lightgbm.Booster(model_file=record.outputs.bundle / "booster.txt")
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
    model = _registered_model(client, name)
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


def _registered_model(client: MlflowClient, name: str) -> RegisteredModel | None:
    try:
        return client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return None


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


@dataclass(frozen=True)
class Version:
    """A registered version.

    Attributes:
        number: of the version.
        run_id: run that logged the model.
        evidence: run that measured it last.
        tags: what is noted about it.
    """

    number: str
    run_id: str
    evidence: str
    tags: dict[str, str]


@dataclass(frozen=True)
class Promotion:
    """One move of the alias `champion`.

    Attributes:
        action: promoted by rule or force, withdrawn because a gate failed since, undone.
        version: champion from then on, null for none.
        over: champion until then, null for none.
        because: why.
        interval: of the lead over the champion until then, in words.
        forced: reason given by the person who overruled the rule.
    """

    action: Literal["promoted", "withdrawn", "undone"]
    version: str | None
    over: str | None
    because: str
    interval: str | None = None
    forced: str | None = None


@contextmanager
def registry(world: str, uri: str) -> Iterator["Registry"]:
    """The registered model of a world, to read and to promote.

    Raises:
        InputError: the store cannot be reached or used.
    """
    with _store(uri, "this") as client:
        yield Registry(client, world, _experiment(client, f"telltale-{world}", uri))


class Registry:
    """Versions of one world's model, their runs, and how the champion came about."""

    def __init__(self, client: MlflowClient, world: str, experiment: str) -> None:
        self._client = client
        self._experiment = experiment
        self.name = f"telltale-{world}"

    def version(self, alias: str) -> Version | None:
        """The version that an alias names; null if there is none."""
        model = _registered_model(self._client, self.name)
        number = model.aliases.get(alias) if model else None
        return None if number is None else self.numbered(str(number))

    def numbered(self, number: str) -> Version:
        """The version of this number."""
        found = self._client.get_model_version(self.name, number)
        run = str(found.run_id)
        return Version(number, run, found.tags.get(EVIDENCE, run), dict(found.tags))

    def newest_run(self) -> str | None:
        """Id of the newest finished run, whether or not its model is registered."""
        found = self._client.search_runs(
            [self._experiment],
            filter_string=f"tags.{COMPLETE} = 'true'",
            order_by=["attributes.start_time DESC"],
            max_results=1,
        )
        return found[0].info.run_id if found else None

    def run_tags(self, run: str) -> dict[str, str]:
        """Tags of a run."""
        return dict(self._client.get_run(run).data.tags)

    def download(self, run: str, path: str, folder: Path) -> Path:
        """A file or directory that a run logged, copied into a folder.

        Raises:
            InputError: the run no longer has it.
        """
        try:
            return Path(self._client.download_artifacts(run, path, str(folder)))
        except (MlflowException, OSError) as error:
            reason = str(error).splitlines()[0][:200]
            raise InputError(
                f"run {run}: {path} cannot be read from the store ({reason}); bring it "
                "back, or delete the run in `make ui` and run `make repro` again"
            ) from error

    def read_text(self, run: str, path: str) -> str:
        """Text file that a run logged."""
        with tempfile.TemporaryDirectory() as folder:
            return self.download(run, path, Path(folder)).read_text(encoding="utf-8")

    def promotions(self) -> list[Promotion]:
        """Every move of the champion, oldest first."""
        model = _registered_model(self._client, self.name)
        moves = {
            key: value
            for key, value in (model.tags if model else {}).items()
            if key.startswith(_MOVE)
        }
        return [Promotion(**json.loads(moves[key])) for key in sorted(moves)]

    def move_champion(self, move: Promotion) -> None:
        """Write a move down, then make it: cut off in between, it is merely repeated.

        The history is a tag a move on the registered model, so that it goes where the
        numbers of its versions go.
        """
        place = len(self.promotions()) + 1
        text = json.dumps(asdict(move), ensure_ascii=False)
        self._client.set_registered_model_tag(self.name, f"{_MOVE}{place:06}", text)
        if move.version is None:
            self._client.delete_registered_model_alias(self.name, CHAMPION)
        else:
            self._client.set_registered_model_alias(self.name, CHAMPION, move.version)

    def tag(self, number: str, tags: dict[str, str]) -> None:
        """Note something about a version."""
        for key, value in tags.items():
            self._client.set_model_version_tag(self.name, number, key, value)


@contextmanager
def search_log(world: str, uri: str, name: str) -> Iterator["SearchLog"]:
    """Runs of a search: one parent, one child a trial, in an experiment of their own.

    Raises:
        InputError: the store cannot be reached or used.
    """
    with _store(uri, "`make tune`") as client:
        experiment = _experiment(client, f"telltale-{world}-tuning", uri)
        yield SearchLog(client, experiment, name)


class SearchLog:
    """Writes each trial down once, however often the search is resumed."""

    def __init__(self, client: MlflowClient, experiment: str, name: str) -> None:
        self._client = client
        self._experiment = experiment
        self._parent = self._run(f"tags.search = '{name}'") or client.create_run(
            experiment, run_name=name, tags={"search": name}
        )
        self._child = f"tags.`mlflow.parentRunId` = '{self._parent.info.run_id}'"

    def add(
        self, trial: int, params: dict[str, str], figures: dict[str, float]
    ) -> None:
        """Write a trial down, unless it is there; what was cut off is put away."""
        there = self._run(f"{self._child} and tags.trial = '{trial}'")
        if there is not None:
            if there.info.status == "FINISHED":
                return
            self._client.delete_run(there.info.run_id)
        tags = {
            "mlflow.parentRunId": self._parent.info.run_id,
            "trial": str(trial),
        }
        run = self._client.create_run(
            self._experiment, run_name=f"trial-{trial:04}", tags=tags
        ).info.run_id
        self._client.log_batch(
            run,
            metrics=[Metric(key, value, 0, 0) for key, value in figures.items()],
            params=[Param(key, value) for key, value in params.items()],
        )
        self._client.set_terminated(run)

    def finish(self, tags: dict[str, str]) -> None:
        """Note the outcome on the parent."""
        for key, value in tags.items():
            self._client.set_tag(self._parent.info.run_id, key, value)
        self._client.set_terminated(self._parent.info.run_id)

    def _run(self, wanted: str) -> Run | None:
        return next(iter(self._client.search_runs([self._experiment], wanted)), None)
