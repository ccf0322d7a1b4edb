"""Twenty post features, side by side with vectorised pandas (no Python-level apply)."""

from math import log
from typing import Final

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import polars as pl

from features import equalise, history, schema
from features.build import build_features
from features.catalogue import feature
from tests.benchmarks.feature_single import in_turns, make_tables
from tests.benchmarks.row import Row

ACCOUNTS: Final = 500
CALLS: Final = 15
LEAST: Final = 5.0

# One post in so many is damaged in each of these ways; one in so many stands twice.
_DAMAGES: Final = (
    pl.lit("RT @someone: ") + pl.col("text"),
    pl.col("text") + " you &amp; me",
    pl.col("text").str.replace("https", "http", literal=True),
)
_DAMAGED: Final = 16
_TWICE: Final = 200


def make_archive(accounts: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Canonical tables with what repairs are for, in no order."""
    told, posts = make_tables(accounts, seed=3)
    place = pl.int_range(pl.len()) % _DAMAGED
    text = pl.col("text")
    for number, damage in enumerate(_DAMAGES):
        text = pl.when(place == number).then(damage).otherwise(text)
    posts = posts.with_columns(text=text)
    again = posts.gather_every(_TWICE)
    every = pl.concat([posts, again]).sample(fraction=1, shuffle=True, seed=4)
    # Some posts are later than the moment of judging.
    moment = pl.col("as_of") - pl.duration(days=100)
    return told.with_columns(as_of=moment), schema.conform(every, "posts")


def repaired(posts: pd.DataFrame, accounts: pd.DataFrame) -> pd.DataFrame:
    """What build_features does before it measures: distinct, repaired, cut, in order."""
    posts = posts.drop_duplicates("post_id")
    text, kind = posts["text"], posts["kind"]
    damaged = text.str.contains("[\ufffd\r&]|[pP]://", regex=True)
    some = text[damaged].str.replace("\ufffd", "", regex=False)
    some = some.str.replace("\r\n?", "\n", regex=True)
    for entity, sign in equalise.ENTITIES:
        some = some.str.replace(entity, sign, regex=False)
    text = text.copy()
    text[damaged] = some.str.replace(r"(?i)\bhttp://", "https://", regex=True)
    passed_on = text.str.contains(equalise.REPOST_PREFIX, regex=True)
    text[passed_on] = text[passed_on].str.replace(
        equalise.REPOST_PREFIX, "", regex=True
    )
    language = posts["language"].str.lower().str.extract("^([a-z]+)", expand=False)
    posts = posts.assign(
        text=text,
        kind=kind.mask(passed_on, "repost"),
        language=language,
        posted_at=posts["posted_at"].dt.floor("min"),
    ).merge(accounts, on="account_id")
    posts = posts[posts["posted_at"] < posts["as_of"].dt.floor("min")]
    posts = posts.sort_values(["account_id", "posted_at", "kind", "language", "text"])
    latest = posts.groupby("account_id", sort=False).cumcount(ascending=False)
    return posts[latest < history.HISTORY_CAP]


def repeats(owner: pd.Series, things: pd.Series) -> pd.DataFrame:
    """Of the things of each owner: their number, the most of one kind, equal pairs."""
    counts = things.groupby([owner, things], sort=False).size()
    table = pd.DataFrame({"n": counts, "pairs": counts * (counts - 1)})
    by_owner = table.groupby(level=0, sort=False)
    return by_owner.sum().assign(most=by_owner["n"].max(), kinds=by_owner.size())


def in_pandas(posts: pd.DataFrame) -> pd.DataFrame:
    """The features of repaired posts, one row an account."""
    # Groups by numbers: by strings they take longer.
    owner = pd.Series(posts["account_id"].factorize()[0], posts.index)
    minute = posts["posted_at"].astype("int64") // 60_000
    text, kind = posts["text"], posts["kind"]
    own = kind != "repost"
    words = text[own].str.replace(r"https?://\S+|@\w+", " ", regex=True)
    words = words.str.normalize("NFKC").str.replace(r"\s+", " ", regex=True).str.strip()
    by_words = words.groupby(owner[own], sort=False)
    recent = by_words.cumcount(ascending=False) < 100
    length = words.str.len()
    gap = minute.groupby(owner, sort=False).diff()
    first = minute.groupby(owner, sort=False).transform("min")
    hour = (minute - first) // 60 % 24
    engagement = posts["likes"] + posts["reposts"]
    link = text.str.extract(r"https?://(?:www\.)?([^/?#:\s]+)", expand=False)
    per_post = pd.DataFrame(
        {
            "posts": 1,
            "reposts": ~own,
            "switches": (kind != kind.groupby(owner, sort=False).shift()) & gap.notna(),
            "gaps": gap.notna(),
            "gap_sum": gap,
            "gap_squares": gap * gap,
            "bouts": gap.isna() | (gap >= 30),
            "on_fives": minute % 5 == 0,
            "tagged": text.str.contains(r"#\w+", regex=True),
            "own": own,
            "unnoticed": own & (engagement == 0),
        }
    ).astype("float64")
    total = per_post.groupby(owner, sort=False).sum()
    per_own = pd.DataFrame(
        {
            "upper": words.str.count("[A-Z]"),
            "letters": words.str.count("[A-Za-z]"),
            "recent_length": length.where(recent, 0),
            "recent_commas": words[recent].str.count(","),
            "recent": recent,
        }
    ).astype("float64")
    said = per_own.groupby(owner[own], sort=False).sum()
    day = (minute - first) // 1440
    days = pd.DataFrame({"owner": owner, "day": day}).drop_duplicates()
    days = days.groupby("owner", sort=False)["day"].agg(["size", "max"])
    by_minute = minute.groupby(owner, sort=False)
    span = by_minute.max() - by_minute.min()
    n, gaps = total["posts"], total["gaps"]
    spread = np.sqrt(gaps * total["gap_squares"] - total["gap_sum"] ** 2)
    ratio = spread / total["gap_sum"]
    more, less = np.sqrt(gaps + 1), np.sqrt(gaps - 1)
    hours = hour.groupby([owner, hour], sort=False).size()
    logs = (hours * np.log(hours)).groupby(level=0, sort=False).agg(["sum", "size"])
    entropy = np.log(n) - logs["sum"] / n + (logs["size"] - 1) / (2 * n)
    sources = repeats(owner, posts["target_account_id"].where(~own))
    texts = repeats(owner[own], words[length >= 8].str.lower())
    links = repeats(owner, link.where(own))
    spoken = words[recent].str.lower().str.replace(r"\W+", " ", regex=True)
    spoken = spoken.str.strip().str.split(" ").explode()
    spoken = spoken[spoken != ""]
    tokens = repeats(
        owner.loc[spoken.index].reset_index(drop=True), spoken.reset_index(drop=True)
    )
    languages = repeats(owner, posts["language"])
    clients = repeats(owner, posts["client"])
    values = pd.DataFrame(
        {
            "timing_gap_median_log": np.log1p(gap.groupby(owner, sort=False).median()),
            "timing_burstiness": (more * ratio - less) / ((more - 2) * ratio + less),
            "rhythm_hour_entropy": entropy.where(n >= 50) / log(24),
            "rhythm_five_minute_share": total["on_fives"] / n,
            "days_active_share": (days["size"] - 2) / (days["max"] - 1),
            "days_bouts_log": np.log(total["bouts"] / days["size"]),
            "life_span_log_days": np.log1p(span / 1440),
            "life_longest_silence_share": gap.groupby(owner, sort=False).max() / span,
            "action_repost_share": total["reposts"] / n,
            "action_kind_change_share": total["switches"] / gaps,
            "source_repeat_share": sources["pairs"] / (n * (n - 1)),
            "reaction_none_share": total["unnoticed"] / total["own"],
            "content_duplicate_share": texts["pairs"].reindex(n.index, fill_value=0)
            / (n * (n - 1)),
            "content_upper_share": said["upper"] / said["letters"],
            "style_comma_share": said["recent_commas"] / said["recent_length"],
            "wording_word_repeat_chance": tokens["pairs"]
            / (tokens["n"] * (tokens["n"] - 1)),
            "link_top_host_share": links["most"].reindex(n.index, fill_value=0) / n,
            "tag_post_share": total["tagged"] / n,
            "language_mix_chance": 1
            - languages["pairs"] / (languages["n"] * (languages["n"] - 1)),
            "client_mix_share": 1
            - clients["pairs"] / (clients["n"] * (clients["n"] - 1)),
        }
    )
    return values.where(n >= 20)


def feature_pandas() -> list[Row]:
    """The same twenty values of the same tables by both, from repairs to the end."""
    accounts, posts = make_archive(ACCOUNTS)
    table = posts.select(
        *("post_id", "account_id", "posted_at", "text", "kind", "language", "client"),
        *("likes", "reposts", "target_account_id"),
    ).to_pandas()
    table["posted_at"] = table["posted_at"].astype("datetime64[ms, UTC]")
    moments = accounts.select("account_id", "as_of").to_pandas()
    ready = repaired(table, moments)
    theirs = in_pandas(ready)
    chosen = [feature(name) for name in theirs.columns]
    ours = build_features(accounts, posts, None, chosen)
    for name in theirs.columns:
        np.testing.assert_allclose(
            ours[name].cast(pl.Float64).to_numpy(),
            theirs[name].to_numpy(),
            rtol=1e-5,
            atol=1e-6,
            err_msg=name,
        )
    fast, slow, unrepaired = (
        min(taken)
        for taken in in_turns(
            lambda: build_features(accounts, posts, None, chosen),
            lambda: in_pandas(repaired(table, moments)),
            lambda: in_pandas(ready),
            calls=CALLS,
            warm=1,
        )
    )
    what = f"{len(chosen)} post features of {posts.height:,} posts"
    return [
        Row(
            id="feature_pandas",
            what=f"{what}, with all checks and repairs; how many times as fast",
            value=round(fast, 2),
            unit="ms",
            versus=f"vectorised pandas, the same repairs and values: {slow:.4g} ms",
            ratio=round(slow / fast, 3),
            bar=f">= {LEAST:g}",
            holds=slow / fast >= LEAST,
        ),
        Row(
            id="feature_pandas_unrepaired",
            what=f"{what}, with all checks and repairs, against pandas without them",
            value=round(fast, 2),
            unit="ms",
            versus="vectorised pandas on posts that are distinct, repaired, cut and in "
            f"order: {unrepaired:.4g} ms",
            ratio=round(unrepaired / fast, 3),
        ),
    ]
