"""Inner rows scored again: by their own boosters, and without what is withheld."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from pipeline.doubt import inner_scores
from pipeline.values import Values
from pipeline.withheld import Boosters, InnerScorer
from tests.pipeline.conftest import TinyWorld


@pytest.fixture(scope="module", params=["all", "harbour"])
def scorer(tiny_world: TinyWorld, request: pytest.FixtureRequest) -> InnerScorer:
    labels = tiny_world.table("labelled/labels")
    table = tiny_world.table("calibrated/calibrated")
    return InnerScorer(
        inner_scores(table, labels, request.param),
        Values.read(tiny_world.folder / "features"),
        Boosters.read(tiny_world.folder / "trained"),
        request.param,
    )


def test_with_nothing_withheld_the_scores_are_the_stored_ones(
    scorer: InnerScorer,
) -> None:
    stored = scorer.unseen["raw_score"].to_numpy()

    for unit in scorer.units:
        assert (scorer.score(unit, unit.matrix) == stored[unit.rows]).all()

    rows = np.concatenate([unit.rows for unit in scorer.units])
    assert sorted(rows) == list(range(scorer.unseen.height))
    # The twin: the booster of another unit, which saw these accounts, says otherwise.
    first, second, *_ = scorer.units
    other = scorer.score(replace(first, booster=second.booster), first.matrix)
    assert (other != stored[first.rows]).any()


def test_scores_without_a_part_are_others(scorer: InnerScorer) -> None:
    stored = scorer.unseen["raw_score"].to_numpy()
    without, alone = scorer("without profile"), scorer("posts 0")

    assert without is not None
    assert alone is not None
    for found in (without, alone):
        known = ~np.isnan(found)
        assert known.mean() > 0.9
        assert (found[known] != stored[known]).mean() > 0.5
    assert scorer("posts 20-99") is None


def test_who_lacks_it_already_is_not_scored_again(scorer: InnerScorer) -> None:
    given = scorer.values
    some = scorer.unseen["account_id"].head(9)
    lacks = pl.col("account_id").is_in(some.implode())
    none = given.static.with_columns(
        n_posts=pl.when(lacks).then(0).otherwise("n_posts").cast(pl.Int64)
    )

    found = replace(scorer, values=replace(given, static=none))("posts 0")

    assert found is not None
    assert np.isnan(found[:9]).all()
    assert not np.isnan(found[9:]).any()


def test_values_of_accounts_left_out_have_no_part(scorer: InnerScorer) -> None:
    inside = pl.col("account_id").is_in(scorer.unseen["account_id"].implode())
    values = scorer.values
    kept = replace(
        values, static=values.static.filter(inside), fitted=values.fitted.filter(inside)
    )

    before, after = scorer("posts 0"), replace(scorer, values=kept)("posts 0")

    assert before is not None
    assert after is not None
    assert np.array_equal(before, after, equal_nan=True)
