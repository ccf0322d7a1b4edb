"""TwiBot-22: API v2 objects whose ids have a prefix, and a table of labels."""

from pathlib import Path

import polars as pl

from pipeline.errors import SourceError
from pipeline.sources import checks, classes, columns, looks, values, x_api_v2
from pipeline.sources.part import Part
from pipeline.sources.reading import Reading
from pipeline.sources.source import Source, Tables

_LABEL: columns.Columns = {"account_id": ("id",), "word": ("label",)}
LOOKS: looks.Looks = {
    "accounts": (looks.Json(x_api_v2.ACCOUNTS, {"account_id": r"u\d+"}),),
    "posts": (looks.Json(x_api_v2.POSTS, {"post_id": r"t\d+"}),),
    "labels": (looks.Table("labels", _LABEL),),
}


def read(source: Source, raw: Path) -> Tables:
    """Tables of the set; labels are joined by id, their order is another one.

    Raises:
        SourceError: a file is missing, or ids have another prefix than their kind.
    """
    classes.keys(source, ["accounts"], ["posts"])
    accounts = x_api_v2.accounts_of(source, raw)
    _strip(accounts, "account_id", "u")
    x_api_v2.profile(accounts)
    labels = None
    if source.needs_labels:
        labels = columns.load(source, raw, "labels", "labels", _LABEL)
        _strip(labels, "account_id", "u")
        values.primary_id(labels, "account_id")
    classes.join(accounts, labels)
    classes.settle(accounts)
    posts = None
    if "posts" in source.files:
        posts = x_api_v2.posts_of(source, raw, x_api_v2.POSTS)
        _strip(posts, "post_id", "t")
        # The author stands there as a bare number.
        _strip(posts, "account_id", "u", bare=True)
    return checks.settle(accounts, posts, labels)


def _strip(reading: Reading, column: str, prefix: str, *, bare: bool = False) -> None:
    """Ids without the prefix of their kind; with `bare`, all may stand without it.

    Raises:
        SourceError: ids of another kind stand among them.
    """
    value = pl.col(column)
    prefixed = value.str.contains(rf"^{prefix}\d+$")
    other = value.str.contains(r"^[a-z]+\d+$") & ~prefixed
    if bare and not _anywhere(
        reading.source, bool(reading.frame.select(prefixed.any()).item())
    ):
        prefixed = value.str.contains(r"^\d+$")
    if reading.frame.select(other.any()).item():
        raise SourceError(
            f"source {reading.source.name}, column {column}: some ids do not begin "
            f"with {prefix}: two kinds of ids are mixed; list the files of one kind "
            "only"
        )
    reading.reject("id_prefix", ~prefixed, f"{column} has no prefix {prefix}")
    reading.set(**{column: value.str.strip_chars_start(prefix)})


def _anywhere(source: Source, here: bool) -> bool:
    """Whether an author of the whole source has the prefix; of a part while unknown."""
    if not isinstance(source, Part):
        return here
    source.findings.prefixed = here
    return here if source.whole.prefixed is None else source.whole.prefixed
