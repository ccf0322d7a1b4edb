"""Evidence: the posts that show a feature's value, and strings of behaviour to read."""

from collections.abc import Iterable, Iterator

import polars as pl

from features import clock, schema
from features.artefacts import Artefacts
from features.bloc import strings
from features.feature import Feature
from features.population import Population
from features.prepared import Prepared, Table, prepare


def show_evidence(
    accounts: Table,
    posts: Table | None,
    feature: Feature,
    artefacts: Artefacts | None = None,
    population: Population | None = None,
) -> pl.DataFrame:
    """Canonical posts that show a feature's value; no rows if no post shows it.

    Args:
        accounts: as of build_features.
        posts: as of build_features.
        feature: the one to show.
        artefacts: tables fitted in training, null if there are none.
        population: the accounts around; without it, nothing shows features of tier P.
    """
    return _shown(prepare(accounts, posts, artefacts), feature, population)


def show_for_each(
    accounts: Table,
    posts: Table | None,
    features: Iterable[Feature],
    artefacts: Artefacts | None = None,
) -> Iterator[pl.DataFrame]:
    """What show_evidence gives of each of several features.

    Posts are prepared once for all.
    """
    prepared = prepare(accounts, posts, artefacts)
    for feature in features:
        yield _shown(prepared, feature, None)


def show_behaviour(accounts: Table, posts: Table | None) -> pl.DataFrame:
    """One row an account that has posts: account_id, and its BLOC strings to read.

    See features.bloc.strings.
    """
    return strings(prepare(accounts, posts, None).posts)


def _shown(
    prepared: Prepared, feature: Feature, population: Population | None
) -> pl.DataFrame:
    """See show_evidence."""
    told = prepared.posts
    if feature.evidence is None:
        return schema.empty("posts")
    if feature.table == "population":
        if population is None:
            return schema.empty("posts")
        shared = population.shared(prepared.accounts, told, feature.name)
        told = told.with_columns(shared)
    if not set(clock.INSIDE).isdisjoint(feature.evidence.meta.root_names()):
        told = told.hstack(clock.inside(told))
    shown = feature.evidence.fill_null(False).over("account_id")
    return told.filter(shown).select(list(schema.POSTS))
