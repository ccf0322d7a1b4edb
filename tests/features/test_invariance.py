"""The same behaviour gives the same mean, whatever the number of posts.

Two simulated people: one posts in bursts around the clock, one by day and hardly on two
days of the week. Their histories are told at 20, 50 and 200 posts.
"""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from features import schema
from features.artefacts import Artefacts
from features.build import build_features, prepare_fit
from features.catalogue import FEATURES
from features.feature import Feature
from tests.features.builders import LAST, START, smuggled
from tests.features.test_thinning import GROUPS as OF_WORDS

GROUPS = (
    "timing",
    "rhythm",
    "days",
    "life",
    "change",
    "action",
    "source",
    "reaction",
    "bloc",
    "claim",
)
POSTS = (20, 50, 200)
# For what needs more posts than most of these have: ten on each side of one silence.
LONGER = (200, 600)
ACCOUNTS = 300
# Of the mean, beside three standard errors: of shares, and of logarithms and ratios.
TOLERANCE = {"share": 0.03, "other": 0.1}

# What is about the length of the known history itself, and how it must be read.
OF_LENGTH = {
    "life_span_log_days": "is the length",
    "life_longest_silence_share": "one pause is a larger part of a shorter history",
    "life_silence_age_share": "one pause is a larger part of a shorter life",
    "life_silence_log_days": "the longest of more pauses is longer",
    "life_birth_dormancy_log_days": "is fixed at the beginning",
    "life_first_month_share": "a longer life has other months",
    "life_first_repost_log_days": "is fixed near the beginning",
    "life_deleted_share": "compares the history with a count beside it",
    "days_week_spike_log": "the highest of more weeks is higher",
    "change_hands_share": "holds the share of the longest silence",
}


Minutes = NDArray[np.int64]
Process = Callable[[np.random.Generator, int], Minutes]


def bursts(rng: np.random.Generator, count: int) -> Minutes:
    """Minutes of posts: pauses of about five minutes or half a day, one after another."""
    pauses = np.where(
        rng.random(count) < 0.4, rng.exponential(5, count), rng.exponential(700, count)
    )
    return np.cumsum(pauses).astype(np.int64)


def daily(rng: np.random.Generator, count: int) -> Minutes:
    """Minutes of posts: some of most days, from nine to five."""
    minutes: list[int] = []
    for day in range(count):
        often = 3 if day % 7 < 5 else 0.3
        when = 540 + 480 * rng.random(rng.poisson(often))
        minutes += sorted(int(1440 * day + minute) for minute in when)
    return np.array(minutes[:count], dtype=np.int64)


