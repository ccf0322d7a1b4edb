"""Languages: whether people who write one are flagged more often than others.

One threshold a fold, for all languages alike, at which the given share of the fold's
controls is flagged: what differs is then the language and not the fold.
"""

from itertools import combinations
from math import ceil, exp, log, sqrt
from statistics import NormalDist
from typing import Any, Final

import polars as pl

from models.metrics import threshold_at_fpr

RATES: Final = (0.1, 0.01)
UNKNOWN: Final = "unknown"
OTHERS: Final = "others"


def language_block(
    tested: pl.DataFrame, least: int, confidence: float
) -> dict[str, Any]:
    """The block `audit.language` of metrics.json: a row a rate, with one a language.

    `ratio` is the highest false positive rate over the lowest, those of `highest` and
    `lowest`; `low` the highest lower bound of a ratio, that of `most` over `least`, which
    may be another pair: of few controls any rate may be had; `folds` says how many have
    the controls for a threshold, `of` how many there are.
    Null with the reason where fewer than two languages can be compared.

    Args:
        tested: test rows of one model and protocol: fold, label, logit, language (null
            where nothing tells it).
        least: languages with fewer controls are pooled as `others`.
        confidence: of the bound, two-sided.
    """
    named = pl.col("language").fill_null(UNKNOWN)
    controls = tested.filter(pl.col("label") == 0).with_columns(named)
    counts = controls.group_by("language").len()
    small = set(counts.filter(pl.col("len") < least)["language"]) - {UNKNOWN}
    pooled = (
        pl.when(pl.col("language").is_in(sorted(small)))
        .then(pl.lit(OTHERS))
        .otherwise("language")
        .alias("group")
    )
    found: dict[str, Any] = {"pooled_as_others": sorted(small)}
    for rate in RATES:
        found[f"fpr_{rate:g}"] = _at(
            tested, controls.with_columns(pooled), rate, least, confidence
        )
    return found


def _at(
    tested: pl.DataFrame,
    controls: pl.DataFrame,
    rate: float,
    least: int,
    confidence: float,
) -> dict[str, Any]:
    thresholds = {
        str(fold): threshold_at_fpr(rows["logit"].to_numpy(), rate)
        for (fold,), rows in controls.group_by(["fold"])
    }
    able = sorted(fold for fold, value in thresholds.items() if value is not None)
    limit = pl.col("fold").replace_strict(
        able, [thresholds[fold] for fold in able], default=None, return_dtype=pl.Float64
    )
    hit = (pl.col("logit") > limit).alias("hit")
    flagged = controls.with_columns(hit).drop_nulls("hit")
    judged = {"folds": len(able), "of": len(thresholds)}
    if flagged.is_empty():
        needed = ceil(3 / rate)
        reason = f"no fold has {needed} controls"
        return {"ratio": None, "reason": reason} | judged
    rows = flagged.group_by("group").agg(
        pl.len().alias("controls"), pl.col("hit").sum().alias("flagged")
    )
    languages = {
        str(name): {"controls": n, "flagged": k, "fpr": round(k / n, 6)}
        for name, n, k in rows.sort("group").iter_rows()
    }
    # Languages that share no fold are compared all the same: each has been held to
    # the share of its own fold.
    known = {
        name: row
        for name, row in languages.items()
        if name != UNKNOWN and row["controls"] >= least
    }
    if len(known) < 2:
        reason = f"fewer than two known languages have {least} controls"
        return {"ratio": None, "reason": reason, "languages": languages} | judged
    compared = {
        pair: _ratio(known[pair[0]], known[pair[1]], confidence)
        for first, second in combinations(sorted(known), 2)
        for pair in ((first, second), (second, first))
    }
    (high, low), (_, bound) = max(
        compared.items(), key=lambda item: (item[1][1], item[0])
    )
    widest = max(compared, key=lambda pair: (compared[pair][0], pair))
    return {
        "ratio": round(compared[widest][0], 6),
        "highest": widest[0],
        "lowest": widest[1],
        "low": round(bound, 6),
        "most": high,
        "least": low,
        "languages": languages,
        **judged,
    }


def _ratio(
    above: dict[str, Any], below: dict[str, Any], confidence: float
) -> tuple[float, float]:
    """Ratio of two rates and its lower bound; half an account is added to each count.

    Source: Katz et al., Biometrics 34 (1978); the halves, Walter 1975.
    """
    hits = above["flagged"] + 0.5, below["flagged"] + 0.5
    sizes = above["controls"] + 0.5, below["controls"] + 0.5
    ratio = (hits[0] / sizes[0]) / (hits[1] / sizes[1])
    spread = sqrt(sum(1 / k - 1 / n for k, n in zip(hits, sizes, strict=True)))
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    return ratio, exp(log(ratio) - z * spread)
