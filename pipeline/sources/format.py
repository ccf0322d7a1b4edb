"""What the module of a format has for others."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from pipeline.sources.looks import Looks
from pipeline.sources.source import Source, Tables

Reader = Callable[[Source, Path], Tables]


class Format(Protocol):
    """A module that reads one format."""

    LOOKS: Looks

    def read(self, source: Source, raw: Path) -> Tables:
        """Tables of a source of this format.

        Raises:
            SourceError: a file or a required column is missing.
        """
