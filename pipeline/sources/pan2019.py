"""PAN 2019 author profiling: texts of bots and people; no times, ids or profiles.

As published, an XML file an author and a list of their classes; or one table of posts.
"""

from pathlib import Path

import polars as pl

from pipeline.sources import (
    archive,
    checks,
    classes,
    columns,
    documents,
    headerless,
    looks,
    texts,
    values,
)
from pipeline.sources.reading import Reading
from pipeline.sources.source import Source, Tables

_POST: columns.Columns = {
    "account_id": ("author_id",),
    "number": ("idx",),
    "text": ("text",),
}
_LABEL: columns.Columns = {"word": ("label",)}
_TRUTH = ("account_id", "word", "gender")
LOOKS: looks.Looks = {
    "posts": (looks.Table("posts", {**_POST, **_LABEL}),),
    "authors": (looks.Xml("posts", "author"),),
    "truth": (looks.Text("labels", _TRUTH, r"\w+:::\w+:::\w+\s*"),),
}


def read(source: Source, raw: Path) -> Tables:
    """Posts and the accounts derived from them.

    Raises:
        SourceError: a file or a required column is missing.
    """
    if "authors" in source.files:
        return _published(source, raw)
    archive.check_keys(source, ["posts"], [])
    posts = columns.load(source, raw, "posts", "posts", {**_POST, **_LABEL})
    values.primary_id(posts, "account_id")
    known = pl.col("word").is_in(list(classes.WORDS))
    posts.reject("label_unknown", ~known, "label is neither bot nor human")
    # Alike texts of an author are published as posts of their own, by number.
    checks.duplicates(posts, ["account_id", "number"])
    accounts = _accounts(posts)
    label = pl.col("word").replace_strict(classes.WORDS, return_dtype=pl.Int8)
    accounts.set(label=label, group=pl.col("word"))
    accounts.frame = accounts.frame.drop("word")
    return checks.settle(accounts, _contents(posts))


def _published(source: Source, raw: Path) -> Tables:
    if source.needs_labels:
        archive.check_keys(source, ["authors", "truth"], [])
    else:
        archive.check_keys(source, ["authors"], ["truth"])
    posts = documents.load(source, raw, "authors")
    values.primary_id(posts, "account_id")
    posts.set(word=pl.lit(None, pl.String))
    accounts = _accounts(posts)
    accounts.frame = accounts.frame.drop("word")
    truth = None
    if source.needs_labels:
        truth = headerless.load(source, raw, "truth", "labels", _TRUTH, ":::")
        values.primary_id(truth, "account_id")
    classes.join(accounts, truth)
    accounts.set(group=pl.col("word"))
    classes.settle(accounts)
    return checks.settle(accounts, _contents(posts), truth)


def _contents(posts: Reading) -> Reading:
    posts.frame = posts.frame.drop("word", "number")
    texts.kind_of(posts)
    texts.named_target(posts)
    texts.entities_of(posts)
    return posts


def _accounts(posts: Reading) -> Reading:
    """One row an author and word, standing where its first post stands."""
    first = posts.frame.sort("file", "row").unique(
        ["account_id", "word"], keep="first", maintain_order=True
    )
    rows = first.select("account_id", "word", "file", "row")
    return Reading(posts.source, "accounts", rows)
