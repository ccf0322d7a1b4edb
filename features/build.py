"""build_features: from canonical tables to feature values, the only caller of them.

Training, evaluation, serving and the reviewers' page call these functions; one account
is a batch of one, and its values do not depend on the batch, on the order of rows, or
on posts at or after its as_of.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from features import equalise, schema
from features.artefacts import Artefacts
from features.catalogue import FEATURES
from features.errors import InputError
from features.feature import Feature
from features.measures import lineage, measure

Table = pl.DataFrame | Path

_COUNTED: Final = {
    "all": pl.len(),
    "dated": pl.col("minute").count(),
    "own": pl.col("length").count(),
}


def build_features(
    accounts: Table,
    posts: Table | None,
    artefacts: Artefacts | None,
    features: Sequence[Feature] = FEATURES,
) -> pl.DataFrame:
    """One row an account, in the order given: account_id and a column a feature.

    Null means that the value could not be measured; `explain_missing` says why.

    Args:
        accounts: canonical accounts, or a Parquet file of them; unique account_id.
        posts: canonical posts, or a Parquet file of them; null if there are none.
        artefacts: tables fitted in training, null if there are none.
        features: which to build, in column order.

    Raises:
        SchemaError: a table is not canonical.
        InputError: an account stands in the table twice.
    """
    prepared = _prepare(accounts, posts, artefacts)
    row_wise = [f for f in features if f.table == "accounts"]
    reduced = [f for f in features if f.table == "posts"]
    values = prepared.accounts.select(
        "account_id", "history_complete", *(f.expr.alias(f.name) for f in row_wise)
    )
    if reduced:
        counts = [expr.alias(f"n_{name}") for name, expr in _COUNTED.items()]
        by_account = prepared.posts.group_by("account_id", maintain_order=True).agg(
            *counts, *(f.expr.alias(f.name) for f in reduced)
        )
        values = values.join(
            by_account, on="account_id", how="left", maintain_order="left"
        )
    return values.select("account_id", *(_bounded(f).alias(f.name) for f in features))


def _bounded(feature: Feature) -> pl.Expr:
    """The value where there is evidence enough for it, as the feature's type."""
    value = pl.col(feature.name)
    if feature.dtype == pl.Boolean():
        return value
    value = value.cast(pl.Float64)
    value = pl.when(value.is_finite()).then(value)
    if feature.min_posts:
        enough = pl.col(f"n_{feature.counted}") >= feature.min_posts
        value = pl.when(enough).then(value)
    if feature.full_history:
        value = pl.when(pl.col("history_complete")).then(value)
    return value.cast(feature.dtype)


def explain_missing(
    accounts: Table,
    posts: Table | None,
    artefacts: Artefacts | None,
    features: Sequence[Feature] = FEATURES,
) -> pl.DataFrame:
    """Like build_features, with a reason code where the value is null, else null."""
    prepared = _prepare(accounts, posts, artefacts)
    values = build_features(accounts, posts, artefacts, features)
    columns = sorted(
        {c for f in features if f.table == "posts" for c in lineage(f.inputs())}
        & set(schema.POSTS)
    )
    known = prepared.posts.group_by("account_id", maintain_order=True).agg(
        *(expr.alias(f"n_{name}") for name, expr in _COUNTED.items()),
        *(pl.col(c).is_not_null().any().alias(f"known_{c}") for c in columns),
    )
    facts = prepared.accounts.join(
        known, on="account_id", how="left", maintain_order="left"
    ).with_columns(pl.col(f"n_{name}").fill_null(0) for name in _COUNTED)
    reasons = facts.select(
        "account_id",
        *(_reason(f, artefacts is not None).alias(f.name) for f in features),
    )
    return reasons.with_columns(
        pl.when(values[f.name].is_null()).then(pl.col(f.name)).alias(f.name)
        for f in features
    )


def _reason(feature: Feature, fitted: bool) -> pl.Expr:
    tests: list[tuple[pl.Expr, str]] = []
    if feature.tier == "P":
        tests.append((pl.lit(True), "population_absent"))
    if feature.tier == "F":
        tests.append((pl.lit(not fitted), "artefact_absent"))
    if feature.group == "name":
        tests.append((pl.col("names_hashed"), "field_hashed"))
    roots = lineage(feature.inputs())
    if feature.table == "posts":
        absent = [
            pl.col(f"known_{c}").not_() for c in sorted(roots & set(schema.POSTS))
        ]
        tests += [
            ((pl.col("n_all") > 0) & is_absent, "field_absent") for is_absent in absent
        ]
    else:
        roots = {"handle" if c == "handle_bigram_loglik" else c for c in roots}
        tests += [(pl.col(c).is_null(), "field_absent") for c in sorted(roots)]
    if feature.full_history:
        tests.append(
            (pl.col("history_complete").fill_null(False).not_(), "history_incomplete")
        )
    if feature.min_posts:
        few = pl.col(f"n_{feature.counted}") < feature.min_posts
        tests.append((few, "too_few_posts"))
    reason = pl.lit("undefined")
    for test, code in reversed(tests):
        reason = pl.when(test).then(pl.lit(code)).otherwise(reason)
    return reason


def show_evidence(
    accounts: Table, posts: Table | None, feature: Feature
) -> pl.DataFrame:
    """Canonical posts that show a feature's value; no rows if no post shows it."""
    prepared = _prepare(accounts, posts, None)
    if feature.evidence is None:
        return schema.empty("posts")
    shown = feature.evidence.fill_null(False).over("account_id")
    return prepared.posts.filter(shown).select(list(schema.POSTS))


@dataclass(frozen=True)
class _Prepared:
    accounts: pl.DataFrame
    posts: pl.DataFrame


def _prepare(
    accounts: Table, posts: Table | None, artefacts: Artefacts | None
) -> _Prepared:
    """Checked, equalised, cut at as_of, and measured."""
    account_table = schema.check(_read(accounts), "accounts")
    if account_table["account_id"].n_unique() != account_table.height:
        raise InputError(
            "table accounts: an account_id stands more than once; keep one row of each"
        )
    account_table = equalise.accounts(account_table)
    bigrams = (
        artefacts.handle_bigram_loglik(account_table)
        if artefacts
        else pl.lit(None, dtype=pl.Float64).alias("handle_bigram_loglik")
    )
    account_table = account_table.with_columns(
        bigrams, (pl.col("created_at").dt.epoch("ms") // 60_000).alias("created_minute")
    )
    post_table = schema.empty("posts") if posts is None else _read(posts)
    post_table = equalise.posts(schema.check(post_table, "posts"))
    post_table = equalise.before_as_of(post_table, account_table)
    post_table = post_table.join(
        account_table.select("account_id", "created_minute"),
        on="account_id",
        how="left",
        maintain_order="left",
    )
    return _Prepared(account_table, measure(post_table))


def _read(table: Table) -> pl.DataFrame:
    return pl.read_parquet(table) if isinstance(table, Path) else table
