"""Parts: large tables in pieces that threads work on side by side.

No value of an account depends on others, so tables may be cut between any two accounts.
Smaller pieces keep to the caches and need less memory at a time.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Final, TypeVar

import polars as pl

Result = TypeVar("Result")

# Posts of a part, about: more take longer a post, fewer pay the fixed cost of a query too
# often. No value depends on it.
TOGETHER: Final = 25_000


def apart(
    accounts: pl.DataFrame, posts: pl.DataFrame
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Accounts in their order, some at a time, and the posts of these.

    Posts of accounts that are not in the table are left out, unless all is one part.

    Args:
        accounts: canonical accounts; unique account_id.
        posts: canonical posts, in any order.
    """
    if posts.height <= TOGETHER or accounts.is_empty():
        yield accounts, posts
        return
    counts = posts.group_by("account_id").agg(pl.len().cast(pl.Int64).alias("n_posts"))
    placed = (
        accounts.select("account_id")
        .join(counts, on="account_id", how="left", maintain_order="left")
        .with_columns(part=(pl.col("n_posts").fill_null(0).cum_sum() - 1) // TOGETHER)
    )
    pieces = posts.join(
        placed.select("account_id", "part"), on="account_id", maintain_order="left"
    ).partition_by("part", include_key=False, as_dict=True)
    first = 0
    for number, height in (
        placed["part"].rle().struct.unnest().select("value", "len").iter_rows()
    ):
        yield accounts.slice(first, height), pieces.get((number,), posts.clear())
        first += height


def side_by_side(
    work: Callable[[pl.DataFrame, pl.DataFrame], Result],
    accounts: pl.DataFrame,
    posts: pl.DataFrame,
) -> list[Result]:
    """What the work makes of each part, in the order of accounts."""
    parts = list(apart(accounts, posts))
    if len(parts) == 1:
        return [work(*parts[0])]
    return list(_threads().map(lambda part: work(*part), parts))


@cache
def _threads() -> ThreadPoolExecutor:
    """Threads that stay: new ones for every table would leave their memory behind.

    Polars lets other threads run while it works.
    """
    return ThreadPoolExecutor(pl.thread_pool_size(), "parts")
