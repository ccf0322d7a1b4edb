"""Clock: the hours of the week that an account keeps, whatever its time zone.

Hours are counted from the account's own first post, so that no origin of days or weeks
matters. The busiest (or quietest) stretch is chosen on one half of the days or weeks
and measured on the other half, both ways: the best of many stretches of few posts is
high by chance alone, and the more so the fewer posts there are.

Arrays and not expressions: a few sums over counts of the hours, which as queries over a
table of hours took one account as long as all its texts. Counts have the shape
(2, n_accounts, n_hours), the even and the odd half; all are whole numbers.
"""

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]

_DAYS: Final = 7
_HOURS: Final = 24
_WEEK: Final = _DAYS * _HOURS
# The middle one of nine hours.
_NOON: Final = 4
READ: Final = ("account", "week", "day", "week_hour")
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
# Whether a post falls in a stretch that is counted.
INSIDE: Final = ("in_office", "in_rest", "in_quiet", "at_noon")


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
    many = accounts["n_dated"].to_numpy() >= 2 * FEWEST
    if not many.any():
        return accounts.with_columns(pl.lit(None, pl.Int64).alias(c) for c in CLOCK)
    places = np.cumsum(many) - 1
    found = pl.DataFrame(_stretches(posts, many))[places.clip(0)]
    return accounts.hstack(found.select(pl.when(pl.Series(many)).then(pl.all())))


def inside(posts: pl.DataFrame) -> pl.DataFrame:
    """Which posts are counted, a row a post: the columns `INSIDE`.

    Those of `office_posts`, `silent_posts`, `quiet_posts` and `noon_posts`; none without
    a time, or of an account with fewer than `FEWEST` in a half. For the few accounts
    whose posts are read by somebody.

    Args:
        posts: measured posts.
    """
    dated = posts.select(*READ, place=pl.int_range(pl.len())).drop_nulls("week_hour")
    account, week, day, hour, place = (column.to_numpy() for column in dated)
    total = int(account.max(initial=-1)) + 1
    weeks, days = (_counts(unit, account, hour, total) for unit in (week, day))
    hours = _by_hour(days)

    def since(best: Counts, unit: Counts, length: int) -> Counts:
        """Hours since the last beginning of the stretch that the other half chose."""
        begun: Counts = (hour - best[1 - unit % 2, account]) % length
        return begun

    def enough(counts: Counts) -> Flags:
        many: Flags = (counts.sum(axis=-1).min(axis=0) >= FEWEST)[account]
        return many

    office = since(_office(weeks).argmax(axis=-1), week, _WEEK)
    rest = since(_window(weeks, 48).argmin(axis=-1), week, _WEEK)
    quiet = since(_window(hours, 6).argmin(axis=-1), day, _HOURS)
    busy = since(_window(hours, 9).argmax(axis=-1), day, _HOURS)
    found = np.zeros((posts.height, len(INSIDE)), dtype=np.bool_)
    found[place] = np.stack(
        [
            enough(weeks) & (office % _HOURS < 9) & (office // _HOURS < 5),
            enough(weeks) & (rest < 48),
            enough(days) & (quiet < 6),
            enough(days) & (busy == _NOON),
        ],
        axis=1,
    )
    return pl.DataFrame(found, schema=list(INSIDE))


def plan() -> str:
    """The stretches as text: what they make of posts at many kinds of times.

    Arrays cannot be printed like expressions. An example changes with every length and
    every choice, and stays when only the way to it changes.
    """
    account, number = np.divmod(np.arange(20 * 90), 90)
    since = number * number * (61 + account) % 60_000
    example = pl.DataFrame(
        {
            "account": account,
            "week": since // 10_080,
            "day": since // 1_440,
            "week_hour": since // 60 % _WEEK,
        }
    )
    found = _stretches(example, np.full(20, True))
    return "\n".join([str(FEWEST), *(f"{n}|{c.tolist()}" for n, c in found.items())])


def _stretches(posts: pl.DataFrame, many: NDArray[np.bool_]) -> dict[str, Counts]:
    """The columns `CLOCK` of those accounts that have many posts, in order."""
    dated = posts.select(READ).drop_nulls("week_hour")
    columns = [dated[name].to_numpy() for name in READ]
    chosen = many[columns[0]]
    account, week, day, hour = (column[chosen] for column in columns)
    account = (np.cumsum(many) - 1)[account]
    total = int(many.sum())
    parts = []
    for first in range(0, total, _TOGETHER):
        last = min(first + _TOGETHER, total)
        inside = slice(*np.searchsorted(account, [first, last]))
        weeks, days = (
            _counts(unit[inside], account[inside] - first, hour[inside], last - first)
            for unit in (week, day)
        )
        parts.append(_of_weeks(weeks) | _of_days(days))
    return {name: np.concatenate([part[name] for part in parts]) for name in CLOCK}


def _counts(unit: Counts, account: Counts, hour: Counts, accounts: int) -> Counts:
    """Posts of each hour of the week, by the half of the weeks or of the days."""
    cell = (unit % 2 * accounts + account) * _WEEK + hour
    counts = np.bincount(cell, minlength=2 * accounts * _WEEK)
    return counts.reshape(2, accounts, _WEEK)


def _of_weeks(counts: Counts) -> dict[str, Counts]:
    office, silent = _office(counts), _window(counts, 48)
    return {
        "office_posts": _chosen(office.argmax(axis=-1), office),
        "silent_posts": _chosen(silent.argmin(axis=-1), silent),
        "fewest_in_weeks": counts.sum(axis=-1).min(axis=0),
    }


def _of_days(counts: Counts) -> dict[str, Counts]:
    hours = _by_hour(counts)
    quiet, block = _window(hours, 6), _window(hours, 9)
    busiest = block.argmax(axis=-1)
    return {
        "quiet_posts": _chosen(quiet.argmin(axis=-1), quiet),
        "block_posts": _chosen(busiest, block),
        "noon_posts": _chosen(busiest, np.roll(hours, -_NOON, axis=-1)),
        "fewest_in_days": counts.sum(axis=-1).min(axis=0),
    }


def _office(counts: Counts) -> Counts:
    """Posts in nine hours on five days in a row, from each hour on."""
    nine = _window(counts, 9)
    return sum((np.roll(nine, -_HOURS * day, axis=-1) for day in range(1, 5)), nine)


def _by_hour(counts: Counts) -> Counts:
    """Posts of each hour of the day."""
    hours: Counts = counts.reshape(*counts.shape[:2], _DAYS, _HOURS).sum(axis=2)
    return hours


def _window(counts: Counts, hours: int) -> Counts:
    """Posts in so many hours from each one on, the last hour before the first."""
    around = np.concatenate([counts, counts[..., : hours - 1]], axis=-1)
    running = around.cumsum(axis=-1)
    before = np.roll(running, hours, axis=-1)
    # Nothing comes before the first window.
    before[..., hours - 1] = 0
    found: Counts = (running - before)[..., hours - 1 :]
    return found


def _chosen(best: Counts, counted: Counts) -> Counts:
    """Posts counted on each half where the other half's choice is, together.

    Args:
        best: hour chosen on each half, shape (2, n_accounts).
        counted: posts of each hour, shape (2, n_accounts, n_hours).
    """
    there = np.take_along_axis(counted, best[::-1, :, None], axis=-1)
    total: Counts = there.sum(axis=(0, 2))
    return total
