"""Labels of accounts, from the words of a format and the polarity that is declared."""

import re
from collections.abc import Mapping

import polars as pl

from pipeline.errors import SourceError
from pipeline.sources import archive, checks
from pipeline.sources.part import require
from pipeline.sources.reading import Reading
from pipeline.sources.source import Source

# Words that say of themselves which class they mean; a number does not.
WORDS: Mapping[str, int] = {"bot": 1, "human": 0}
_CLASSES = {"positives": 1, "controls": 0}
# Words named in an error.
_SHOWN = 5


def label_of(word: pl.Expr, source: Source) -> pl.Expr:
    """Label of each word: as declared, else as the word itself says; null if neither."""
    declared = {text: _CLASSES[name] for text, name in (source.polarity or {}).items()}
    return word.replace_strict(
        {**WORDS, **declared}, default=None, return_dtype=pl.Int8
    )


def settle(accounts: Reading) -> None:
    """Turn the column `word` into `label`; rows without a word are rejected.

    Where the source is to be scored no word is read.

    Raises:
        SourceError: a word whose class nobody has declared, or no account has one.
    """
    source = accounts.source
    if not source.needs_labels:
        accounts.frame = accounts.frame.drop("word")
        checks.give_class(accounts)
        return
    word = pl.col("word").cast(pl.String).str.strip_chars()
    accounts.set(word=pl.when(word != "").then(word))
    accounts.set(label=label_of(pl.col("word"), source))
    if "group" not in accounts.frame.columns:
        accounts.set(group=pl.lit(None, pl.String))
    unknown = pl.col("label").is_null() & pl.col("word").is_not_null()
    if accounts.frame.select(unknown.any()).item():
        words = accounts.frame.filter(unknown)["word"].unique().sort()
        # Whatever stands there: nothing of it may steer a terminal.
        shown = [re.sub(r"[^\w\-]", "?", word)[:20] for word in words.head(_SHOWN)]
        raise SourceError(
            f"source {source.name}: accounts with a label whose class is not declared "
            f"({', '.join(shown)}{', ...' if len(words) > _SHOWN else ''}); "
            'give the polarity of each, like `polarity: {"1": positives, '
            '"0": controls}`'
        )
    accounts.reject("unlabelled", pl.col("word").is_null(), "no label for this account")
    accounts.frame = accounts.frame.drop("word")
    require(
        source,
        not accounts.frame.is_empty(),
        f"source {source.name}: no account has a label; unlabelled accounts can be "
        "scored, never trained on",
    )


def join(accounts: Reading, labels: Reading | None) -> None:
    """Give accounts the `word`, and `group` if any, of their id, never of their row.

    A label of no account is rejected as `no_profile`; of an id with two different
    words, all of its rows as `label_conflict`.
    """
    if labels is None:
        accounts.set(word=pl.lit(None, pl.String))
        return
    conflict = pl.col("word").n_unique().over("account_id") > 1
    labels.reject("label_conflict", conflict, "the id has two labels")
    checks.duplicates(labels, ["account_id"])
    known = accounts.frame["account_id"].unique().implode()
    labels.reject("no_profile", ~pl.col("account_id").is_in(known), "no such account")
    accounts.frame = accounts.frame.join(
        labels.frame.select("account_id", pl.col("^(word|group)$")),
        on="account_id",
        how="left",
        maintain_order="left",
    )


def keys(source: Source, required: list[str], optional: list[str]) -> None:
    """Refuse a source without its kinds of file; labels are needed for training only.

    Raises:
        SourceError: naming the keys missing or unknown.
    """
    if source.needs_labels:
        archive.check_keys(source, [*required, "labels"], optional)
    else:
        archive.check_keys(source, required, [*optional, "labels"])
