"""Companions: how many others share an account's events, and how many were to expect.

Events of the accounts around are counted once, by item; an account then looks its own
items up. No pair of accounts is ever formed, so that the cost grows with the number of
events and not with its square, however many share one item.

All counts are whole numbers in UNITs of a companion: sums are exact in any order.
"""

from dataclasses import dataclass
from typing import Final

import polars as pl

from features.traces import Trace

UNIT: Final = 1_000
# More companions in one event count as so many: what everybody does says little.
MOST_COMPANIONS: Final = 50


@dataclass(frozen=True)
class Counts:
    """Events of the accounts around, counted.

    Attributes:
        trace: what was counted.
        events: account, item, and stratum or moment; sorted by account.
        items: of shared traces: item, users.
        strata: of shared traces: stratum, events, weight.
        capped: items, or items at a moment, that more than MOST_COMPANIONS share.
    """

    trace: Trace
    events: pl.DataFrame
    items: pl.DataFrame
    strata: pl.DataFrame
    capped: int


def count(trace: Trace, events: pl.DataFrame) -> Counts:
    """Counts of distinct events: account, item, and stratum or moment."""
    if trace.moment is not None:
        crowd = events.group_by("item", "moment").agg(pl.len().alias("users"))
        # Running total, for windows of moments.
        items = crowd.sort("item", "moment").with_columns(
            pl.col("users").cast(pl.Int64).cum_sum().over("item").alias("until")
        )
        strata = pl.DataFrame()
    else:
        crowd = events.group_by("item", "stratum").agg(
            pl.len().cast(pl.Int64).alias("users")
        )
        items = crowd.select("item", "users")
        strata = crowd.group_by("stratum").agg(
            pl.col("users").sum().alias("events"),
            _crowding(pl.col("users"), trace).sum().alias("weight"),
        )
    capped = crowd.filter(pl.col("users") > MOST_COMPANIONS).height
    return Counts(trace, events.sort("account"), items, strata, capped)


