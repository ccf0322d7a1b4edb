"""Suspected label errors: labels that a model of other operators contradicts most.

The score of an account by a model that never saw its operator is the chance that its
label is 1; if the label says otherwise, and the chance of what it says is small, label
or model is wrong. Which of them a review decides. How many such labels there would be if
every label were right and every score what it says, follows from the scores, and stands
beside: only what goes beyond that speaks of labels or of the model.

Source: the idea of ranking by self-confidence is that of Northcutt et al., "Confident
learning", Journal of Artificial Intelligence Research 70 (2021).
"""

from typing import Any, Final

import polars as pl

from models.calibrator import sigmoid
from models.metrics import to_share

# Label -> what its accounts are called.
CLASSES: Final = {1: "takedown_accounts", 0: "controls"}

_SCORES: Final = ("score", "interval_low", "interval_high")


def with_scores(judged: pl.DataFrame) -> pl.DataFrame:
    """Accounts with score, interval_low, interval_high and likelihood of their label.

    Args:
        judged: accounts that no booster of their fold saw: fold, label, logit
            (calibrated, at the anchor), anchor, half_width of the interval in log-odds.

    Returns:
        The same, sorted by fold and account_id; all four are probabilities at the share
        of positives of the fold, rounded to six digits.
    """
    parts = []
    rows = judged.sort("fold", "account_id")
    for _, own in rows.group_by(["fold"], maintain_order=True):
        labels = own["label"].to_numpy()
        logits = to_share(own["logit"].to_numpy(), own["anchor"].to_numpy(), labels)
        half = own["half_width"].to_numpy()
        ends = zip(_SCORES, (logits, logits - half, logits + half), strict=True)
        parts.append(own.with_columns(**{n: pl.Series(sigmoid(e)) for n, e in ends}))
    if not parts:
        # No campaign counts: nobody is judged, and nobody suspected.
        nothing = {name: pl.lit(0.0) for name in _SCORES}
        return rows.with_columns(**nothing, likelihood=pl.lit(0.0))
    found = pl.concat(parts)
    likely = pl.when(pl.col("label") == 1).then("score").otherwise(1 - pl.col("score"))
    return found.with_columns(likelihood=likely).with_columns(
        pl.col("score", "interval_low", "interval_high", "likelihood").round(6)
    )


def suspected(judged: pl.DataFrame, least_likely: float, most: int) -> pl.DataFrame:
    """The least likely labels of each class, the least likely first.

    Args:
        judged: from `with_scores`.
        least_likely: labels of no higher likelihood are suspected.
        most: listed of each class.
    """
    below = judged.filter(pl.col("likelihood") <= least_likely)
    return below.sort(
        "label", "likelihood", "account_id", descending=[True, False, False]
    ).filter(pl.int_range(pl.len()).over("label") < most)


def summary(
    judged: pl.DataFrame, listed: pl.DataFrame, least_likely: float
) -> dict[str, Any]:
    """A block a class of what was suspected.

    Args:
        judged: from `with_scores`, with source and kind of the label.
        listed: from `suspected`.
        least_likely: as there.

    Returns:
        Of each of CLASSES: judged, suspected, listed; expected: suspected labels if all
        labels were right and the scores what they say, the sum of the likelihoods of
        this label over all accounts, of either class, for which it is as unlikely;
        sources: source -> kind, suspected, listed, where any is.
    """
    found: dict[str, Any] = {}
    for label, name in CLASSES.items():
        likely = judged["score"] if label else (1 - judged["score"]).round(6)
        own = judged.filter(label=label)
        below = own.filter(pl.col("likelihood") <= least_likely)
        shown = listed.filter(label=label)
        counts = dict(shown["source"].value_counts().rows())
        found[name] = {
            "judged": own.height,
            "suspected": below.height,
            "expected": round(float(likely.filter(likely <= least_likely).sum()), 2),
            "listed": shown.height,
            "sources": {
                source: {
                    "kind": kind,
                    "suspected": number,
                    "listed": counts.get(source, 0),
                }
                for source, kind, number in below.group_by("source", "kind")
                .agg(pl.len())
                .sort("source", "kind")
                .rows()
            },
        }
    return found
