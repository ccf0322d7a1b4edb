"""Clock: the hours of the week that an account keeps, whatever its time zone.

Hours are counted from the account's own first post, so that no origin of days or weeks
matters. The busiest (or quietest) stretch is chosen on one half of the days or weeks
and measured on the other half, both ways: the best of many stretches of few posts is
high by chance alone, and the more so the fewer posts there are.
"""

from collections.abc import Callable
from typing import Final, TypeVar

import polars as pl

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)

_WEEK: Final = 168
_READ: Final = ("week", "day", "week_hour")
# Accounts looked at together: bounds the memory, changes no value.
_TOGETHER: Final = 2_048
# Posts that each half needs for a choice to be one.
FEWEST: Final = 10

CLOCK: Final = (
    "office_posts",
    "silent_posts",
    "quiet_posts",
    "block_posts",
    "noon_posts",
    "fewest_in_weeks",
    "fewest_in_days",
)


def _window(counts: str, hours: int) -> pl.Expr:
    """Posts in so many hours from each one on, from the running sum."""
    running = pl.col(f"running_{counts}")
    return running.shift(1 - hours) - running.shift(1, fill_value=0)


def _daily(hour: pl.Expr, days: int) -> pl.Expr:
    """The same hour on so many days in a row."""
    total = hour
    for day in range(1, days):
        total = total + hour.shift(-24 * day)
    return total


def _both(name: str, stretch: Callable[[str], pl.Expr]) -> list[pl.Expr]:
    return [stretch(half).alias(f"{name}_{half}") for half in ("even", "odd")]


def _chosen_by(
    best: Callable[[pl.Expr], pl.Expr], choice: str, counted: str
) -> pl.Expr:
    """Posts counted on each half where the other half's choice is best, together."""
    ways = (("even", "odd"), ("odd", "even"))
    return pl.sum_horizontal(
        pl.col(f"{counted}_{there}").get(best(pl.col(f"{choice}_{here}")))
        for here, there in ways
    ).cast(pl.Int64)


def _fewest(unit: str) -> pl.Expr:
    return pl.min_horizontal(
        pl.col(f"{unit}_even").sum(), pl.col(f"{unit}_odd").sum()
    ).cast(pl.Int64)


def clock(posts: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Accounts with the columns `CLOCK` beside, in order.

    `office_posts`: posts in the chosen nine hours on five days in a row; `silent_posts`:
    in the chosen 48 hours; `quiet_posts`: in the chosen six hours of the day;
    `block_posts`, `noon_posts`: in the chosen nine hours of the day, in the middle one;
    `fewest_in_weeks`, `fewest_in_days`: posts of the smaller half. Null for an account
    with too few posts for two halves.

    Args:
        posts: measured posts.
        accounts: a row for each account of the posts, in their order, with `n_dated`.
    """
    numbered = accounts.with_row_index("account")
    many = numbered.filter(pl.col("n_dated") >= 2 * FEWEST).select(
        pl.col("account").cast(pl.Int64)
    )
    if many.is_empty():
        return accounts.with_columns(pl.lit(None, pl.Int64).alias(c) for c in CLOCK)
    hourly = _hourly(posts)
    parts = [_stretches(part, hourly) for part in many.iter_slices(_TOGETHER)]
    return (
        numbered.with_columns(pl.col("account").cast(pl.Int64))
        .join(pl.concat(parts), on="account", how="left", maintain_order="left")
        .drop("account")
    )


def plan() -> str:
    """The stretches as text, equal if and only if they are the same."""
    posts = pl.LazyFrame(schema=dict.fromkeys(("account", *_READ), pl.Int64))
    stretches = _stretches(posts.select("account"), _hourly(posts))
    return f"{FEWEST}\n{stretches.explain(optimized=False)}"


def _hourly(posts: Frame) -> Frame:
    """Posts of each hour of the week, by the half of weeks and of days."""
    halves = {
        f"{unit}_{half}": pl.col(unit) % 2 == remainder
        for unit in ("week", "day")
        for remainder, half in enumerate(("even", "odd"))
    }
    return (
        posts.filter(pl.col("week_hour").is_not_null())
        .group_by("account", "week_hour")
        .agg(inside.sum().cast(pl.Int32).alias(n) for n, inside in halves.items())
    )


def _stretches(accounts: Frame, hourly: Frame) -> Frame:
    # Two weeks an account, one after the other, so that windows can run on.
    around = (
        accounts.with_columns(place=pl.int_ranges(0, 2 * _WEEK))
        .explode("place")
        .with_columns(week_hour=pl.col("place") % _WEEK)
        .join(hourly, on=["account", "week_hour"], how="left", maintain_order="left")
        .with_columns(pl.col("^(week|day)_(even|odd)$").fill_null(0))
        .with_columns(
            pl.col("^week_(even|odd)$").cum_sum().name.prefix("running_"),
            _daily(pl.col("^day_(even|odd)$"), 7),
        )
        .with_columns(
            pl.col("^day_(even|odd)$").cum_sum().name.prefix("running_"),
            *_both("nine", lambda half: _window(f"week_{half}", 9)),
        )
    )
    weeks = around.with_columns(
        *_both("office", lambda half: _daily(pl.col(f"nine_{half}"), 5)),
        *_both("silent", lambda half: _window(f"week_{half}", 48)),
    )
    days = around.with_columns(
        *_both("block", lambda half: _window(f"day_{half}", 9)),
        *_both("noon", lambda half: pl.col(f"day_{half}").shift(-4)),
        *_both("quiet", lambda half: _window(f"day_{half}", 6)),
    )
    of_weeks = (
        weeks.filter(pl.col("place") < _WEEK)
        .group_by("account", maintain_order=True)
        .agg(
            office_posts=_chosen_by(pl.Expr.arg_max, "office", "office"),
            silent_posts=_chosen_by(pl.Expr.arg_min, "silent", "silent"),
            fewest_in_weeks=_fewest("week"),
        )
    )
    of_days = (
        days.filter(pl.col("place") < 24)
        .group_by("account", maintain_order=True)
        .agg(
            quiet_posts=_chosen_by(pl.Expr.arg_min, "quiet", "quiet"),
            block_posts=_chosen_by(pl.Expr.arg_max, "block", "block"),
            noon_posts=_chosen_by(pl.Expr.arg_max, "block", "noon"),
            fewest_in_days=_fewest("day"),
        )
    )
    return pl.concat([of_weeks, of_days.drop("account")], how="horizontal")