def compare(counts: Counts, own: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """`row`, `items`, `others`, `observed`, `expected` of each account with events.

    An account's own events among those around are left out of everything, so that it
    is never its own companion.

    Args:
        counts: of the accounts around.
        own: distinct events of the accounts to compare: row, and as in `counts`.
        known: row, account: which of the accounts around each of them is.
    """
    theirs = _of(counts.events, known).drop("account")
    compare_one = _in_strata if counts.trace.moment is None else _in_windows
    found = compare_one(counts, own, theirs)
    of_theirs = theirs.group_by("row").agg(pl.len().cast(pl.Int64).alias("theirs"))
    return (
        found.join(of_theirs, on="row", how="left")
        .with_columns(
            (counts.events.height - pl.col("theirs").fill_null(0)).alias("others")
        )
        .drop("theirs")
    )


def with_companions(
    counts: Counts, own: pl.DataFrame, known: pl.DataFrame
) -> pl.DataFrame:
    """Those of the own events that others around have too, near in time if it counts.

    Args:
        counts, own, known: as of `compare`.
    """
    theirs = _of(counts.events, known).drop("account")
    items = _asked(counts.items, own, "item")
    if counts.trace.moment is not None:
        others = _others(own, items, _running(theirs), counts.trace.near)
        return own.filter(others > 0)
    itself = theirs.select("row", "item").unique().with_columns(itself=1)
    return (
        own.join(items, on="item")
        .join(itself, on=["row", "item"], how="left")
        .filter(pl.col("users") > pl.col("itself").fill_null(0))
        .select(own.columns)
    )


def _of(events: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Events of these accounts; those between the first and the last are looked at."""
    if known.is_empty():
        return events.clear().join(known, on="account")
    ends = known.select(pl.col("account").min(), last=pl.col("account").max()).row(0)
    start = events["account"].search_sorted(ends[0], side="left")
    stop = events["account"].search_sorted(ends[1], side="right")
    return events.slice(start, stop - start).join(known, on="account")


def _asked(counted: pl.DataFrame, asked: pl.DataFrame, key: str) -> pl.DataFrame:
    """Rows of a long table that a short one asks for: the short one is the index."""
    return counted.join(asked.select(key).unique(), on=key, how="semi")


def _worth(companions: pl.Expr, trace: Trace) -> pl.Expr:
    """What sharing an item with so many others counts."""
    few = companions.clip(0, MOST_COMPANIONS)
    if not trace.rare:
        return few * UNIT
    users = (few + 2).cast(pl.Float64)
    weight = (UNIT / users.log()).round().cast(pl.Int64)
    return pl.when(companions > 0).then(weight).otherwise(0)


def _crowding(users: pl.Expr, trace: Trace) -> pl.Expr:
    """What an item counts for a newcomer, once for each way to come upon it."""
    return users * _worth(users, trace)


def _in_strata(counts: Counts, own: pl.DataFrame, theirs: pl.DataFrame) -> pl.DataFrame:
    """Expected: each event is swapped for one of another account in its stratum."""
    trace = counts.trace
    mark = pl.lit(1, pl.Int64)
    both = (
        own.with_columns(mark.alias("own"))
        .join(
            theirs.with_columns(mark.alias("self")),
            on=["row", "item", "stratum"],
            how="full",
            coalesce=True,
        )
        .with_columns(pl.col("own", "self").fill_null(0))
    )
    items = _asked(counts.items, both, "item")
    both = both.join(items, on="item", how="left").with_columns(
        pl.col("users").fill_null(0)
    )
    users, itself = pl.col("users"), pl.col("self")
    by_stratum = (
        both.group_by("row", "stratum")
        .agg(
            pl.col("own").sum().alias("items"),
            itself.sum(),
            (pl.col("own") * _worth(users - itself, trace)).sum().alias("observed"),
            (_crowding(users, trace) - _crowding(users - itself, trace))
            .sum()
            .alias("left_out"),
        )
        .join(_asked(counts.strata, both, "stratum"), on="stratum", how="left")
        .with_columns(
            (pl.col("events").fill_null(0) - pl.col("self")).alias("events"),
            (pl.col("weight").fill_null(0) - pl.col("left_out")).alias("weight"),
        )
    )
    swapped = pl.col("items") * pl.col("weight") // pl.col("events")
    return (
        by_stratum.with_columns(
            pl.when(pl.col("events") > 0).then(swapped).otherwise(0).alias("expected")
        )
        .group_by("row")
        .agg(pl.col("items", "observed", "expected").sum())
        .filter(pl.col("items") > 0)
    )


def _in_windows(
    counts: Counts, own: pl.DataFrame, theirs: pl.DataFrame
) -> pl.DataFrame:
    """Expected: companions come as often in each step of the wide window.

    Source: interval jitter, Amarasingham, Harrison, Hatsopoulos and Geman, Journal of
    Neurophysiology 107 (2012) 517.
    """
    trace = counts.trace
    itself = _running(theirs)
    own = own.sort("row", "item", "moment")
    items = _asked(counts.items, own, "item")
    near, wide = (
        _others(own, items, itself, steps) for steps in (trace.near, trace.wide)
    )
    inside, outside = 2 * trace.near + 1, 2 * (trace.wide - trace.near)
    most = MOST_COMPANIONS * UNIT
    return (
        own.select(
            "row",
            (near * UNIT).clip(0, most).alias("observed"),
            ((wide - near) * UNIT * inside // outside).clip(0, most).alias("expected"),
        )
        .group_by("row")
        .agg(
            pl.len().cast(pl.Int64).alias("items"),
            pl.col("observed", "expected").sum(),
        )
    )


def _running(theirs: pl.DataFrame) -> pl.DataFrame:
    """Running total of the events of each row, for windows of moments."""
    return (
        theirs.group_by("row", "item", "moment")
        .agg(pl.len().cast(pl.Int64).alias("users"))
        .sort("row", "item", "moment")
        .with_columns(pl.col("users").cum_sum().over("row", "item").alias("until"))
    )


def _others(
    own: pl.DataFrame, items: pl.DataFrame, itself: pl.DataFrame, steps: int
) -> pl.Series:
    """Others within so many steps of each of own, in its order."""
    around = _within(own, items, ["item"], steps)
    return around - _within(own, itself, ["row", "item"], steps)


def _within(
    own: pl.DataFrame, running: pl.DataFrame, by: list[str], steps: int
) -> pl.Series:
    """Events of `running` at most so many steps from each of own, in its order."""
    ends = []
    for bound in (steps, -steps - 1):
        asked = own.select("row", "item", (pl.col("moment") + bound).alias("moment"))
        found = (
            asked.with_row_index("place")
            .sort("moment")
            .join_asof(
                running.sort("moment").select(*by, "moment", "until"),
                on="moment",
                by=by,
                # Polars cannot see it within groups; the lines above do it.
                check_sortedness=False,
            )
        )
        ends.append(found.sort("place")["until"].fill_null(0))
    return ends[0] - ends[1]
