"""The store of runs and models: where it is, and how it is opened."""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities.model_registry import RegisteredModel
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import DatabaseError

from features.errors import InputError
from pipeline.files import atomic_file


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


@contextmanager
def open_store(uri: str, command: str) -> Iterator[MlflowClient]:
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
    except DatabaseError as error:
        reason = str(error).splitlines()[0][:300]
        raise InputError(
            f"tracking store {uri}: no database that can be read ({reason}); bring the "
            "original back, or remove the directory of the database and run "
            "`python -m pipeline.track` again, which writes down the newest run alone"
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


def experiment_id(client: MlflowClient, name: str, uri: str) -> str:
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


def registered_model(client: MlflowClient, name: str) -> RegisteredModel | None:
    """The registered model of this name; null if there is none."""
    try:
        return client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return None
