import polars as pl
import pytest

from features import measures, schema
from features.baselines import TEXT_6
from features.catalogue import FEATURES

CANONICAL = set(schema.POSTS) | set(schema.ACCOUNTS)


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("kind", {"kind"}),
        ("own", {"kind"}),
        ("next_gap", {"posted_at", "account_id"}),
        ("word_count", {"text", "kind"}),
        ("mention_count", {"mentions", "kind"}),
        ("engagement", {"likes", "reposts"}),
        ("latency", {"posted_at", "target_posted_at"}),
        ("language_switch", {"language", "posted_at", "account_id"}),
        ("created_minute", {"created_at"}),
        ("handle_bigram_loglik", {"handle"}),
    ],
)
def test_lineage(column, expected):
    assert measures.lineage({column}) == expected


@pytest.mark.parametrize("measure", [*FEATURES, *TEXT_6], ids=lambda f: f.name)
def test_every_feature_goes_back_to_canonical_columns(measure):
    assert measures.lineage(measure.inputs()) <= CANONICAL


def test_a_column_that_is_not_canonical_stays_in_sight():
    assert measures.lineage({"invented"}) - CANONICAL == {"invented"}


def test_measures_are_whole_numbers_booleans_or_keys():
    """Sums of these are exact, so order and company cannot change them."""
    posts = schema.empty("posts").with_columns(created_minute=pl.lit(0, pl.Int64))
    columns = measures.measure(posts).schema
    inexact = {
        name: dtype
        for name, dtype in columns.items()
        if name not in posts.columns
        and not (dtype.is_integer() or dtype in (pl.Boolean(), pl.String()))
    }

    assert inexact == {}
