"""What one account costs, as a request would have it: against one query over its posts."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import polars as pl

from features import schema
from features.artefacts import Artefacts
from features.build import build_features, prepare_fit
from features.catalogue import FEATURES
from features.measures import defined, lineage
from features.prepared import checked, prepare_checked
from tests.benchmarks.row import Row, against

POSTS: Final = 200
CALLS: Final = 200
ACCOUNTS: Final = 1_000
# The big batch of the same run, in accounts: as many posts as a part of featurize.
BIG: Final = 2_000
# Accounts that tables are fitted on.
FITTED: Final = 200
MOST: Final = 10.0
MOST_IN_BATCH: Final = 1.5

_TEXTS: Final = (
    "The market of the river opens in the morning, people say #vote",
    "@ann the council met yesterday and did nothing!",
    "Great work, see https://a.example/1 and https://b.example/2 #news #vote",
    "2020 was a year to remember? #harbour",
    "no",
)


def make_tables(accounts: int, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Canonical tables of so many accounts of POSTS posts, every column told."""
    generator = np.random.default_rng(seed)
    rows = accounts * POSTS
    start = datetime(2020, 1, 1, tzinfo=UTC)
    said = generator.integers(0, len(_TEXTS), rows)
    ends = generator.integers(0, 5_000, rows)
    kinds = generator.choice(schema.KINDS, rows, p=[0.5, 0.25, 0.2, 0.05])
    minutes = generator.integers(0, 500_000, rows)
    numbers = np.arange(rows)
    posts = pl.DataFrame(
        {
            "post_id": numbers.astype(str),
            "account_id": [f"a/{place:06}" for place in numbers // POSTS],
            "text": [
                f"{_TEXTS[text]} {end}"
                for text, end in zip(said.tolist(), ends.tolist(), strict=True)
            ],
            "kind": kinds,
            "language": generator.choice(["en", "fr"], rows),
            "client": generator.choice(["Web", "Phone", "Desk"], rows),
            "likes": generator.integers(0, 9, rows),
            "reposts": generator.integers(0, 4, rows),
            "target_post_id": generator.integers(0, 9_999, rows).astype(str),
            "target_account_id": generator.integers(0, 99, rows).astype(str),
            "minute": minutes,
        }
    ).with_columns(
        posted_at=(pl.lit(start) + pl.duration(minutes="minute")).dt.cast_time_unit(
            "ms"
        )
    )
    told = pl.DataFrame(
        {
            "account_id": posts["account_id"].unique(maintain_order=True),
            "followers": generator.integers(0, 999, accounts),
            "following": generator.integers(0, 999, accounts),
            "posts_total": np.full(accounts, POSTS),
            "history_complete": np.full(accounts, True),
        }
    ).with_columns(
        as_of=pl.lit(start + timedelta(days=400)).dt.cast_time_unit("ms"),
        created_at=pl.lit(start - timedelta(days=90)).dt.cast_time_unit("ms"),
        handle=pl.lit("maker2020"),
        bio=pl.lit("reads https://a.example"),
    )
    return schema.conform(told, "accounts"), schema.conform(
        posts.drop("minute"), "posts"
    )


def in_turns(
    *works: Callable[[], object], calls: int = CALLS, warm: int = 10
) -> list[list[float]]:
    """Milliseconds of each call of each, one after the other, after some to warm up."""
    taken: list[list[float]] = [[] for _ in works]
    for turn in range(-warm, calls):
        for work, durations in zip(works, taken, strict=True):
            started = time.perf_counter()
            work()
            if turn >= 0:
                durations.append(1_000 * (time.perf_counter() - started))
    return taken


def _of_texts() -> frozenset[str]:
    """Measures of posts that read texts, or the lists that stand in them."""
    texts = {"text", "links", "mentions", "hashtags"}
    return frozenset(name for name in defined() if lineage({name}) & texts)


def feature_single() -> list[Row]:
    """One account in a warm process, and a thousand of them in one batch."""
    accounts, posts = make_tables(BIG, seed=1)
    # Of others than the one that is timed; without them, tier F would be null at once.
    table = Artefacts.fit(*prepare_fit(accounts[-FITTED:], posts[-FITTED * POSTS :]))
    one = accounts[:1], posts[:POSTS]

    def ours() -> object:
        return build_features(*one, table, FEATURES)

    def least() -> object:
        lazy = one[1].lazy().group_by("account_id")
        return lazy.agg(pl.len(), pl.col("text").n_unique()).collect()

    reading = _of_texts()

    def words() -> object:
        return prepare_checked(*checked(*one), None, reading)

    mine, read, floor = in_turns(ours, words, least)
    thousand = accounts[:ACCOUNTS], posts[: ACCOUNTS * POSTS]
    batch, big = in_turns(
        lambda: build_features(*thousand, table, FEATURES),
        lambda: build_features(accounts, posts, table, FEATURES),
        calls=3,
    )
    what = f"all features of one account, {POSTS} posts, warm"
    versus = "lazy group_by(len, n_unique).collect() over the same posts"
    rows = [
        against(
            f"feature_single_p{share * 100:.0f}",
            f"{what}: {share:.0%} of the calls take less",
            float(np.quantile(mine, share)),
            "ms",
            versus,
            float(np.quantile(floor, share)),
            most=MOST,
        )
        for share in (0.5, 0.99)
    ]
    return [
        *rows,
        Row(
            "feature_single_texts",
            "of that, checks, repairs and what is read from texts, before any number "
            "is made of it: half of the calls take less",
            round(float(np.median(read)), 4),
            "ms",
            f"{versus}: {np.median(floor):.4g} ms",
            round(float(np.median(read) / np.median(floor)), 3),
        ),
        against(
            "feature_single_batch",
            f"{ACCOUNTS:,} such accounts in one batch, a post",
            1_000 * min(batch) / (ACCOUNTS * POSTS),
            "us",
            f"{BIG:,} of them, a post",
            1_000 * min(big) / (BIG * POSTS),
            most=MOST_IN_BATCH,
        ),
    ]
