"""Stability over time: how far a score some days earlier agrees with that of now."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import polars as pl
from scipy.stats import spearmanr

from models.panel import wilson
from models.slices import LEAST

# Parts of pipeline.rescoring: scored as of some days earlier, and as of now.
EARLIER: Final = "earlier"
NOW: Final = "now"


def over_time(
    scores: pl.DataFrame,
    sample: pl.DataFrame,
    thresholds: Mapping[str, Mapping[str, float | None]],
    confidence: float,
) -> dict[str, Any]:
    """How far both scores agree, over all accounts and for each campaign.

    Args:
        scores: account_id, part (EARLIER or NOW) and logit; others are left out.
        sample: account_id, fold, label, campaign (null for controls) of unseen accounts.
        thresholds: aim -> fold -> logit above which an account is flagged, null where
            the fold has too few controls to set it.
        confidence: of the Wilson bounds.

    Returns:
        pooled: see below; campaigns: the same of each with the controls of its fold,
        where 30 accounts of it have both scores; worst: of rank_correlation and of the
        flip rate at each aim, campaign and value. All null but `accounts`, with the
        reason, where fewer than 30 have both scores.

        Each has accounts; rank_correlation (Spearman's, null if all scores are one);
        at: aim -> flip_rate (share on the other side of the threshold) with bounds,
        lost: of those flagged earlier, share that is not now; gained: of the others,
        share that is. Null where there are none, or a fold has no threshold.
    """
    both = (
        scores.filter(part=NOW)
        .select("account_id", now="logit")
        .join(
            scores.filter(part=EARLIER).select("account_id", earlier="logit"),
            on="account_id",
        )
        .join(sample, on="account_id")
        .sort("account_id")
    )
    if both.height < LEAST:
        reason = f"{both.height} accounts have both scores, {LEAST} needed"
        nothing = dict.fromkeys(("pooled", "campaigns", "worst"))
        return {"accounts": both.height} | nothing | {"reason": reason}
    rows = {}
    for name in both["campaign"].drop_nulls().unique().sort():
        mine = both.filter(campaign=name)
        controls = both.filter(pl.col("fold") == mine["fold"][0], label=0)
        if mine.height >= LEAST:
            rows[name] = _agreement(pl.concat([mine, controls]), thresholds, confidence)
    return {
        "accounts": both.height,
        "pooled": _agreement(both, thresholds, confidence),
        "campaigns": rows,
        "worst": _worst(rows, list(thresholds)),
    }


def _agreement(
    both: pl.DataFrame,
    thresholds: Mapping[str, Mapping[str, float | None]],
    confidence: float,
) -> dict[str, Any]:
    earlier, now = both["earlier"].to_numpy(), both["now"].to_numpy()
    varied = len(np.unique(earlier)) > 1 and len(np.unique(now)) > 1
    rank = float(spearmanr(earlier, now).statistic) if varied else None
    return {
        "accounts": both.height,
        "rank_correlation": None if rank is None else round(rank, 6),
        "at": {
            aim: _flips(both, folds, confidence) for aim, folds in thresholds.items()
        },
    }


def _flips(
    both: pl.DataFrame, folds: Mapping[str, float | None], confidence: float
) -> dict[str, float | None]:
    cuts = pl.Series([folds.get(fold) for fold in both["fold"]], dtype=pl.Float64)
    names = ("flip_rate", "flip_rate_low", "flip_rate_high", "lost", "gained")
    if cuts.null_count():
        return dict.fromkeys(names)
    before, after = both["earlier"] > cuts, both["now"] > cuts
    turned = before != after
    low, high = wilson(int(turned.sum()), len(turned), confidence)
    return {
        "flip_rate": round(int(turned.sum()) / len(turned), 6),
        "flip_rate_low": round(low, 6),
        "flip_rate_high": round(high, 6),
        "lost": _share(turned.filter(before)),
        "gained": _share(turned.filter(~before)),
    }


def _share(turned: pl.Series) -> float | None:
    return round(int(turned.sum()) / len(turned), 6) if len(turned) else None


def _worst(rows: Mapping[str, Mapping[str, Any]], aims: list[str]) -> dict[str, Any]:
    """Campaign and value of the least correlation and of the highest flip rates."""
    ranks = {name: row["rank_correlation"] for name, row in rows.items()}
    found = {"rank_correlation": _extreme(ranks, min)}
    for aim in aims:
        rates = {name: row["at"][aim]["flip_rate"] for name, row in rows.items()}
        found[aim] = _extreme(rates, max)
    return found


def _extreme(values: Mapping[str, float | None], pick: Any) -> dict[str, Any]:
    known = {name: value for name, value in values.items() if value is not None}
    if not known:
        return {"campaign": None, "value": None}
    value = pick(known.values())
    return {"campaign": next(n for n, v in known.items() if v == value), "value": value}
