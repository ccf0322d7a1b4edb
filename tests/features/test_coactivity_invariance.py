"""What must not matter to co-activity, does not; a trace that makes it matter is caught."""

from collections.abc import Set
from dataclasses import replace
from datetime import timedelta
from string import ascii_lowercase
from typing import Any

import polars as pl
import pytest

from features.build import build_features
from features.coactivity import COACTIVITY
from features.population import Population
from features.traces import TRACES
from tests.features.builders import START, fails, make_posts, named
from tests.features.crowds import everything, replies, reposts

Tables = tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]
# Rows of hashtags are compared within the first of their tags by alphabet.
OF_THE_ALPHABET = {"coactivity_tag_sequence_ratio"}


def built(tables: Tables) -> pl.DataFrame:
    """Values of these accounts among themselves, in their order."""
    accounts, posts, acted = tables
    around = Population.of(posts, accounts, acted)
    return build_features(accounts, posts, None, COACTIVITY, around).drop("account_id")


def check_same(one: Tables, other: Tables, may: Set[str] = frozenset()) -> None:
    """Of these tables and of those, all values are the same; those of `may` are not."""
    before, after = built(one), built(other)
    assert before.null_count().sum_horizontal().item() == 0
    assert {n for n in before.columns if not before[n].equals(after[n])} == may


def moved(tables: Tables, hours: int) -> Tables:
    """All times but the creation, which is known to the day."""
    accounts, posts, acted = tables
    late = timedelta(hours=hours)
    return (
        accounts.with_columns(pl.col("as_of") + late),
        posts.with_columns(pl.col("posted_at") + late),
        acted.with_columns(pl.col("at") + late),
    )


def later(tables: Tables) -> Tables:
    """All times and the creation 143 weeks later."""
    accounts, posts, acted = moved(tables, 143 * 7 * 24)
    late = timedelta(weeks=143)
    return accounts.with_columns(pl.col("created_at") + late), posts, acted


def renamed(tables: Tables) -> Tables:
    """Other ids, and other letters of the handles in the same places."""
    accounts, posts, acted = (
        table.with_columns(account_id="z/" + pl.col("account_id")) for table in tables
    )
    return accounts.with_columns(_swapped("handle")), posts, acted


def of_other_words(tables: Tables) -> Tables:
    """Each letter of texts and hashtags is another."""
    accounts, posts, acted = tables
    tags = pl.col("hashtags").list.eval(_swapped(""))
    return accounts, posts.with_columns(_swapped("text"), tags), acted


def _swapped(column: str) -> pl.Expr:
    letters = pl.col(column) if column else pl.element()
    return letters.str.replace_many(list(ascii_lowercase), list(ascii_lowercase[::-1]))


@pytest.mark.parametrize("hours", [1, 5, 12, 23])
def test_the_hour_of_the_clock(hours):
    check_same(everything(), moved(everything(), hours))


def test_the_date():
    check_same(everything(), later(everything()))


def test_the_name():
    check_same(everything(), renamed(everything()))


def test_words():
    check_same(everything(), of_other_words(everything()), OF_THE_ALPHABET)


def test_seconds():
    accounts, posts, acted = everything()
    late = pl.duration(seconds=pl.int_range(pl.len()) * 7_919 % 60)

    check_same(
        (accounts, posts, acted),
        (accounts, posts.with_columns(pl.col("posted_at") + late), acted),
    )


def test_posts_of_its_own_after_the_moment():
    accounts, posts, acted = everything()
    moment = START + timedelta(days=9)
    some = accounts.with_columns(as_of=pl.lit(moment).dt.cast_time_unit("ms"))
    late = make_posts(named(reposts("a/2", "x0", "x1") + replies("a/3", "x0")))
    late = late.with_columns(
        posted_at=pl.lit(moment).dt.cast_time_unit("ms"),
        post_id="late " + pl.col("post_id"),
    )

    check_same((some, posts, acted), (some, pl.concat([posts, late]), acted))
    # The twin: a minute before, they count.
    early = late.with_columns(pl.col("posted_at") - timedelta(minutes=1))
    counted = (some, pl.concat([posts, early]), acted)
    assert fails(lambda: check_same((some, posts, acted), counted))


# Twins: a trace that reads what it may not.


def plant(monkeypatch: pytest.MonkeyPatch, name: str, **changes: Any) -> None:
    monkeypatch.setitem(TRACES, name, replace(TRACES[name], **changes))


def test_a_trace_of_calendar_days_is_caught(monkeypatch):
    day = pl.col("posted_at").dt.truncate("1d")
    plant(monkeypatch, "coactivity_minute_ratio", item=day)

    assert fails(lambda: check_same(everything(), moved(everything(), 12)))


def test_a_trace_of_years_is_caught(monkeypatch):
    leap = pl.col("posted_at").dt.is_leap_year()
    plant(monkeypatch, "coactivity_reply_ratio", among=leap)

    assert fails(lambda: check_same(everything(), later(everything())))


@pytest.mark.parametrize(
    ("name", "among"),
    [
        ("coactivity_repost_ratio", pl.col("account_id") != "a/3"),
        ("coactivity_creation_ratio", pl.col("handle") > "b"),
    ],
)
def test_a_trace_of_some_names_is_caught(name, among, monkeypatch):
    plant(monkeypatch, name, among=among)

    assert fails(lambda: check_same(everything(), renamed(everything())))


def test_a_trace_of_some_words_is_caught(monkeypatch):
    plant(
        monkeypatch,
        "coactivity_text_ratio",
        among=pl.col("text").is_null() | pl.col("text").str.starts_with("a").not_(),
    )

    assert fails(
        lambda: check_same(everything(), of_other_words(everything()), OF_THE_ALPHABET)
    )
