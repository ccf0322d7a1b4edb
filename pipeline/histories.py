"""Histories: the same windows and numbers of posts in both classes of a block.

Whoever was collected for a month, or up to 200 posts, or one post in four, differs from
others in that alone. First windows are evened (within bands of numbers of posts), then
the numbers of posts in them (within bands of windows). Posts are taken out all over the
window, or at its beginning: the first keeps the window, the second what happens between
two posts.
"""

from typing import Final

import polars as pl

from features import history, schema
from pipeline.evening import even_ranks

# Minutes; of accounts whose posts bear no time.
_NO_WINDOW: Final = 2**31


def observe_histories(accounts: pl.DataFrame, posts: pl.LazyFrame) -> pl.DataFrame:
    """Posts before as_of: account_id, as_of, n_posts, last, span; without any too.

    span is the number of minutes from the first to the last of the latest HISTORY_CAP
    posts: 0 without posts, 2^31 where none has a time (and last is null).
    """
    dated = pl.col("posted_at").drop_nulls().top_k(history.HISTORY_CAP)
    counted = (
        before(accounts, posts)
        .group_by("account_id")
        .agg(
            pl.len().cast(pl.Int64).clip(0, history.HISTORY_CAP).alias("n_posts"),
            dated.max().alias("last"),
            (dated.max() - dated.min()).dt.total_minutes().alias("span"),
        )
        .collect()
    )
    span = pl.when(pl.col("n_posts") > 0).then(pl.col("span").fill_null(_NO_WINDOW))
    return (
        accounts.select("account_id", "as_of")
        .join(counted, on="account_id", how="left", maintain_order="left")
        .with_columns(span.fill_null(0), pl.col("n_posts").fill_null(0))
    )


def before(accounts: pl.DataFrame, posts: pl.LazyFrame) -> pl.LazyFrame:
    """Posts of the accounts before as_of, or without a time, with as_of beside."""
    moments = accounts.lazy().select("account_id", "as_of")
    return posts.join(moments, on="account_id").filter(
        pl.col("posted_at").is_null() | (pl.col("posted_at") < pl.col("as_of"))
    )


def even_histories(
    histories: pl.DataFrame,
    posts: pl.LazyFrame,
    windows: bool,
    counts: bool,
    spread: bool,
) -> pl.DataFrame:
    """Which part of each history stays: account_id, posts_from, posts_kept, spread.

    Args:
        histories: from `observe_histories`, and block, label of each account.
        posts: canonical posts; counted again within the new windows.
        windows: whether windows are evened.
        counts: whether numbers of posts are evened.
        spread: whether posts that stay are spread over the window, or the latest.
    """
    ends = histories.with_columns(pl.lit(None, schema.TIME).alias("posts_from"))
    if windows:
        ends = pl.concat(
            _even(rows, "span", "n_posts").with_columns(_start())
            for rows in histories.partition_by("block", maintain_order=True)
        )
    inside = (
        before(ends, posts)
        .join(ends.lazy().select("account_id", "posts_from"), on="account_id")
        .filter(within_window())
        .group_by("account_id")
        .agg(pl.len().cast(pl.Int64).clip(0, history.HISTORY_CAP).alias("inside"))
        .collect()
    )
    counted = ends.join(
        inside, on="account_id", how="left", maintain_order="left"
    ).with_columns(pl.col("inside").fill_null(0))
    if counts:
        beside = "span_kept" if windows else None
        counted = pl.concat(
            _even(rows, "inside", beside)
            for rows in counted.partition_by("block", maintain_order=True)
        )
    kept = "inside_kept" if counts else "inside"
    return counted.select(
        "account_id",
        "posts_from",
        pl.col(kept).alias("posts_kept"),
        pl.lit(spread).alias("spread"),
    ).sort("account_id")


def _start() -> pl.Expr:
    """Moment at which the window of each account of a block begins; null: it has none.

    The window of one account begins between two posts, that of its counterpart, which
    lent it, would begin at a post: so the latter begins a minute after it.
    """
    any_cut = (pl.col("span_kept") < pl.col("span")).any()
    kept = pl.col("span_kept")
    start = pl.col("last") - pl.duration(minutes=kept - 1)
    return (
        pl.when(any_cut & (kept > 0) & pl.col("last").is_not_null())
        .then(start.cast(schema.TIME))
        .alias("posts_from")
    )


def _even(rows: pl.DataFrame, column: str, beside: str | None) -> pl.DataFrame:
    """Rows of a block with `<column>_kept`."""
    ordered = rows.sort("account_id")
    kept = even_ranks(
        ordered[column].to_numpy(),
        None if beside is None else ordered[beside].to_numpy(),
        ordered["label"].to_numpy() == 1,
        ordered["account_id"].to_list(),
    )
    return ordered.with_columns(pl.Series(f"{column}_kept", kept, dtype=pl.Int64))


def within_window() -> pl.Expr:
    """Whether a post lies in its account's window; undated ones and no window do."""
    return (pl.col("posted_at") >= pl.col("posts_from")).fill_null(True)


def cut_histories(posts: pl.DataFrame) -> pl.DataFrame:
    """Posts that stay.

    Args:
        posts: sorted by account and time, before as_of, with posts_from, posts_kept and
            spread of their account.
    """
    place = pl.int_range(pl.len()).reverse().over("account_id")
    windowed = posts.filter(within_window()).with_columns(place.alias("_place"))
    # By a draw from place and account, the same whenever it is made. The last post
    # stays: how long ago it was must not tell whose history was thinned.
    drawn = pl.when(pl.col("_place") > 0).then(
        pl.struct("account_id", "_place").hash(1)
    )
    rank = drawn.fill_null(0).rank("ordinal").over("account_id") - 1
    order = pl.when("spread").then(rank).otherwise("_place")
    return windowed.filter(order < pl.col("posts_kept")).drop("_place")
