"""What calibrate stores of doubt: interval and abstention of every unseen account.

Intervals of a fold are fitted on that fold's inner scores alone, and ranges are those
of the booster that scored: no account tested tells how wide its own interval is.
"""

from collections.abc import Mapping
from typing import Annotated

import polars as pl
from pydantic import Field

from models.abstention import Abstention, training_ranges
from models.calibrator import Calibrator
from models.evidence import evidence_states
from models.interval_fit import fit_intervals
from models.intervals import Intervals, width_at_anchor
from pipeline.section import Section
from pipeline.values import Values
from pipeline.withheld import Boosters, InnerScorer, training_set


class AbstentionParams(Section):
    """Section `calibrate.abstention`: limits beyond which no score is given."""

    least_posts: Annotated[int, Field(ge=0)]
    least_operators: Annotated[int, Field(ge=0)]
    most_outside: Annotated[float, Field(ge=0, le=1)]
    max_interval_width: Annotated[float, Field(gt=0, le=1)]

    def limits(self) -> Abstention:
        """The same as the models room takes them."""
        return Abstention(
            self.least_posts,
            self.least_operators,
            self.most_outside,
            self.max_interval_width,
        )


def final_intervals(
    unseen: pl.DataFrame,
    values: Values,
    boosters: Boosters,
    line: Calibrator,
    confidence: float,
    ridge: float,
    fold: str = "all",
) -> Intervals:
    """Intervals fitted on inner scores of one leave-one-out fold.

    Args:
        unseen: raw_score, label, unit and account_id of the inner rows.
        values: feature values.
        boosters: those that gave these scores are among them.
        line: the fold's calibrator.
        confidence: of the intervals.
        ridge: of the operators' lines.
        fold: name; `all` for the final model.
    """
    return fit_intervals(
        unseen["raw_score"].to_numpy(),
        unseen["label"].to_numpy(),
        unseen["unit"].to_numpy().astype(str),
        values.states(training_set(fold), unseen["account_id"]),
        line,
        confidence,
        ridge,
        InnerScorer(unseen, values, boosters, fold),
    )


def inner_scores(scored: pl.DataFrame, labels: pl.DataFrame, fold: str) -> pl.DataFrame:
    """Scores of a leave-one-out fold's training rows by boosters without their unit."""
    return (
        scored.filter(
            (pl.col("model") == "telltale")
            & (pl.col("protocol") == "loco")
            & (pl.col("fold") == fold)
            & (pl.col("part") == "inner")
        )
        .join(labels.select("account_id", "label"), on="account_id")
        .sort("unit", "account_id")
    )


def doubts(
    scored: pl.DataFrame,
    labels: pl.DataFrame,
    values: Values,
    boosters: Boosters,
    lines: Mapping[tuple[str, str], Calibrator],
    confidence: float,
    ridge: float,
    limits: Abstention,
) -> tuple[pl.DataFrame, dict[str, dict[str, float]]]:
    """Scores with `half_width` and `abstained` for the accounts that a fold left out.

    half_width is that of the interval in log-odds; abstained the reason for which no
    score would be given, empty if one would. Both are null outside the test and panel
    sides of the leave-one-out folds; there `logit` is pulled towards the base rate for
    evidence that was judged by withholding it, as in service: by how much comes second,
    fold -> evidence state -> temper.

    Args:
        scored: all scores, with logit.
        labels: account_id and label.
        values: feature values.
        boosters: of all training sets.
        lines: calibrators by protocol and fold.
        confidence: of the intervals.
        ridge: of the operators' lines.
        limits: of abstention.
    """
    parts = []
    tempers = {}
    for (protocol, fold), line in lines.items():
        if protocol != "loco" or fold == "all":
            continue
        key = training_set(fold)
        unseen = inner_scores(scored, labels, fold)
        fitted = final_intervals(
            unseen, values, boosters, line, confidence, ridge, fold
        )
        rows = scored.filter(
            (pl.col("model") == "telltale")
            & (pl.col("protocol") == protocol)
            & (pl.col("fold") == fold)
            & (pl.col("part") != "inner")
        ).sort("part", "account_id")
        matrix, n_posts = values.rows(key, rows["account_id"])
        states = evidence_states(matrix, n_posts)
        half = fitted.half_widths(rows["raw_score"].to_numpy(), states)
        logits = line.tempered(rows["logit"].to_numpy(), fitted.tempers(states))
        tempers[fold] = dict(fitted.withheld)
        widths = width_at_anchor(logits, half)
        judged_by = fitted.judged_by(states)
        ranges = training_ranges(boosters.load(key))
        reasons = limits.reasons(matrix, n_posts, judged_by, ranges, widths)
        parts.append(
            rows.select("model", "protocol", "fold", "part", "account_id").with_columns(
                half_width=half,
                abstained=pl.Series(reasons.tolist(), dtype=pl.String),
                tempered=logits,
            )
        )
    on = ["model", "protocol", "fold", "part", "account_id"]
    joined = (
        scored.join(pl.concat(parts), on=on, how="left", maintain_order="left")
        .with_columns(logit=pl.coalesce("tempered", "logit"))
        .drop("tempered")
    )
    return joined, tempers
