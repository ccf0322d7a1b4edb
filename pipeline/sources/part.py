"""A part of a source that is too large to be read at once: some accounts, whole."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import InstanceOf

from pipeline.errors import SourceError
from pipeline.sources.delimited import Delimited
from pipeline.sources.source import Source


@dataclass(frozen=True)
class Whole:
    """What a reader must know of the whole source while it reads a part of it.

    filled: (key of `files`, column as published, in plain letters) of every column that
        has a value anywhere.
    prefixed: whether an author of any post has the prefix of users (TwiBot-22); None
        while it is not known.
    last_posts: label -> last post of any account of the label, null without one; None
        while it is not known.
    """

    filled: frozenset[tuple[str, str]] = frozenset()
    prefixed: bool | None = None
    last_posts: dict[int, datetime | None] | None = None


@dataclass
class Findings:
    """What the whole source must be judged by, found in one part.

    ids: (table, file, column) -> primary ids destroyed, ids.
    lacks: why the source is refused if all of its parts lack the same; empty if this
        one does not.
    prefixed: as in Whole.
    last_posts: label -> last post of the part's accounts, null without one.
    waiting: labels with accounts whose as_of is that of their label's last post.
    """

    ids: dict[tuple[str, str, str], tuple[int, int]] = field(default_factory=dict)
    lacks: str = ""
    prefixed: bool = False
    last_posts: dict[int, datetime | None] = field(default_factory=dict)
    waiting: set[int] = field(default_factory=set)

    def knew_too_little(self, whole: Whole) -> bool:
        """Whether the part was judged by itself, and `whole` tells otherwise."""
        if whole.last_posts is None:
            return self.prefixed != whole.prefixed
        return any(
            whole.last_posts[label] is None
            or self.last_posts[label] != whole.last_posts[label]
            for label in self.waiting
        )


class Part(Source):
    """Declaration of a source, with the rows of some of its accounts.

    A reader is handed it in the place of the source; only what looks at more than one
    account asks which of the two it has.
    """

    whole: InstanceOf[Whole]
    # Key of `files`, or of JSON the table that its rows become -> name and rows of each
    # of its files; read when asked for.
    rows: Callable[[str], list[tuple[str, Delimited]]]
    findings: InstanceOf[Findings]
    labelled: bool

    @property
    def needs_labels(self) -> bool:
        """As the source of which this is a part."""
        return self.labelled


def require(source: Source, has: bool, refusal: str) -> None:
    """Refuse a source none of whose accounts has what one of them must have.

    Args:
        source: declaration, or a part, which cannot be refused by itself.
        has: whether one of the accounts that are read here has it.
        refusal: message.

    Raises:
        SourceError: none has it.
    """
    if isinstance(source, Part):
        source.findings.lacks = "" if has else refusal
    elif not has:
        raise SourceError(refusal)


def check_required(findings: Iterable[Findings]) -> None:
    """Refuse a source all of whose parts lack what `require` asked for.

    Raises:
        SourceError: as require.
    """
    lacking = {found.lacks for found in findings}
    if "" not in lacking:
        raise SourceError(lacking.pop())


def ids(findings: Iterable[Findings]) -> dict[tuple[str, str, str], tuple[int, int]]:
    """Ids destroyed and ids of all parts."""
    summed: dict[tuple[str, str, str], tuple[int, int]] = {}
    for found in findings:
        for name, (destroyed, count) in found.ids.items():
            before = summed.get(name, (0, 0))
            summed[name] = (before[0] + destroyed, before[1] + count)
    return summed


def last_posts(findings: Iterable[Findings]) -> dict[int, datetime | None]:
    """Last post of each label in all parts."""
    latest: dict[int, datetime | None] = {}
    for found in findings:
        for label, time in found.last_posts.items():
            times = [one for one in (time, latest.get(label)) if one is not None]
            latest[label] = max(times, default=None)
    return latest
