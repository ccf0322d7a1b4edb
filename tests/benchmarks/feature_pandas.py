"""Twenty post features, side by side with vectorised pandas (no Python-level apply)."""

from typing import Final

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import polars as pl

from features.build import build_features
from features.catalogue import feature
from tests.benchmarks.feature_single import POSTS, make_tables
from tests.benchmarks.row import Row, seconds

ACCOUNTS: Final = 500
LEAST: Final = 5.0


def in_pandas(posts: pd.DataFrame) -> pd.DataFrame:
    """The features of dated, distinct posts without `RT @`, one row an account."""
    posts = posts.sort_values(["account_id", "posted_at", "kind", "language", "text"])
    owner = posts["account_id"]
    minute = posts["posted_at"].astype("int64") // 60_000
    text, kind = posts["text"], posts["kind"]
    own = kind != "repost"
    words = (
        text.str.replace(r"https?://\S+|@\w+", " ", regex=True)
        .str.normalize("NFKC")
        .str.replace(r"\s+", " ", regex=True)
        .str.strip()
        .where(own)
    )
    gap = minute.groupby(owner).diff()
    day = (minute - minute.groupby(owner).transform("min")) // 1440
    told = words.str.len() >= 8
    per_post = pd.DataFrame(
        {
            "repost": kind == "repost",
            "reply": kind == "reply",
            "quote": kind == "quote",
            "mentions": text.str.count(r"@\w+").where(own, 0),
            "linked": text.str.contains("https?://", regex=True),
            "tags": text.str.count(r"#\w+"),
            "length": words.str.len(),
            "words": words.str.count(r"\w+"),
            "upper": words.str.count("[A-Z]"),
            "letters": words.str.count(r"[^\W\d_]"),
            "digits": words.str.count(r"\d"),
            "marks": words.str.count("[!?]"),
            "switch": (kind != kind.groupby(owner).shift()) & gap.notna(),
            "gaps": gap.notna(),
            "at_once": gap == 0,
            "fifth": minute % 5 == 0,
        }
    ).astype("float64")
    total = per_post.groupby(owner).sum()
    n = owner.groupby(owner).size()
    clients = posts.groupby(["account_id", "client"], observed=True).size()
    by_owner = clients.groupby(level=0)
    lower = words[told].str.lower()
    alike = lower.groupby([owner[told], lower]).size()
    alike = (alike * (alike - 1)).groupby(level=0).sum()
    first, last = minute.groupby(owner).min(), minute.groupby(owner).max()
    days = day.groupby(owner).nunique()
    pairs = (clients * (clients - 1)).groupby(level=0).sum()
    return pd.DataFrame(
        {
            "action_repost_share": total["repost"] / n,
            "action_reply_share": total["reply"] / n,
            "action_quote_share": total["quote"] / n,
            "action_kind_change_share": total["switch"] / total["gaps"],
            "action_mentions_per_post": total["mentions"] / n,
            "content_link_share": total["linked"] / n,
            "content_hashtags_per_post": total["tags"] / n,
            "content_length_mean": total["length"] / (n - total["repost"]),
            "content_word_length": total["length"] / total["words"],
            "content_upper_share": total["upper"] / total["letters"],
            "content_digit_share": total["digits"] / total["length"],
            "content_mark_share": total["marks"] / total["length"],
            "content_duplicate_share": alike.reindex(n.index, fill_value=0)
            / (n * (n - 1)),
            "client_top_share": by_owner.max() / n,
            "client_mix_share": 1 - pairs / (n * (n - 1)),
            "timing_gap_median_log": np.log1p(gap.groupby(owner).median()),
            "timing_same_minute_share": total["at_once"] / total["gaps"],
            "rhythm_five_minute_share": total["fifth"] / n,
            "days_active_share": (days - 2) / (day.groupby(owner).max() - 1),
            "life_span_log_days": np.log1p((last - first) / 1440),
        }
    )


def feature_pandas() -> list[Row]:
    """The same twenty values of the same posts by both."""
    accounts, posts = make_tables(ACCOUNTS, seed=3)
    table = posts.select(
        "account_id", "posted_at", "text", "kind", "language", "client"
    ).to_pandas()
    table["posted_at"] = table["posted_at"].astype("datetime64[ms, UTC]")
    theirs = in_pandas(table)
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
    taken = seconds(lambda: build_features(accounts, posts, None, chosen), repeat=3)
    slow = seconds(lambda: in_pandas(table), repeat=3)
    return [
        Row(
            id="feature_pandas",
            what=f"{len(chosen)} post features of {ACCOUNTS * POSTS:,} posts, with all "
            "checks and repairs; how many times as fast",
            value=round(taken, 4),
            unit="s",
            versus=f"vectorised pandas, the same values without them: {slow:.4g} s",
            ratio=round(slow / taken, 3),
            bar=f">= {LEAST:g}",
            holds=slow / taken >= LEAST,
        )
    ]
