import polars as pl
import polars.selectors as cs
import pytest

from features.errors import SchemaError
from features.feature import BANNED_COLUMNS, MOMENTS, RAW
from tests.features.builders import planted

VALUE = pl.col("followers")


def test_a_plain_feature_is_accepted():
    assert planted(VALUE).inputs() == {"followers"}


@pytest.mark.parametrize("column", sorted(BANNED_COLUMNS))
def test_a_banned_column_is_refused_by_name(column):
    with pytest.raises(SchemaError, match=f"may not read {column}"):
        planted(VALUE + pl.col(column))


@pytest.mark.parametrize("column", [name for names in RAW.values() for name in names])
def test_a_raw_column_is_refused_by_name(column):
    with pytest.raises(SchemaError, match=f"may not read {column} as it stands"):
        planted(VALUE + pl.col(column).is_not_null())


@pytest.mark.parametrize(
    "formula",
    [
        # Calendar, clock, subject, id.
        pl.col("created_at").dt.year(),
        pl.col("posted_at").dt.hour().mode().first(),
        pl.col("text").str.contains("vote").sum(),
        pl.col("hashtags").list.contains("#war").sum(),
        pl.col("target_account_id").hash().max(),
    ],
)
def test_an_excluded_measure_is_refused(formula):
    with pytest.raises(SchemaError, match="as it stands"):
        planted(formula, table="posts")


@pytest.mark.parametrize(
    "unnamed",
    [
        pl.col("^account_id$").str.len_chars(),
        pl.nth(0).str.len_chars(),
        pl.all().null_count(),
        pl.col(pl.Boolean).first(),
        pl.col("followers") + cs.starts_with("verified"),
    ],
)
def test_columns_that_are_not_named_are_refused(unnamed):
    """Else an excluded one could come in without its name."""
    with pytest.raises(SchemaError, match="must name the columns"):
        planted(unnamed)


@pytest.mark.parametrize("column", ["language", "declared_language"])
def test_which_language_is_refused(column):
    spoken = pl.col(column)
    for formula in (
        spoken == "en",
        spoken.is_in(["en", "fr"]),
        spoken.str.head(2) > "e",
    ):
        with pytest.raises(SchemaError, match="may not name a language"):
            planted(formula.sum(), table="posts")

    assert planted((spoken != pl.col("language").first()).sum(), table="posts")


@pytest.mark.parametrize(
    ("formula", "named"),
    [
        (pl.col("first_tag") == "war", "war"),
        (pl.col("words_only").str.contains("vote"), "vote"),
        (pl.col("host").is_in(["news.org", "shop.org"]), "news.org, shop.org"),
        (pl.col("first_mention") == "ann", "ann"),
        (pl.col("client") == "web", "web"),
    ],
)
def test_words_of_posts_are_refused_through_measures_too(formula, named):
    for table in ("posts", "totals"):
        with pytest.raises(SchemaError, match=f"may not name {named}; of posts"):
            planted(formula.sum(), table=table)

    assert planted((pl.col("kind") == "reply").sum(), table="posts")
    assert planted(pl.col("first_tag").drop_nulls().n_unique(), table="posts")


def test_which_place_is_refused():
    with pytest.raises(SchemaError, match="may not name a place"):
        planted(pl.col("location").str.contains("Springfield"))

    assert planted(pl.col("location").str.len_chars() > 0)


@pytest.mark.parametrize("column", sorted(MOMENTS))
def test_a_moment_is_refused_but_against_another(column):
    with pytest.raises(SchemaError, match=f"may not read {column} alone, it is a date"):
        planted(pl.col(column).max(), table="posts")

    assert planted(pl.col(column).max() - pl.col(column).min(), table="posts")


@pytest.mark.parametrize("dtype", [pl.String(), pl.Int64(), pl.Float64(), pl.Date()])
def test_only_numbers_and_booleans(dtype):
    with pytest.raises(SchemaError, match="is not numeric"):
        planted(VALUE, dtype=dtype)


@pytest.mark.parametrize("name", ["value", "other_value", "plantedvalue", ""])
def test_the_name_begins_with_the_group(name):
    with pytest.raises(SchemaError, match="must begin with planted_"):
        planted(VALUE, name=name)


def test_an_unknown_reason_is_refused():
    with pytest.raises(SchemaError, match="unknown reason codes"):
        planted(VALUE, reasons=("because",))


@pytest.mark.parametrize(
    ("declared", "code"),
    [
        ({"min_posts": 3}, "too_few_posts"),
        ({"full_history": True}, "history_incomplete"),
        ({"tier": "F"}, "artefact_absent"),
        ({"tier": "P"}, "population_absent"),
    ],
)
def test_a_reason_that_can_occur_must_be_listed(declared, code):
    with pytest.raises(SchemaError, match=f"reasons lack {code}"):
        planted(VALUE, reasons=("field_absent",), **declared)

    assert planted(VALUE, reasons=("field_absent", code), **declared).reasons


def test_features_are_equal_only_to_themselves():
    assert planted(VALUE) != planted(VALUE)
