"""The moment at which each account is judged, by the rule that its source declares."""

import polars as pl

from features.schema import TIME
from pipeline.errors import SourceError
from pipeline.sources.part import Part
from pipeline.sources.source import Source, as_utc

_MARGIN = pl.duration(minutes=1)


def add_as_of(
    source: Source, accounts: pl.DataFrame, posts: pl.DataFrame | None
) -> pl.DataFrame:
    """Accounts with `as_of`.

    Raises:
        SourceError: the rule asks for what the format or the rows do not have.
    """
    rule, at = source.as_of.rule, source.as_of.at
    if rule == "constant" and at is not None:
        return accounts.with_columns(as_of=as_utc(at))
    if rule == "column":
        if "as_of" not in accounts.columns:
            raise SourceError(
                f"source {source.name}, as_of: format {source.format} states no time "
                "of observation; use rule last_post or constant"
            )
        return _required(source, accounts, "the column is empty")
    if posts is None:
        raise SourceError(
            f"source {source.name}, as_of: rule last_post, but format {source.format} "
            "has no posts; use rule constant"
        )
    last = posts.group_by("account_id").agg(pl.col("posted_at").max().alias("_last"))
    joined = accounts.drop("as_of", strict=False).join(
        last, on="account_id", how="left", maintain_order="left"
    )
    if at is not None:
        fallback = as_utc(at)
    elif isinstance(source, Part):
        fallback = _of_label(source, joined) + _MARGIN
    else:
        fallback = pl.col("_last").max().over("label") + _MARGIN
    as_of = pl.coalesce(pl.col("_last") + _MARGIN, fallback).cast(TIME)
    return _required(
        source,
        joined.with_columns(as_of=as_of).drop("_last"),
        "no account of its label has a dated post; give as_of.at",
    )


def _of_label(source: Part, accounts: pl.DataFrame) -> pl.Expr:
    """Last post of the label in the whole source; in this part while it is unknown."""
    found = dict(
        accounts.group_by("label").agg(pl.col("_last").max()).sort("label").iter_rows()
    )
    waiting = accounts.filter(pl.col("_last").is_null())["label"].unique()
    source.findings.last_posts.update(found)
    source.findings.waiting.update(waiting)
    last = source.whole.last_posts
    if last is None:
        # Any moment will do where the part has none: it is read again.
        last = {label: time or source.platform_start for label, time in found.items()}
    return pl.col("label").replace_strict(
        list(last), list(last.values()), default=None, return_dtype=TIME
    )


def _required(source: Source, accounts: pl.DataFrame, why: str) -> pl.DataFrame:
    if count := accounts["as_of"].null_count():
        raise SourceError(f"source {source.name}, as_of: null for {count} rows: {why}")
    return accounts
