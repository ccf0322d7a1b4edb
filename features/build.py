"""build_features: from canonical tables to feature values, the only caller of them.

Training, evaluation, serving and the reviewers' page call these functions; one account
is a batch of one, and its values do not depend on the batch, on the order of rows, or
on posts at or after its as_of.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features import totals
from features.artefacts import READ, Artefacts
from features.catalogue import FEATURES
from features.feature import Feature
from features.missing import Causes, Flags, of_posts, told
from features.parts import side_by_side
from features.population import Population
from features.prepared import (
    Prepared,
    Table,
    checked,
    look_up,
    prepare,
    prepare_checked,
)
from features.queries import as_written
from features.traces import TRACES


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
    return _of_parts(accounts, posts, artefacts, features, population).built()


def build_counted(
    accounts: Table, posts: Table | None, artefacts: Artefacts | None
) -> tuple[pl.DataFrame, pl.Series]:
    """What build_features gives for FEATURES, and how many posts count.

    Measured once for both; the last as `count_posts`, in the order of accounts.
    """
    measured = _of_parts(accounts, posts, artefacts, FEATURES)
    return measured.built(), measured.n_posts


def explain_missing(
    accounts: Table,
    posts: Table | None,
    artefacts: Artefacts | None,
    features: Sequence[Feature] = FEATURES,
) -> pl.DataFrame:
    """Like build_features, with a reason code where the value is null, else null."""
    return _of_parts(accounts, posts, artefacts, features).reasons()


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
    measured = _of_parts(accounts, posts, artefacts, features, population)
    return measured.built(), measured.reasons(), measured.n_posts


def count_posts(accounts: Table, posts: Table | None) -> pl.Series:
    """Posts of each account that count: distinct, before as_of, the latest ones."""
    return _of_parts(accounts, posts, None, ()).n_posts


def build_for_each(
    accounts: Table,
    posts: Table | None,
    artefacts: Iterable[Artefacts],
    features: Sequence[Feature],
) -> Iterator[pl.DataFrame]:
    """What build_features gives with each of several fitted tables.

    Posts are prepared once for all.
    """
    prepared = prepare(accounts, posts, None, _reads(features) | READ)
    for tables in artefacts:
        yield _measured(look_up(prepared, tables), features).built()


def prepare_fit(
    accounts: Table, posts: Table | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Equalised accounts and measured posts, as Artefacts.fit counts them."""
    prepared = prepare(accounts, posts, None)
    return prepared.accounts, prepared.posts


@dataclass(frozen=True)
class _Measured:
    """Values and what bears on them, of every account in order.

    Attributes:
        account_ids: of the accounts.
        n_posts: posts of each that count.
        values: not finite where there are none, shape (n_accounts, n_features).
        holds: which causes hold, shape (n_accounts, n_causes).
        causes: what they mean for which feature.
    """

    account_ids: pl.Series
    n_posts: pl.Series
    values: NDArray[np.float64]
    holds: Flags
    causes: Causes

    @classmethod
    def of(cls, parts: Sequence["_Measured"]) -> "_Measured":
        """The parts one after the other."""
        return cls(
            account_ids=pl.concat([part.account_ids for part in parts]),
            n_posts=pl.concat([part.n_posts for part in parts]),
            values=np.concatenate([part.values for part in parts]),
            holds=np.concatenate([part.holds for part in parts]),
            causes=parts[0].causes,
        )

    def built(self) -> pl.DataFrame:
        """account_id and a column a feature."""
        stand = self.causes.stand(self.values, self.holds)
        return pl.DataFrame([self.account_ids, *self.causes.values(self.values, stand)])

    def reasons(self) -> pl.DataFrame:
        """account_id and a column a feature, null where the value is there."""
        stand = self.causes.stand(self.values, self.holds)
        return pl.DataFrame([self.account_ids, *self.causes.reasons(stand, self.holds)])


class _Plan:
    """The expressions of some features, by the table that they read.

    Made once: making them takes as long as what they do to one account.
    """

    def __init__(self, features: Sequence[Feature]) -> None:
        of: dict[str, dict[str, pl.Expr]] = {
            table: {
                f"value {f.name}": f.expr.cast(pl.Float64)
                for f in features
                if f.table == table
            }
            for table in ("accounts", "posts", "totals", "population")
        }
        self.of_accounts = of["accounts"]
        self.of_totals = of["totals"]
        self.of_population = of["population"]
        self.shared = [f.name for f in features if f.table == "population"]
        counts = {
            name: expr
            for f in features
            if of_posts(f)
            for rule in told(f).values()
            for name, expr in rule.counts.items()
        }
        # What posts come to, beside the totals of these names.
        self.of_posts = {**counts, **of["posts"]}
        self.totals = frozenset(
            name for f in features if f.table == "totals" for name in f.inputs()
        )
        self.reads = totals.reads(self.totals).union(
            *(expr.meta.root_names() for expr in self.of_posts.values()),
            *(
                t.inputs()
                for name in self.shared
                if (t := TRACES[name]).table == "posts"
            ),
        )
        self.causes = Causes(features)
        self.values = [f"value {f.name}" for f in features]


@lru_cache(maxsize=32)
def _plan(features: tuple[Feature, ...]) -> _Plan:
    return _Plan(features)


def _reads(features: Sequence[Feature]) -> set[str]:
    """Measures of posts that the features read."""
    return _plan(tuple(features)).reads


def _of_parts(
    accounts: Table,
    posts: Table | None,
    artefacts: Artefacts | None,
    features: Sequence[Feature],
    population: Population | None = None,
) -> _Measured:
    """Measured part by part; one account is one part."""
    reads = _reads(features)
    found = side_by_side(
        lambda some, theirs: _measured(
            prepare_checked(some, theirs, artefacts, reads), features, population
        ),
        *checked(accounts, posts),
    )
    return found[0] if len(found) == 1 else _Measured.of(found)


def _measured(
    prepared: Prepared,
    features: Sequence[Feature],
    population: Population | None = None,
) -> _Measured:
    plan = _plan(tuple(features))
    by_account = totals.reduce(prepared.posts, plan.totals, plan.of_posts)
    accounts = prepared.accounts
    if plan.shared:
        accounts = accounts.hstack(
            _shared(plan, prepared, population).drop("account_id")
        )
    found = as_written(
        accounts.lazy()
        .with_columns(**plan.of_accounts)
        .join(by_account.lazy(), on="account_id", how="left", maintain_order="left")
        .with_columns(pl.col(*totals.COUNTS).fill_null(0))
        .with_columns(**plan.of_totals, **plan.causes.found)
    )
    return _Measured(
        account_ids=found["account_id"],
        n_posts=found["n_all"],
        values=_array(found, plan.values),
        holds=_array(found, list(plan.causes.found)),
        causes=plan.causes,
    )


def _shared(
    plan: _Plan, prepared: Prepared, population: Population | None
) -> pl.DataFrame:
    """Values of the P features, and `<name> why` where they are null."""
    if population is None:
        return prepared.accounts.select("account_id").with_columns(
            *(pl.lit(None, pl.Float64).alias(name) for name in plan.of_population),
            *(pl.lit("population_absent").alias(f"{name} why") for name in plan.shared),
        )
    shared = population.around(prepared.accounts, prepared.posts, plan.shared)
    return shared.select(
        "account_id", *(f"{name} why" for name in plan.shared), **plan.of_population
    )


def _array(frame: pl.DataFrame, columns: list[str]) -> NDArray[Any]:
    """Columns of one type, shape (height, n_columns); NaN for null."""
    return frame[columns].to_numpy().reshape(frame.height, len(columns))
