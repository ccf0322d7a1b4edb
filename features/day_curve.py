"""Day curve: how the posts of training accounts spread over a day on average.

Nobody's time zone is known. Hours are counted from each account's own first post, and
each account's day is turned before it is added so that its posts lie around one hour:
a stamp of the clock enters neither the table nor what is compared with it.

Arrays and whole numbers, for the reasons given in features/clock.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import cos, pi
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.clock import FEWEST

Whole = NDArray[np.int64]

_HOURS: Final = 24
# Posts that an account needs for a day of its own.
LEAST: Final = 50
# Shares and cosines as whole millionths: integer sums do not depend on their order.
_UNIT: Final = 1_000_000
# Measures of posts that are read.
READ: Final = frozenset({"account", "day", "week_hour"})
COLUMN: Final = "circadian_distance"

_COSINES: Final = np.array(
    [round(cos(2 * pi * hour / _HOURS) * _UNIT) for hour in range(_HOURS)],
    dtype=np.int64,
)


@dataclass(frozen=True)
class DayCurve:
    """Sum of the days of training accounts.

    Attributes:
        shares: of an account's posts in each hour, the hour around which they lie
            first, in millionths; 24 sums over accounts, none if there are none.
    """

    shares: Sequence[int] = ()

    @classmethod
    def fit(cls, posts: pl.DataFrame) -> "DayCurve":
        """Sum over measured posts; no account may stand in two tables to merge."""
        _, halves = _days(posts)
        counts = halves.sum(axis=0)
        if not len(counts):
            return cls()
        centre = _agreement(counts, _COSINES).argmax(axis=1)
        hours = (np.arange(_HOURS) + centre[:, None]) % _HOURS
        turned = np.take_along_axis(counts, hours, axis=1)
        shares = turned * _UNIT // counts.sum(axis=1, keepdims=True)
        return cls(tuple(shares.sum(axis=0).tolist()))

    def merge(self, other: "DayCurve") -> "DayCurve":
        """Sum as if fitted on the accounts of both."""
        if not (self.shares and other.shares):
            return self if self.shares else other
        pairs = zip(self.shares, other.shares, strict=True)
        return DayCurve(tuple(one + another for one, another in pairs))

    @cached_property
    def _curve(self) -> Whole:
        """Share of each hour in millionths."""
        whole = sum(self.shares)
        return np.array([share * _UNIT // whole for share in self.shares])

    def distance(self, accounts: pl.DataFrame, posts: pl.DataFrame) -> pl.Series:
        """Distance of each account's day from this one.

        0 for the same curve, 1 for nothing in common; one minus the overlap of both.
        The turn at which they agree best is chosen on every other day and agreement is
        counted on the days between, both ways; so is the account's agreement with
        itself: posts of one hour are often of one sitting, and the best of 24 turns is
        good by chance alone. Null for fewer than `LEAST` dated posts or hardly any on
        every other day, and for all if nothing was fitted.

        Args:
            accounts: with account_id.
            posts: measured posts of theirs.

        Source: Morisita, Memoirs of the Faculty of Science, Kyushu University E 3 (1959).
        """
        ids, halves = _days(posts)
        known = halves.sum(axis=2)
        enough = known.min(axis=0) >= FEWEST
        if not self.shares or not enough.any():
            return pl.Series(COLUMN, [None] * accounts.height, pl.Float64)
        halves, known = halves[:, enough], known[:, enough]
        turned = _agreement(halves, self._curve)
        best = turned.argmax(axis=2)[::-1, :, None]
        across = np.take_along_axis(turned, best, axis=2)[..., 0] / (known * _UNIT)
        itself = (halves[0] * halves[1]).sum(axis=1) / (known[0] * known[1])
        curve = int(self._curve @ self._curve) / _UNIT**2
        overlap = (across[0] + across[1]) / (itself + curve)
        found = pl.DataFrame({"account_id": ids.filter(enough), COLUMN: 1 - overlap})
        return accounts.select("account_id").join(
            found, on="account_id", how="left", maintain_order="left"
        )[COLUMN]

    def to_plain(self) -> list[int]:
        """Content for JSON."""
        return list(self.shares)

    @classmethod
    def from_plain(cls, value: Any) -> "DayCurve":
        """Sum from what `to_plain` gave.

        Raises:
            ValueError, TypeError: it is not of that form.
        """
        if len(value) not in (0, _HOURS):
            raise ValueError
        if not all(type(share) is int and share >= 0 for share in value):
            raise ValueError
        if value and not any(value):
            raise ValueError
        return cls(tuple(value))


def plan() -> str:
    """The distance as text: what it makes of days at many kinds of hours.

    As for features/clock.py. Some have too few posts, some too few on odd days.
    """
    number = np.arange(8 * 60)
    account = number // 60
    example = pl.DataFrame(
        {
            "account_id": account,
            "account": account,
            "day": (number % (account + 2) == 0).astype(np.int64),
            "week_hour": number * number * (account + 3) // 5 % 24,
        }
    ).filter(pl.int_range(60).over("account") < 46 + 3 * pl.col("account"))
    fitted = DayCurve.fit(example)
    distances = fitted.distance(example.unique("account_id", keep="first"), example)
    return f"{fitted.shares}|{sorted(distances.to_list(), key=str)}"


def _days(posts: pl.DataFrame) -> tuple[pl.Series, Whole]:
    """Accounts with posts enough, and their posts by hour on even and on odd days.

    account_id; counts of shape (2, n_accounts, 24).
    """
    dated = posts.select("account_id", *sorted(READ)).drop_nulls("week_hour")
    account, day, hour = (
        dated[name].to_numpy() for name in ("account", "day", "week_hour")
    )
    _, first, place, count = np.unique(
        account, return_index=True, return_inverse=True, return_counts=True
    )
    many = count >= LEAST
    total = int(many.sum())
    chosen = many[place]
    place = (np.cumsum(many) - 1)[place[chosen]]
    cell = (day[chosen] % 2 * total + place) * _HOURS + hour[chosen] % _HOURS
    counts = np.bincount(cell, minlength=2 * total * _HOURS)
    ids = dated["account_id"].gather(first[many])
    return ids, counts.reshape(2, total, _HOURS)


def _agreement(counts: Whole, curve: Whole) -> Whole:
    """Sum over the hours of counts times the curve that begins at each hour.

    Shape (..., 24), as that of counts.
    """
    hours = np.arange(_HOURS)
    # Column k holds the curve turned by k hours; whole numbers, so exact.
    turned: Whole = curve[(hours[:, None] - hours[None, :]) % _HOURS]
    return counts @ turned