def histories(
    process: Process, count: int, seed: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    rng = np.random.default_rng(seed)
    size = ACCOUNTS * count
    texts = np.array(["words", "words @ann #b", "words #a", "words https://a.b", "#b"])
    kind = rng.choice(schema.KINDS, size, p=[0.3, 0.4, 0.2, 0.1])
    minutes = np.concatenate([process(rng, count) for _ in range(ACCOUNTS)])
    posted = pl.lit(START) + pl.duration(minutes=pl.col("minute"))
    posts = pl.DataFrame(
        {
            "account_id": np.repeat([f"a/{i}" for i in range(ACCOUNTS)], count),
            "minute": minutes,
            "old": rng.exponential(60, size).astype(int),
            "kind": kind,
            "text": rng.choice(texts, size),
            "language": rng.choice(["en", "fr"], size, p=[0.8, 0.2]),
            "client": rng.choice(["web", "phone", "pad"], size, p=[0.6, 0.3, 0.1]),
            "target_account_id": rng.choice([f"t/{i}" for i in range(12)], size),
            "likes": rng.poisson(0.5, size),
            "reposts": rng.poisson(0.3, size),
            "replies": rng.poisson(0.4, size),
            "post_id": [str(i) for i in range(size)],
        }
    ).with_columns(
        posted_at=posted.dt.cast_time_unit("ms"),
        target_posted_at=(
            posted - pl.duration(minutes=pl.col("old"))
        ).dt.cast_time_unit("ms"),
    )
    accounts = pl.DataFrame(
        {
            "account_id": [f"a/{i}" for i in range(ACCOUNTS)],
            "as_of": [LAST] * ACCOUNTS,
            "created_at": [START] * ACCOUNTS,
            "history_complete": [True] * ACCOUNTS,
            "declared_language": ["en"] * ACCOUNTS,
            "posts_total": [2 * count] * ACCOUNTS,
        }
    ).with_columns(pl.col("as_of", "created_at").dt.cast_time_unit("ms"))
    return schema.conform(accounts, "accounts"), schema.conform(posts, "posts")


PROCESSES: dict[str, Process] = {"bursts": bursts, "daily": daily}


@cache
def simulated(process: str, count: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    return histories(PROCESSES[process], count, seed=count)


@cache
def usual() -> Artefacts:
    """Fitted tables, of the people who post by day."""
    return Artefacts.fit(*prepare_fit(*simulated("daily", max(POSTS))))


@cache
def built(process: str, count: int) -> pl.DataFrame:
    return build_features(*simulated(process, count), usual(), MEASURED)


MEASURED = tuple(f for f in FEATURES if f.group in GROUPS)
STEADY = tuple(f for f in MEASURED if f.name not in OF_LENGTH)


def told(values: pl.Series) -> bool:
    """Whether nearly all have a value: the mean over a few is one of other people."""
    return values.count() >= 0.8 * ACCOUNTS


def lengths(name: str, process: str) -> tuple[int, ...]:
    """Numbers of posts at which a feature is compared, two of which have it."""
    for posts in (POSTS, LONGER):
        if sum(told(built(process, count)[name]) for count in posts) > 1:
            return posts
    raise AssertionError(f"{name}: compared with nothing")


def differing(measure: Feature, values: Sequence[pl.Series]) -> list[float]:
    """Differences of the means, in tolerances beside the noise, that exceed one."""
    known = [v.drop_nulls().cast(pl.Float64).to_numpy() for v in values if told(v)]
    limit = TOLERANCE["share" if measure.unit == "share" else "other"]
    found = []
    for one in known[:-1]:
        last = known[-1]
        noise = 3 * float(np.sqrt(one.var() / len(one) + last.var() / len(last)))
        excess = (abs(float(one.mean() - last.mean())) - noise) / limit
        if excess > 1:
            found.append(excess)
    return found


# Pauses of half a day add up: neighbours share their hours, and the fewer posts, the
# more of them are neighbours. That is behaviour, and no bias.
def unsteady(measure: Feature, process: str) -> bool:
    of_hours = measure.group == "rhythm" or measure.name == "change_hour_distance"
    return process == "bursts" and of_hours


@pytest.mark.parametrize("process", PROCESSES)
def test_means_do_not_follow_the_number_of_posts(process):
    found = {
        f.name: excess
        for f in STEADY
        if not unsteady(f, process)
        and (
            excess := differing(
                f, [built(process, n)[f.name] for n in lengths(f.name, process)]
            )
        )
    }

    assert found == {}


def test_a_feature_that_is_compared_with_nothing_is_named():
    """As one that only a few of the simulated people have would be."""
    assert lengths("change_step_distance", "daily") == LONGER
    with pytest.raises(AssertionError, match="days_week_spike_log: compared with"):
        lengths("days_week_spike_log", "bursts")


def test_every_measure_of_posts_is_compared():
    of_posts = {f.group for f in FEATURES if f.table in ("posts", "totals")}

    assert of_posts - OF_WORDS == set(GROUPS)
    assert of_posts - OF_WORDS - {"claim"} != set(GROUPS)


def test_what_is_about_length_is_declared_and_does_follow_it():
    assert set(OF_LENGTH) <= {f.name for f in MEASURED}
    span = next(f for f in MEASURED if f.name == "life_span_log_days")

    assert differing(span, [built("daily", count)[span.name] for count in POSTS])


TARGETS = pl.col("target_account_id").unique_counts().cast(pl.Float64)


@pytest.mark.parametrize(
    "formula",
    [
        # Plain entropy, distinct share, greatest share, longest pause.
        -(TARGETS / pl.len() * (TARGETS / pl.len()).log()).sum(),
        pl.col("target_account_id").n_unique() / pl.len(),
        TARGETS.max() / pl.len(),
        pl.col("gap").max().log1p(),
    ],
)
def test_a_formula_that_counts_the_posts_is_caught(formula):
    plain = smuggled(formula, table="posts", unit="share")
    values = [
        build_features(*simulated("bursts", count), None, [plain])["planted_value"]
        for count in POSTS
    ]

    assert differing(plain, values)
