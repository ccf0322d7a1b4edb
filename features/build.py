"""build_features: from canonical tables to feature values, the only caller of them.

Training, evaluation, serving and the reviewers' page call these functions; one account
is a batch of one, and its values do not depend on the batch, on the order of rows, or
on posts at or after its as_of.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import polars as pl

from features import equalise, schema, totals
from features.artefacts import Artefacts
from features.bloc import strings
from features.catalogue import FEATURES
from features.errors import InputError
from features.feature import Feature
from features.measures import measure
from features.population import Population
from features.totals import lineage

Table = pl.DataFrame | Path


def build_features(
    accounts: Table,
    posts: Table | None,
    artefacts: Artefacts | None,
    features: Sequence[Feature] = FEATURES,
    population: Population | None = None,
) -> pl.DataFrame:
    """One row an account, in the order given: account_id and a column a feature.

    Null means that the value could not be measured; `explain_missing` says why.

    Args:
        accounts: canonical accounts, or a Parquet file of them; unique account_id.
        posts: canonical posts, or a Parquet file of them; null if there are none.
        artefacts: tables fitted in training, null if there are none.
        features: which to build, in column order.
        population: the accounts around, for features of tier P; null if none is given.

    Raises:
        SchemaError: a table is not canonical.
        InputError: an account stands in the table twice.
    """
    measured = _measured(_prepare(accounts, posts, artefacts), features, population)
    return measured.select("account_id", *(_bounded(f) for f in features))


def explain_missing(
    accounts: Table,
    posts: Table | None,
    artefacts: Artefacts | None,
    features: Sequence[Feature] = FEATURES,
) -> pl.DataFrame:
    """Like build_features, with a reason code where the value is null, else null."""
    return build_with_reasons(accounts, posts, artefacts, features)[1]


def build_with_reasons(
    accounts: Table,
    posts: Table | None,
    artefacts: Artefacts | None,
    features: Sequence[Feature] = FEATURES,
    population: Population | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame, pl.Series]:
    """What build_features and explain_missing give, and how many posts count.

    Measured once for all three; the last as `count_posts`, in the order of accounts.
    """
    measured = _measured(_prepare(accounts, posts, artefacts), features, population)
    built = measured.with_columns(_bounded(f) for f in features)
    reasons = built.select(
        "account_id", *(_why(f, artefacts is not None) for f in features)
    )
    return built.select(reasons.columns), reasons, built["n_all"]


def count_posts(accounts: Table, posts: Table | None) -> pl.Series:
    """Posts of each account that count: distinct, before as_of, the latest ones."""
    return _measured(_prepare(accounts, posts, None), ())["n_all"]


# The expressions of a feature are the same for each request, and making them takes as
# long as what they do to one account.
@cache
def _why(feature: Feature, fitted: bool) -> pl.Expr:
    """Reason code where the built value is null, else null."""
    absent = pl.col(feature.name).is_null()
    return pl.when(absent).then(_reason(feature, fitted)).alias(feature.name)


def _measured(
    prepared: "_Prepared",
    features: Sequence[Feature],
    population: Population | None = None,
) -> pl.DataFrame:
    """Accounts with all that values and reasons follow from.

    Their columns; `n_<counted>` posts; a column `value <feature>`; a column
    `told <...>` where the posts tell what some features read.
    """
    values = prepared.accounts.with_columns(
        f.expr.alias(f"value {f.name}") for f in features if f.table == "accounts"
    )
    values = _shared(values, prepared, features, population)
    of_posts = [f for f in features if _of_posts(f)]
    told = {name: expr for f in of_posts for name, expr in _told(f).items()}
    by_account = totals.reduce(
        prepared.posts,
        {name for f in of_posts if f.table == "totals" for name in f.inputs()},
        [
            *(expr.alias(name) for name, expr in told.items()),
            *(f.expr.alias(f"value {f.name}") for f in of_posts if f.table == "posts"),
        ],
    )
    return (
        values.join(by_account, on="account_id", how="left", maintain_order="left")
        .with_columns(
            *(pl.col(name).fill_null(0) for name in totals.COUNTS),
            # Where there are no posts, they are too few and not untold.
            *(pl.col(name).fill_null(True) for name in told),
        )
        .with_columns(
            f.expr.alias(f"value {f.name}") for f in of_posts if f.table == "totals"
        )
    )


def _shared(
    values: pl.DataFrame,
    prepared: "_Prepared",
    features: Sequence[Feature],
    population: Population | None,
) -> pl.DataFrame:
    """Values with those of the P features, and `<name> why` where they are null."""
    of_population = [f for f in features if f.table == "population"]
    if population is None or not of_population:
        return values.with_columns(
            column
            for f in of_population
            for column in (
                pl.lit(None, pl.Float64).alias(f"value {f.name}"),
                pl.lit("population_absent").alias(f"{f.name} why"),
            )
        )
    names = [f.name for f in of_population]
    shared = population.around(prepared.accounts, prepared.posts, names)
    return values.hstack(
        shared.select(
            *(f.expr.alias(f"value {f.name}") for f in of_population),
            *(f"{name} why" for name in names),
        )
    )


@cache
def _told(feature: Feature) -> dict[str, pl.Expr]:
    """Whether the posts tell the columns that a feature reads, by a name of the rule.

    Where one post in ten of those concerned may be silent, two collectors of the same
    posts differ little; where most may be, a share would be one of the collector.
    """
    columns = sorted(lineage(feature.inputs()) & set(schema.POSTS) - _ALWAYS_TOLD)
    if feature.among is None:
        return {f"told {c}": pl.col(c).is_not_null().any() for c in columns}
    concerned = feature.among
    return {
        f"told {c} of {concerned}": 10 * (concerned & pl.col(c).is_not_null()).sum()
        >= 9 * concerned.sum()
        for c in columns
    }


_ALWAYS_TOLD: Final = frozenset({"account_id", "kind"})


@cache
def _bounded(feature: Feature) -> pl.Expr:
    """The value where there is evidence enough for it, as the feature's type."""
    value = pl.col(f"value {feature.name}")
    if feature.dtype != pl.Boolean():
        value = value.cast(pl.Float64)
        value = pl.when(value.is_finite()).then(value)
    enough = [pl.col(name) for name in (_told(feature) if _of_posts(feature) else ())]
    if feature.min_posts and feature.table != "population":
        enough.append(pl.col(f"n_{feature.counted}") >= feature.min_posts)
    if feature.full_history:
        enough.append(pl.col("history_complete"))
    if enough:
        value = pl.when(pl.all_horizontal(enough)).then(value)
    return value.cast(feature.dtype).alias(feature.name)


