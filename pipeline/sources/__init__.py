"""Readers of published archives, by the name of their format."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from pipeline.sources import (
    canonical,
    caverlee2011,
    cresci2015,
    ira,
    nyu2017,
    pan2019,
    twitter_io,
)
from pipeline.sources.source import Source, Tables

Reader = Callable[[Source, Path], Tables]

READERS: Final[dict[str, Reader]] = {
    "canonical": canonical.read,
    "caverlee2011": caverlee2011.read,
    "cresci2015": cresci2015.read,
    "ira": ira.read,
    "nyu2017": nyu2017.read,
    "pan2019": pan2019.read,
    "twitter_io": twitter_io.read,
}

# Format -> kind of file -> names that its publishers gave, for whoever names none.
DEFAULT_FILES: Final[dict[str, dict[str, list[str]]]] = {
    "canonical": {"accounts": ["accounts.*"], "posts": ["posts.*"]},
    "caverlee2011": {
        "polluters": ["content_polluters.*"],
        "legitimate": ["legitimate_users.*"],
        "posts": ["posts.*"],
    },
    "cresci2015": {
        "e13_users": ["*E13_users*"],
        "int_users": ["*INT_*users*"],
        "posts": ["*cresci2015_posts*"],
    },
    "ira": {"accounts": ["*ira_accounts*"], "posts": ["*ira_posts*"]},
    "nyu2017": {"profiles": ["*nyu*profiles*"]},
    "pan2019": {"posts": ["*pan19*posts*"]},
    "twitter_io": {"accounts": ["*users_csv*"], "posts": ["*tweets_csv*"]},
}
