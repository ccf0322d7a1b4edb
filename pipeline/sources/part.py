"""A part of a source that is too large to be read at once: some accounts, whole."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import InstanceOf

from pipeline.sources.delimited import Delimited
from pipeline.sources.source import Source


@dataclass(frozen=True)
class Whole:
    """What a reader must know of the whole source while it reads a part of it.

    filled: (key of `files`, column as published, in plain letters) of every column that
        has a value anywhere.
    last_posts: label -> last post of any account of the label, null without one; None
        while it is not known.
    """

    filled: frozenset[tuple[str, str]] = frozenset()
    last_posts: dict[int, datetime | None] | None = None


@dataclass
class Findings:
    """What the whole source must be judged by, found in one part.

    ids: (file, column) -> primary ids destroyed, ids.
    last_posts: label -> last post of the part's accounts, null without one.
    waiting: labels with accounts whose as_of is that of their label's last post.
    """

    ids: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    last_posts: dict[int, datetime | None] = field(default_factory=dict)
    waiting: set[int] = field(default_factory=set)


class Part(Source):
    """Declaration of a source, with the rows of some of its accounts.

    A reader is handed it in the place of the source; only what looks at more than one
    account asks which of the two it has.
    """

    whole: InstanceOf[Whole]
    # Key of `files` -> name and rows of each of its files; read when asked for.
    rows: Callable[[str], list[tuple[str, Delimited]]]
    findings: InstanceOf[Findings]
