"""Parts: large tables in pieces that threads work on side by side.

No value of an account depends on others, so tables may be cut between any two accounts.
Each thread cuts its next piece itself, so that few of them are there at a time.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import ceil
from typing import Final, TypeVar

import numpy as np
import polars as pl

Result = TypeVar("Result")

# Posts of a part, about: more take more memory, fewer pay the fixed cost of a query too
# often. No value depends on it.
TOGETHER: Final = 40_000


@dataclass(frozen=True)
class Part:
    """Some accounts, and where their posts are.

    Attributes:
        accounts: in their order.
        among: canonical posts of these and other accounts.
        place: the part of each of them, null for posts of nobody in the table; null if
            all of them belong to this one.
        number: of this part.
    """

    accounts: pl.DataFrame
    among: pl.DataFrame
    place: pl.Series | None = None
    number: int = 0

    def posts(self) -> pl.DataFrame:
        """The posts of its accounts, in the order of all."""
        if self.place is None:
            return self.among
        return self.among.filter(self.place == self.number)


def apart(accounts: pl.DataFrame, posts: pl.DataFrame) -> list[Part]:
    """Accounts in their order, some at a time, about as many posts in each part.

    Posts of accounts that are not in the table are left out, unless all is one part.

    Args:
        accounts: canonical accounts; unique account_id.
        posts: canonical posts, in any order.
    """
    if posts.height <= TOGETHER or accounts.is_empty():
        return [Part(accounts, posts)]
    # As many for each thread, or one of them works on while the others wait.
    threads = min(pl.thread_pool_size(), ceil(posts.height / TOGETHER))
    number = threads * max(1, round(posts.height / (TOGETHER * threads)))
    row = (
        posts.select("account_id")
        .join(
            accounts.select("account_id").with_row_index("row"),
            on="account_id",
            how="left",
            maintain_order="left",
        )
        .to_series(1)
    )
    counts = np.bincount(row.drop_nulls().to_numpy(), minlength=accounts.height)
    # Of each account, by the posts that end with it.
    ends = np.cumsum(counts)
    numbers = np.maximum(ends - 1, 0) * number // max(int(ends[-1]), 1)
    place = pl.Series(numbers).gather(row)
    bounds = np.searchsorted(numbers, np.arange(number + 1))
    return [
        Part(accounts[first:last], posts, place, part)
        for part, (first, last) in enumerate(pairwise(bounds.tolist()))
        if first < last
    ]


def side_by_side(
    work: Callable[[pl.DataFrame, pl.DataFrame], Result],
    accounts: pl.DataFrame,
    posts: pl.DataFrame,
) -> list[Result]:
    """What the work makes of each part, in the order of accounts."""
    parts = apart(accounts, posts)
    if len(parts) == 1:
        return [work(parts[0].accounts, parts[0].posts())]
    return list(_threads().map(lambda part: work(part.accounts, part.posts()), parts))


@cache
def _threads() -> ThreadPoolExecutor:
    """Threads that stay: new ones for every table would leave their memory behind.

    Polars lets other threads run while it works.
    """
    return ThreadPoolExecutor(pl.thread_pool_size(), "parts")