def _reason(feature: Feature, fitted: bool) -> pl.Expr:
    """Code of the first cause that applies."""
    if feature.table == "population":
        return pl.col(f"{feature.name} why")
    tests: list[tuple[pl.Expr, str]] = []
    if feature.tier == "F":
        tests.append((pl.lit(not fitted), "artefact_absent"))
    read = lineage(feature.inputs())
    of_accounts = set(schema.ACCOUNTS) - {"account_id"}
    if not _of_posts(feature) and read & {"handle", "name"}:
        tests.append((pl.col("names_hashed"), "field_hashed"))
    tests += [(pl.col(c).is_null(), "field_absent") for c in sorted(read & of_accounts)]
    if _of_posts(feature):
        tests += [(pl.col(name).not_(), "field_absent") for name in _told(feature)]
    if feature.full_history:
        incomplete = pl.col("history_complete").fill_null(False).not_()
        tests.append((incomplete, "history_incomplete"))
    if feature.min_posts:
        few = pl.col(f"n_{feature.counted}") < feature.min_posts
        tests.append((few, "too_few_posts"))
    # What is told in no post that counts is absent where nothing can be undefined.
    rest = "undefined" if "undefined" in feature.reasons else "field_absent"
    reason = pl.lit(rest)
    for test, code in reversed(tests):
        reason = pl.when(test).then(pl.lit(code)).otherwise(reason)
    return reason


def _of_posts(feature: Feature) -> bool:
    return feature.table in ("posts", "totals")


def build_for_each(
    accounts: Table,
    posts: Table | None,
    artefacts: Iterable[Artefacts],
    features: Sequence[Feature],
) -> Iterator[pl.DataFrame]:
    """What build_features gives with each of several fitted tables.

    Posts are prepared once for all.
    """
    prepared = _prepare(accounts, posts, None)
    for tables in artefacts:
        measured = _measured(_looked_up(prepared, tables), features)
        yield measured.select("account_id", *(_bounded(f) for f in features))


def prepare_fit(
    accounts: Table, posts: Table | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Equalised accounts and measured posts, as Artefacts.fit counts them."""
    prepared = _prepare(accounts, posts, None)
    return prepared.accounts, prepared.posts


def show_evidence(
    accounts: Table,
    posts: Table | None,
    feature: Feature,
    artefacts: Artefacts | None = None,
) -> pl.DataFrame:
    """Canonical posts that show a feature's value; no rows if no post shows it."""
    prepared = _prepare(accounts, posts, artefacts)
    if feature.evidence is None:
        return schema.empty("posts")
    shown = feature.evidence.fill_null(False).over("account_id")
    return prepared.posts.filter(shown).select(list(schema.POSTS))


def show_behaviour(accounts: Table, posts: Table | None) -> pl.DataFrame:
    """One row an account that has posts: account_id, and its BLOC strings to read.

    See features.bloc.strings.
    """
    return strings(_prepare(accounts, posts, None).posts)


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
    account_table = equalise.accounts(account_table).with_columns(
        (pl.col("created_at").dt.epoch("ms") // 60_000).alias("created_minute")
    )
    post_table = schema.empty("posts") if posts is None else _read(posts)
    # Before times lose their seconds: by the minute, two posts could look like one.
    post_table = equalise.distinct(schema.check(post_table, "posts"))
    post_table = equalise.posts(post_table)
    post_table = equalise.before_as_of(post_table, account_table)
    post_table = post_table.join(
        account_table.select("account_id", "declared_language"),
        on="account_id",
        how="left",
        maintain_order="left",
    )
    return _looked_up(_Prepared(account_table, measure(post_table)), artefacts)


def _looked_up(prepared: _Prepared, artefacts: Artefacts | None) -> _Prepared:
    """With what the fitted tables say beside, null without them."""
    if artefacts is None:
        return _Prepared(
            prepared.accounts.with_columns(
                pl.lit(None, pl.Float64).alias("handle_bigram_loglik")
            ),
            prepared.posts.with_columns(
                pl.lit(None, pl.Int64).alias("client_rarity"),
                pl.lit(None, pl.Boolean).alias("copied"),
            ),
        )
    return _Prepared(
        prepared.accounts.with_columns(
            artefacts.handle_bigram_loglik(prepared.accounts)
        ),
        prepared.posts.with_columns(
            artefacts.clientele.rarity(prepared.posts),
            artefacts.prominent.copied(prepared.posts),
        ),
    )


def _read(table: Table) -> pl.DataFrame:
    return pl.read_parquet(table) if isinstance(table, Path) else table
