"""An archive read by its real reader, with what nobody has declared yet assumed."""

import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import polars as pl

from features.errors import InputError
from pipeline.inspected import NOTHING, Assumed, Inspected
from pipeline.sources.actions import read_actions
from pipeline.sources.source import Source, ToScore
from pipeline.sources.spool import Budget
from pipeline.streaming import Read, read_source

_BUDGET = Budget()
_EVERYTHING = Assumed(zone=True, order="mixed", numbers=True)
# Between nothing and that, from what asks least of the user to what asks most.
_SOMETHING = (
    Assumed(zone=True),
    Assumed(order="mixed"),
    Assumed(numbers=True),
    Assumed(zone=True, order="mixed"),
    Assumed(zone=True, numbers=True),
    Assumed(order="mixed", numbers=True),
)


def look(archive: Inspected) -> None:
    """Read the archive with as little assumed as it takes, and note what it took.

    One that cannot be trained on is read as if it were to be scored.
    """
    if _tried(archive, NOTHING):
        return
    if _tried(archive, _EVERYTHING):
        # Whatever is assumed and not needed would be asked of the user.
        any(_tried(archive, some) for some in _SOMETHING)
        archive.refused = ""
        _order(archive)
        return
    refused = archive.refused
    any(_tried(archive, some, ToScore) for some in (NOTHING, _EVERYTHING))
    archive.refused = refused


def _order(archive: Inspected) -> None:
    """Assume the first order of day and month in which every date with slashes is one.

    In mixed order most dates mean nothing.
    """
    mixed, read, languages = archive.assumed, archive.read, archive.languages
    if mixed.order is None:
        return
    for order in ("month_first", "day_first"):
        read_so = _tried(archive, mixed._replace(order=order))
        if read_so and archive.read is not None and not _impossible(archive.read):
            return
    archive.assumed, archive.read, archive.languages = mixed, read, languages
    archive.refused = ""


def _impossible(read: Read) -> bool:
    return any("date_impossible" in count.rejected for count in read.counts)


def _tried(
    archive: Inspected, assumed: Assumed, declared: type[Source] = Source
) -> bool:
    source = _draft(archive, assumed, declared)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            read = read_source(source, archive.root, folder, _BUDGET, lambda _: None)
            actions = read_actions(source, archive.root, read.ids["account_id"])
        except InputError as error:
            archive.refused = str(error)
            return False
        except OSError as error:
            archive.refused = f"{error.filename}: cannot be read: {error.strerror}"
            return False
        if actions is not None:
            rejected = pl.concat([read.rejected, actions.rejected()])
            counts = [*read.counts, *actions.counts()]
            read = replace(read, rejected=rejected, counts=counts)
        archive.languages = _languages(read)
    archive.read, archive.assumed, archive.refused = read, assumed, ""
    return True


def _draft(archive: Inspected, assumed: Assumed, declared: type[Source]) -> Source:
    """A declaration that rejects nothing by itself: for this look only."""
    known = {"operator": "a", "kind": "weak", "strength": 1.0}
    controls = {"name": "a", "kind": "weak", "strength": 1.0, "slice": None}
    both = archive.tells_classes or declared is ToScore
    return declared.model_validate(
        {
            "name": archive.name,
            "format": archive.form,
            "files": archive.by_kind,
            "positives": known
            | {"campaign": "a", "disclosed_at": None, "in_headline": False}
            | {"reason": None},
            "controls": controls | {"blocks": {"a": 1.0}} if both else None,
            # Later than any post: what is judged here is the files and not a moment.
            "as_of": {"rule": "constant", "at": "9000-01-01T00:00:00Z"},
            "date_order": assumed.order,
            "zone": "UTC" if assumed.zone else None,
            "encoding": "utf-8",
            "history_complete": False,
            "platform_start": "0001-01-01T00:00:00Z",
            "needs_posts": False,
            "terms": "",
            "polarity": {"1": "positives", "0": "controls"}
            if assumed.numbers
            else None,
        }
    )


def _languages(read: Read) -> Counter[str]:
    counted: Counter[str] = Counter()
    for posts in read.posts:
        languages = posts.lazy().group_by("language").len().collect()
        counted.update({name or "unknown": n for name, n in languages.iter_rows()})
    if not read.posts:
        for name in read.accounts["declared_language"]:
            counted[name or "unknown"] += 1
    return counted
