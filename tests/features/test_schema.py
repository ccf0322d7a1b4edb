from datetime import datetime

import polars as pl
import pytest

from features import schema
from features.build import build_features
from features.errors import SchemaError
from features.feature import BANNED_COLUMNS
from tests.features.builders import make_account, make_posts


@pytest.mark.parametrize("table", sorted(schema.TABLES))
def test_an_empty_table_is_canonical(table):
    assert schema.check(schema.empty(table), table).columns == list(
        schema.TABLES[table]
    )


def test_columns_come_in_canonical_order():
    frame = make_account()

    assert schema.check(frame.select(frame.columns[::-1]), "accounts").equals(frame)


def test_absent_columns_are_filled_and_others_dropped():
    frame = make_account().select("account_id", "as_of", extra=1)

    assert schema.conform(frame, "accounts").equals(make_account())


@pytest.mark.parametrize("column", sorted(BANNED_COLUMNS - set(schema.POSTS)))
def test_a_column_that_is_no_evidence_is_refused(column):
    accounts = make_account().with_columns(pl.lit(1).alias(column))
    posts = make_posts([]).with_columns(pl.lit(1).alias(column))

    with pytest.raises(SchemaError, match=rf"accounts: column\(s\) {column} are not"):
        build_features(accounts, None, None)
    with pytest.raises(SchemaError, match=rf"posts: column\(s\) {column} are not"):
        build_features(make_account(), posts, None)


def test_ids_alone_are_both_canonical_and_banned():
    """They are keys; everything else that is banned cannot even come in."""
    canonical = set(schema.ACCOUNTS) | set(schema.POSTS)

    assert canonical & BANNED_COLUMNS == {"account_id", "post_id"}


def test_a_missing_column_is_named():
    with pytest.raises(SchemaError, match=r"missing column\(s\) bio"):
        schema.check(make_account().drop("bio"), "accounts")


def test_another_type_is_named():
    frame = make_account().with_columns(pl.col("followers").cast(pl.Int32))

    with pytest.raises(SchemaError, match="followers: expected Int64, found Int32"):
        schema.check(frame, "accounts")


def test_a_time_without_zone_is_refused():
    frame = make_account().with_columns(
        pl.lit(datetime(2020, 1, 1)).dt.cast_time_unit("ms").alias("as_of")  # noqa: DTZ001
    )

    with pytest.raises(SchemaError, match="as_of: expected"):
        schema.check(frame, "accounts")


def test_a_null_where_a_value_is_required_is_counted():
    with pytest.raises(SchemaError, match="as_of: 1 null value"):
        schema.check(make_account(as_of=None), "accounts")


@pytest.mark.parametrize("column", schema.COUNTS["accounts"])
def test_a_negative_count_of_an_account_is_refused(column):
    with pytest.raises(SchemaError, match=f"{column}: expected 0 or more, found -1"):
        schema.check(make_account(**{column: -1}), "accounts")


@pytest.mark.parametrize("column", schema.COUNTS["posts"])
def test_a_negative_count_of_a_post_is_refused(column):
    with pytest.raises(SchemaError, match=f"{column}: expected 0 or more, found -7"):
        schema.check(make_posts([{column: 0}, {column: -7}, {}]), "posts")


def test_a_kind_that_does_not_exist_is_refused():
    with pytest.raises(SchemaError, match="kind: expected original, repost, reply"):
        schema.check(make_posts([{"kind": "retweet"}]), "posts")
