import polars as pl
import pytest

from features import equalise, measures, schema
from tests.features.builders import at, make_posts, plain

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
        ("phrase_keys", {"text", "kind", "account_id"}),
        ("opens_upper", {"text", "kind", "account_id"}),
        ("shortened", {"links", "kind"}),
        ("created_minute", {"created_at"}),
        ("day", {"posted_at", "account_id"}),
        ("returned", {"posted_at", "account_id"}),
        ("step", {"kind", "posted_at", "account_id"}),
        ("content_code", {"kind", "text", "links", "mentions", "hashtags"}),
        ("handle_bigram_loglik", {"handle"}),
    ],
)
def test_lineage(column, expected):
    assert measures.lineage({column}) == expected


def test_a_column_that_is_not_canonical_stays_in_sight():
    assert measures.lineage({"invented"}) - CANONICAL == {"invented"}


def _exact(dtype: pl.DataType) -> bool:
    if isinstance(dtype, pl.List):
        dtype = pl.Series(dtype=dtype.inner).dtype
    return dtype.is_integer() or dtype in (pl.Boolean(), pl.String())


def test_measures_are_whole_numbers_booleans_or_keys():
    """Sums of these are exact, so order and company cannot change them."""
    posts = schema.empty("posts")
    columns = measures.measure(posts).schema
    inexact = {
        name: dtype
        for name, dtype in columns.items()
        if name not in posts.columns and not _exact(dtype)
    }

    assert inexact == {}


def test_measures_that_nobody_reads_are_not_made():
    """And those that are read are the same, with what they build on."""
    posts = equalise.posts(make_posts([*at(0, 5, 5, text="Some, words!"), *plain(2)]))
    every = measures.measure(posts)

    some = measures.measure(posts, {"gap", "form"})

    assert "tokens" not in some.columns
    assert some.equals(every.select(some.columns))
    assert {"gap", "form", "words_only", "minute"} <= set(some.columns)


def test_lists_that_nobody_reads_are_not_made():
    assert "hashtags" in measures.behind({"first_tag"})
    assert {"links", "link_host"} <= measures.behind({"shortened"})
    assert not {"links", "mentions", "hashtags"} & measures.behind({"form", "gap"})
    assert {"links", "mentions", "hashtags"} <= measures.behind({"content_code"})
