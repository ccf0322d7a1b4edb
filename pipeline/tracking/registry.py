"""The registry: versions of a world's model, their aliases, how the champion came about."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from features.errors import InputError
from pipeline.tracking.store import experiment_id, open_store, registered_model

CHALLENGER: Final = "challenger"
CHAMPION: Final = "champion"
# Run whose evidence a version's gates speak of: a model may be measured again.
EVIDENCE: Final = "evidence_run"
# Written last: a run without it was cut off and is not taken for finished.
COMPLETE: Final = "complete"
_MOVE: Final = "promotion."


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
    with open_store(uri, "this") as client:
        yield Registry(client, world, experiment_id(client, f"telltale-{world}", uri))


class Registry:
    """Versions of one world's model, their runs, and how the champion came about."""

    def __init__(self, client: MlflowClient, world: str, experiment: str) -> None:
        self._client = client
        self._experiment = experiment
        self.name = f"telltale-{world}"

    def version(self, alias: str) -> Version | None:
        """The version that an alias names; null if there is none."""
        model = registered_model(self._client, self.name)
        number = model.aliases.get(alias) if model else None
        return None if number is None else self.numbered(str(number))

    def numbered(self, number: str) -> Version:
        """The version of this number.

        Raises:
            InputError: it was deleted.
        """
        try:
            found = self._client.get_model_version(self.name, number)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            raise InputError(
                f"{self.name} version {number}: deleted from the registry, so that it "
                "cannot be had back; promote another"
            ) from None
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
        model = registered_model(self._client, self.name)
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
        self.point_champion(move.version)

    def point_champion(self, number: str | None) -> None:
        """Set the alias to a version, null for none; nothing is written down."""
        if number is None:
            self._client.delete_registered_model_alias(self.name, CHAMPION)
        else:
            self._client.set_registered_model_alias(self.name, CHAMPION, number)

    def tag(self, number: str, tags: dict[str, str]) -> None:
        """Note something about a version."""
        for key, value in tags.items():
            self._client.set_model_version_tag(self.name, number, key, value)

    def untag(self, number: str, key: str) -> None:
        """Take back what was noted about a version."""
        self._client.delete_model_version_tag(self.name, number, key)
