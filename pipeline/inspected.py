"""An archive that is looked at: its files, and what reading them came to."""

import glob
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from pipeline.sources.looks import Xml
from pipeline.sources.signatures import Recognised
from pipeline.streaming import Read

# Files of one kind that are named one by one; more are named by a pattern.
MANY: Final = 20
# Names of files that say nothing about their source.
_COMMON: Final = ("accounts", "posts", "tweets", "user", "users")


class Assumed(NamedTuple):
    """What a source must declare itself, and is assumed for a look.

    zone: times without a zone are UTC.
    order: of dates with slashes, as `date_order` of a source.
    numbers: of labels that are numbers, 1 means positives and 0 controls.
    """

    zone: bool = False
    order: str | None = None
    numbers: bool = False


NOTHING: Final = Assumed()


@dataclass
class Inspected:
    """One archive: the files of one format, and campaign, in one folder.

    read: null if its reader refuses the archive even to be scored.
    refused: why the archive cannot be trained on; empty if it can.
    place: among archives that would have its name, from 1.
    """

    form: str
    root: Path
    files: list[Recognised]
    read: Read | None = None
    refused: str = ""
    assumed: Assumed = NOTHING
    languages: Counter[str] = field(default_factory=Counter)
    place: int = 1

    @property
    def name(self) -> str:
        """Proposal for the source's name: its campaign, or the name of its first file."""
        first = self.files[0]
        stem = campaign(first.path) or first.path.name.split(".")[0].lower()
        if stem in _COMMON or isinstance(first.look, Xml):
            stem = self.form
        plain = re.sub(r"[^a-z0-9]+", "_", stem.lower()).strip("_")
        name = plain if re.match(r"[a-z]", plain) else f"source_{plain}".rstrip("_")
        return name if self.place == 1 else f"{name}_{self.place}"

    @property
    def tells_classes(self) -> bool:
        """Whether something in the files tells one class from another."""
        return any(file.tells_class for file in self.files)

    @property
    def kinds(self) -> dict[str, list[Recognised]]:
        """Kind of file -> its files."""
        kinds: dict[str, list[Recognised]] = {}
        for file in self.files:
            kinds.setdefault(str(file.kind), []).append(file)
        return dict(sorted(kinds.items()))

    @property
    def by_kind(self) -> dict[str, list[str]]:
        """Kind of file -> names, as `files` of a source has them."""
        return {
            kind: list(_names(self.root, [file.path for file in files]))
            for kind, files in self.kinds.items()
        }


def _names(root: Path, files: Sequence[Path]) -> Iterator[str]:
    """Names relative to the root; patterns where they match just these files."""
    if len(files) > MANY:
        alike: dict[str, list[Path]] = {}
        for file in files:
            folder = PurePosixPath(glob.escape(str(file.parent.relative_to(root))))
            name = folder / f"*{glob.escape(file.suffix)}"
            alike.setdefault(name.as_posix(), []).append(file)
        if all(set(root.glob(name)) == set(same) for name, same in alike.items()):
            yield from alike
            return
    for file in files:
        yield glob.escape(file.relative_to(root).as_posix())


def campaign(path: Path) -> str:
    """Campaign that a release's file is named after; empty for other names."""
    named = re.match(r"(.+?)_(?:users_csv|tweets_csv|actions\.)", path.name)
    return named[1] if named else ""
