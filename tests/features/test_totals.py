import re

import polars as pl
import pytest

from features import clock, measures, mixes, schema, totals
from features.baselines import TEXT_6
from features.catalogue import FEATURES
from tests.features.builders import fails

CANONICAL = set(schema.POSTS) | set(schema.ACCOUNTS)
MEASURES = set(measures.measure(schema.empty("posts")).columns)
TOTALS = {*totals.SUMS, *mixes.sources(), *clock.CLOCK}
# Quantiles of whole numbers, and figures that follow from sums of one account alone.
RANKS = re.compile("_(median|deviation|wait|p[0-9]+|entropy|repeat|distinct|change)$")


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("gap_median", {"posted_at", "account_id"}),
        ("office_posts", {"posted_at", "account_id"}),
        ("clients_pairs", {"client"}),
        ("clients_pairs_after", {"client", "posted_at", "account_id"}),
        ("sources_count", {"kind", "target_account_id"}),
        ("word_count", {"text", "kind"}),
        ("followers", {"followers"}),
    ],
)
def test_lineage(column, expected):
    assert totals.lineage({column}) == expected


@pytest.mark.parametrize("measure", [*FEATURES, *TEXT_6], ids=lambda f: f.name)
def test_every_feature_goes_back_to_canonical_columns(measure):
    assert totals.lineage(measure.inputs()) <= CANONICAL


def test_a_column_that_is_not_canonical_stays_in_sight():
    assert totals.lineage({"invented"}) - CANONICAL == {"invented"}


def test_no_total_has_the_name_of_another_column():
    """A feature would read the one and mean the other."""
    assert set() == TOTALS & (MEASURES | CANONICAL)
    assert len(TOTALS) == len([*totals.SUMS, *mixes.sources(), *clock.CLOCK])


def unused(read: set[str]) -> set[str]:
    return set(totals.SUMS) - read


def test_every_total_is_read():
    read = {name for f in FEATURES if f.table == "totals" for name in f.inputs()}

    assert unused(read) == set()
    assert unused(read - {"gap_sum"}) == {"gap_sum"}


def check_exact(table: pl.DataFrame) -> None:
    inexact = {n: t for n, t in table.schema.items() if not t.is_integer()}
    assert inexact == {}


def test_totals_are_whole_numbers_or_ranks():
    """Sums of these are exact, so order and company cannot change them."""
    posts = measures.measure(schema.empty("posts"))
    found = totals.reduce(posts, TOTALS, {})
    ranks = [name for name in found.columns if RANKS.search(name)]

    check_exact(found.drop("account_id", *ranks))
    assert fails(lambda: check_exact(pl.DataFrame({"mean": [0.5]})))
