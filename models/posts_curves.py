"""Curves over posts: how early a takedown account is found, how steady scores are."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import polars as pl
from scipy.stats import spearmanr

from models.hashing import uniform
from models.panel import wilson
from models.slices import auc_within_folds

FIRST: Final = (1, 2, 5, 10, 20, 50, 100, 200)
LATEST: Final = (1, 2, 3, 4, 5, 10, 20, 50, 100, 200)
ALL: Final = "all"
CONSTANT: Final = "all accounts have the same score: there is no order"


def draw_sample(judged: pl.DataFrame, most: int, seed: int) -> pl.DataFrame:
    """Some of the unseen accounts, as many of each class, drawn by hash of their id.

    Args:
        judged: account_id, fold, label of accounts that no booster of the fold saw.
        most: accounts at most.
        seed: of the draw.
    """
    drawn = pl.Series("drawn", uniform(judged["account_id"], f"curve {seed}"))
    return (
        judged.with_columns(drawn)
        .sort("drawn", "account_id")
        .group_by("label", maintain_order=True)
        .head(most // 2)
        .sort("account_id")
        .drop("drawn")
    )


def with_thresholds(
    sample: pl.DataFrame, thresholds: Mapping[str, float | None]
) -> pl.DataFrame:
    """Sample with the threshold of each account's fold."""
    aims = [thresholds.get(fold) for fold in sample["fold"]]
    return sample.with_columns(pl.Series("threshold", aims, dtype=pl.Float64))


def time_to_detect(
    scores: pl.DataFrame, sample: pl.DataFrame, confidence: float
) -> list[dict[str, Any]]:
    """What is found after k posts, a row a k: always the same accounts.

    Those with fewer posts keep the score of the most of FIRST that they reach. The last row (posts null) is
    what all posts and the counts of the profile say.

    Args:
        scores: from `rescored`.
        sample: account_id, fold, label and threshold (null: the fold has none).
        confidence: of the Wilson bounds.
    """
    rows = []
    first = scores.filter(pl.col("part") == "first").sort("account_id", "posts")
    for number in FIRST:
        at = first.filter(pl.col("posts") <= number)
        last = at.group_by("account_id", maintain_order=True).last()
        reached = at.filter(pl.col("posts") == number).height
        if reached:
            rows.append(
                {"posts": number, "reached": reached} | _found(last, sample, confidence)
            )
    everything = scores.filter(pl.col("part") == ALL)
    if everything.height:
        rows.append(
            {"posts": None, "reached": everything.height}
            | _found(everything, sample, confidence)
        )
    return rows


def _found(
    scores: pl.DataFrame, sample: pl.DataFrame, confidence: float
) -> dict[str, Any]:
    judged = scores.join(sample, on="account_id")
    row: dict[str, Any] = {"auc": auc_within_folds(judged)}
    for label, name in ((1, "recall"), (0, "fpr")):
        side = judged.filter(label=label)
        flags = (side["logit"] > side["threshold"]).drop_nulls()
        row[f"n_{'pos' if label else 'neg'}"] = side.height
        row |= dict.fromkeys((name, f"{name}_low", f"{name}_high"))
        if len(flags):
            low, high = wilson(int(flags.sum()), len(flags), confidence)
            row[name] = round(float(flags.sum()) / len(flags), 6)
            row |= {f"{name}_low": round(low, 6), f"{name}_high": round(high, 6)}
    return row


def stability(
    scores: pl.DataFrame, sample: pl.DataFrame, confidence: float
) -> list[dict[str, Any]]:
    """How far the score of the latest n posts agrees with that of all, a row an n.

    Args:
        scores: from `rescored`.
        sample: account_id, fold, label and threshold (null: the fold has none).
        confidence: of the Wilson bounds.

    Returns:
        posts; accounts (with more posts than that); rank_correlation (Spearman's);
        flip_rate: share on the other side of the threshold; lost: of the flagged, share
        that is not; gained: of the others, share that is; harmed: the same of ordinary
        accounts, with bounds. Null where there are none; of the rank correlation, with
        the reason, where all have one score.
    """
    whole = scores.filter(pl.col("part") == ALL).select(
        "account_id", pl.col("logit").alias("whole")
    )
    rows: list[dict[str, Any]] = []
    for number in LATEST:
        pairs = (
            scores.filter((pl.col("part") == "latest") & (pl.col("posts") == number))
            .join(whole, on="account_id")
            .join(sample, on="account_id")
        )
        if pairs.height < 2:
            continue
        constant = min(pairs["logit"].n_unique(), pairs["whole"].n_unique()) == 1
        rank = None
        if not constant:
            rank = float(spearmanr(pairs["logit"], pairs["whole"]).statistic)
        flags = pairs.drop_nulls("threshold").select(
            "label",
            (pl.col("logit") > pl.col("threshold")).alias("now"),
            (pl.col("whole") > pl.col("threshold")).alias("then"),
        )
        turned = pl.col("now") != pl.col("then")
        row: dict[str, Any] = {
            "posts": number,
            "accounts": pairs.height,
            "rank_correlation": None if rank is None else round(rank, 6),
            "flip_rate": _share(flags, turned),
            "lost": _share(flags.filter("then"), turned),
            "gained": _share(flags.filter(~pl.col("then")), turned),
        }
        row |= _harmed(flags.filter(~pl.col("then"), label=0), confidence)
        rows.append(row | ({"reason": CONSTANT} if constant else {}))
    return rows


def _harmed(ordinary: pl.DataFrame, confidence: float) -> dict[str, float | None]:
    if not ordinary.height:
        return dict.fromkeys(("harmed", "harmed_low", "harmed_high"))
    count = ordinary.filter("now").height
    low, high = wilson(count, ordinary.height, confidence)
    return {
        "harmed": round(count / ordinary.height, 6),
        "harmed_low": round(low, 6),
        "harmed_high": round(high, 6),
    }


def least_posts(
    steady: Sequence[Mapping[str, Any]], declared: int, most: float
) -> dict[str, Any]:
    """The fewest posts that the curve asks for, beside the fewest that are scored.

    Args:
        steady: from `stability`.
        declared: accounts with fewer posts, but some, get no score.
        most: largest share of ordinary accounts that may be flagged by part of their
            posts and not by all of them.

    Returns:
        declared, most; measured: least number of posts of the curve from which on no row
        has a larger share, null if even the last has, or nothing was measured;
        harmful: numbers of posts that are scored with a share surely larger (its lower
        bound is); needless: that are not, with one surely smaller.
    """
    known = [row for row in steady if row["harmed"] is not None]
    measured = None
    for row in reversed(known):
        if row["harmed"] > most:
            break
        measured = row["posts"]
    return {
        "declared": declared,
        "most": most,
        "measured": measured,
        "harmful": [
            row["posts"]
            for row in known
            if row["posts"] >= declared and row["harmed_low"] > most
        ],
        "needless": [
            row["posts"]
            for row in known
            if row["posts"] < declared and row["harmed_high"] <= most
        ],
    }


def _share(rows: pl.DataFrame, what: pl.Expr) -> float | None:
    if not rows.height:
        return None
    return round(rows.filter(what).height / rows.height, 6)
