"""Searches: every trial of a search for parameters as a run."""

from collections.abc import Iterator
from contextlib import contextmanager

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run

from pipeline.tracking.store import experiment_id, open_store


@contextmanager
def search_log(world: str, uri: str, name: str) -> Iterator["SearchLog"]:
    """Runs of a search: one parent, one child a trial, in an experiment of their own.

    Raises:
        InputError: the store cannot be reached or used.
    """
    with open_store(uri, "`make tune`") as client:
        experiment = experiment_id(client, f"telltale-{world}-tuning", uri)
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
