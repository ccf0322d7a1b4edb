"""What an account is scored again from: its first posts, its latest, those of earlier."""

from collections.abc import Iterator

import polars as pl

from features import schema
from models.over_time import EARLIER, NOW
from models.posts_curves import ALL, FIRST, LATEST
from models.slices import LEAST


def in_order(posts: pl.DataFrame) -> pl.DataFrame:
    """Posts of each account in order of time, those of one moment in one order too.

    Which of them are the first k must not depend on the order of rows.
    """
    return posts.sort("account_id", "posted_at", "post_id", "text", "kind")


def parts_of(
    accounts: pl.DataFrame, posts: pl.DataFrame, told: pl.DataFrame
) -> Iterator[tuple[str, int | None, pl.DataFrame, pl.DataFrame]]:
    """What is to be scored: (part, number, accounts, posts).

    Parts and numbers are those of pipeline.rescoring.rescored.

    Args:
        accounts: masked.
        posts: theirs, masked, in order of time.
        told: account_id, n_posts.
    """
    yield ALL, None, accounts, posts
    counted = accounts.join(told, on="account_id", maintain_order="left")
    for number in FIRST:
        whose = counted.filter(pl.col("n_posts") >= number).drop("n_posts")
        if whose.height < LEAST:
            continue
        which = (
            posts.join(whose, on="account_id", how="semi", maintain_order="left")
            .group_by("account_id", maintain_order=True)
            .head(number)
        )
        moments = which.group_by("account_id").agg(pl.col("posted_at").max())
        # A minute later, before which the last of these posts lies; what the profile
        # counted much later was not known then.
        early = whose.join(
            moments, on="account_id", maintain_order="left"
        ).with_columns(
            (pl.col("posted_at") + pl.duration(minutes=1)).alias("as_of"),
            *(pl.lit(None).cast(pl.Int64).alias(c) for c in schema.COUNTS["accounts"]),
        )
        yield "first", number, early.select(list(schema.ACCOUNTS)), which
    for number in LATEST:
        whose = counted.filter(pl.col("n_posts") > number).drop("n_posts")
        if whose.height >= LEAST:
            which = (
                posts.join(whose, on="account_id", how="semi", maintain_order="left")
                .group_by("account_id", maintain_order=True)
                .tail(number)
            )
            # As of any history that is cut: it does not reach back to the beginning.
            cut = whose.with_columns(pl.lit(False).alias("history_complete"))
            yield "latest", number, cut, which


def moments_of(
    accounts: pl.DataFrame, posts: pl.DataFrame, days: int, least: int
) -> Iterator[tuple[str, int | None, pl.DataFrame, pl.DataFrame]]:
    """The same accounts as of some days earlier and as of now, as `parts_of` gives them.

    What the profile counts is left out at both moments: what it was then nobody knows,
    and if only one had it, the score would tell that and not the time. Posts are given
    whole: build_features takes those before as_of.

    Args:
        accounts: masked.
        posts: theirs, masked, all with a time.
        days: how much earlier.
        least: fewest posts by then, 1 at least: of others no score is given.
    """
    by_then = pl.col("as_of") - pl.duration(days=days)
    counted = (
        posts.select("account_id", "posted_at")
        .join(accounts.select("account_id", "as_of"), on="account_id")
        .filter(pl.col("posted_at") < by_then)
        .group_by("account_id")
        .len()
        .filter(pl.col("len") >= max(1, least))
    )
    whose = accounts.join(counted, on="account_id", how="semi", maintain_order="left")
    if whose.height < LEAST:
        return
    which = posts.join(whose, on="account_id", how="semi", maintain_order="left")
    uncounted = whose.with_columns(
        pl.lit(None).cast(pl.Int64).alias(c) for c in schema.COUNTS["accounts"]
    )
    yield EARLIER, None, uncounted.with_columns(as_of=by_then), which
    yield NOW, None, uncounted, which
