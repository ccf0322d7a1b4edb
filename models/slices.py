"""Slices: the figures of unseen accounts by role, language, evidence and source.

A slice of one class only (a role, a source) is judged against the other class of the
same folds. Accounts are compared within their fold, because each has a booster of its
own, and flagged at the threshold that the fold's training side sets.
"""

from collections.abc import Sequence
from math import ceil
from typing import Any, Final

import numpy as np
import polars as pl

from models.alerts import Confusion, operating_point
from models.bands import BANDS, band_name
from models.bootstrap import auc, passed, rank
from models.calibrator import sigmoid
from models.metrics import (
    FPR,
    brier_skill,
    expected_calibration_error,
    log_loss,
    to_share,
)
from models.panel import wilson
from models.thresholds import LEAST_FLAGGED

# Fewer accounts of a class give no figure of ranks or of probabilities.
LEAST: Final = 30
OTHERS: Final = "too few to tell apart"
# Fewer controls do not tell what share of them is flagged.
_CONTROLS: Final = ceil(LEAST_FLAGGED / FPR)
# What an account may have beside its posts, in the order in which it is named.
EVIDENCE: Final = ("profile", "posts", "times", "clients", "co-activity")


def posts_band(posts: str) -> pl.Expr:
    """Name of the band that a number of posts falls into."""
    expr = pl.lit(None, dtype=pl.String)
    for low, high in reversed(BANDS):
        inside = pl.col(posts) >= low
        if high is not None:
            inside &= pl.col(posts) <= high
        expr = pl.when(inside).then(pl.lit(band_name(low, high))).otherwise(expr)
    return expr


def evidence_state() -> pl.Expr:
    """What is known of an account, as `profile, posts, times`.

    Reads a boolean column `has <name>` for each of EVIDENCE.
    """
    named = [
        pl.when(pl.col(f"has {name}")).then(pl.lit(name)).alias(name)
        for name in EVIDENCE
    ]
    joined = pl.concat_str(named, separator=", ", ignore_nulls=True)
    return pl.when(joined == "").then(pl.lit("nothing")).otherwise(joined)


def pool_small(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """Rows with the values of fewer than 30 accounts pooled, and named so."""
    small = pl.len().over(column) < LEAST
    known = pl.col(column).is_not_null()
    return rows.with_columns(
        pl.when(known & small).then(pl.lit(OTHERS)).otherwise(column).alias(column)
    )


def slice_rows(
    judged: pl.DataFrame, column: str, names: Sequence[str], confidence: float
) -> list[dict[str, Any]]:
    """A row a value of the column, in the order of `names`; values without rows left out.

    Args:
        judged: unseen accounts: fold, label, logit, anchor, flagged (null where the fold
            has no threshold), and the column (null: not in any slice).
        column: what is sliced by.
        names: its values.
        confidence: of the Wilson bounds.

    Returns:
        slice, n_pos, n_neg; recall and fpr with bounds; `point` (see `flagged_point`),
        auc, ece, brier_skill and log_loss, for which the other class of the same folds, `against`
        accounts, stands in where the slice has one class only.
    """
    found = []
    for name in names:
        inside = judged.filter(pl.col(column) == name)
        if inside.height:
            found.append({"slice": name} | _row(judged, inside, confidence))
    return found


def _row(
    judged: pl.DataFrame, inside: pl.DataFrame, confidence: float
) -> dict[str, Any]:
    counts = {label: inside.filter(label=label).height for label in (1, 0)}
    row: dict[str, Any] = {"n_pos": counts[1], "n_neg": counts[0]}
    for label, name in ((1, "recall"), (0, "fpr")):
        flags = inside.filter(label=label)["flagged"].drop_nulls()
        row |= _rate(name, int(flags.sum()), len(flags), confidence)
    if not all(counts.values()):
        # One class only: the other class of the same folds stands in for it.
        here = inside["fold"].unique().implode()
        present = 1 if counts[1] else 0
        others = judged.filter(
            (pl.col("label") == 1 - present) & pl.col("fold").is_in(here)
        )
        inside = pl.concat([inside, others])
        row["against"] = others.height
    row["point"] = flagged_point(inside, confidence)
    row["auc"] = auc_within_folds(inside)
    labels = inside["label"].to_numpy()
    if min(labels.sum(), (1 - labels).sum()) < LEAST:
        return row | dict.fromkeys(("auc", "ece", "brier_skill", "log_loss"))
    logits = to_share(inside["logit"].to_numpy(), inside["anchor"].to_numpy(), labels)
    chances = sigmoid(logits)
    row["ece"] = round(expected_calibration_error(chances, labels), 6)
    row["brier_skill"] = round(brier_skill(chances, labels), 6)
    row["log_loss"] = round(log_loss(logits, labels), 6)
    return row


def flagged_point(judged: pl.DataFrame, confidence: float) -> dict[str, Any]:
    """Operating point of accounts that are flagged or not, or the reason for none.

    Args:
        judged: label, and flagged (null where the fold has no threshold; not counted).
        confidence: of the bounds, two-sided.

    Returns:
        As models.alerts.operating_point; `reason` alone where there are too few accounts
        of a class to tell its rate.
    """
    known = judged.drop_nulls("flagged")
    if judged.height and not known.height:
        return {"reason": "a fold has too few controls to set the threshold"}
    counts = Confusion.of(known["flagged"].to_numpy(), known["label"].to_numpy())
    if counts.negatives < _CONTROLS:
        return {"reason": f"{counts.negatives} controls, {_CONTROLS} needed"}
    if counts.positives < LEAST:
        return {"reason": f"{counts.positives} accounts, {LEAST} needed"}
    return operating_point(counts, confidence)


def auc_within_folds(judged: pl.DataFrame) -> float | None:
    """Share of pairs of one fold that are ranked rightly; null without any pair.

    Args:
        judged: fold, label, logit.
    """
    right, pairs = 0.0, 0
    for _, rows in judged.sort("fold").group_by(["fold"], maintain_order=True):
        labels = rows["label"].to_numpy()
        here = int(labels.sum()) * int((1 - labels).sum())
        if here:
            ranked = rank(rows["logit"].to_numpy(), labels)
            right += here * auc(passed(ranked, np.ones(len(labels), dtype=np.int64)))
            pairs += here
    return round(right / pairs, 6) if pairs else None


def _rate(name: str, count: int, trials: int, confidence: float) -> dict[str, Any]:
    if not trials:
        return dict.fromkeys((name, f"{name}_low", f"{name}_high"))
    low, high = wilson(count, trials, confidence)
    return {
        name: round(count / trials, 6),
        f"{name}_low": round(low, 6),
        f"{name}_high": round(high, 6),
    }
