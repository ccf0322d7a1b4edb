"""Scoring: from canonical tables to probabilities, the same offline and online."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.build import build_counted, build_with_reasons
from features.catalogue import FEATURES
from features.errors import InputError
from features.prepared import Table
from models.bundle import Bundle
from models.calibrator import sigmoid
from models.evidence import evidence_states
from models.explanation import Explanation, explain
from models.intervals import width_at_anchor
from models.matrix import to_matrix


@dataclass(frozen=True)
class Scores:
    """Scores of accounts, in the order given.

    Attributes:
        values: account_id and a column a feature, null where not measured.
        reasons: the same, with a reason code where the value is null; null unless
            asked for.
        n_posts: posts of each account that count.
        abstained: why an account is not scored, empty if it is, shape (n_accounts,).
        probabilities: at the prevalence asked for; not for accounts that abstain.
        intervals: low and high end at the same prevalence, shape (n_accounts, 2).
        explanation: parts of every logit.
        prevalence: the one used.
    """

    values: pl.DataFrame
    reasons: pl.DataFrame | None
    n_posts: pl.Series
    abstained: NDArray[np.str_]
    probabilities: NDArray[np.float64]
    intervals: NDArray[np.float64]
    explanation: Explanation
    prevalence: float


def score(
    bundle: Bundle,
    accounts: Table,
    posts: Table | None,
    prevalence: float | None = None,
    with_reasons: bool = False,
    threads: int = 0,
) -> Scores:
    """Scores of canonical accounts.

    Args:
        bundle: a loaded model.
        accounts: canonical accounts, unique account_id.
        posts: their canonical posts, or null.
        prevalence: share of accounts of this kind to assume, strictly between 0 and
            1; null for the bundle's default.
        with_reasons: whether to say why values are missing.
        threads: of LightGBM; 0 for as many as the environment says.

    Raises:
        InputError: the prevalence is not between 0 and 1, or an account stands twice.
        SchemaError: a table is not canonical.
    """
    prevalence = bundle.default_prevalence if prevalence is None else prevalence
    if not 0 < prevalence < 1:
        raise InputError(f"prevalence {prevalence}: must lie between 0 and 1")
    reasons = None
    if with_reasons:
        values, reasons, n_posts = build_with_reasons(accounts, posts, bundle.artefacts)
    else:
        values, n_posts = build_counted(accounts, posts, bundle.artefacts)
    matrix, counts = to_matrix(values, FEATURES), n_posts.to_numpy()
    states = evidence_states(matrix, counts)
    tempers = bundle.intervals.tempers(states)
    line = bundle.calibrator
    explanation = explain(bundle.booster, line, matrix, tempers, prevalence, threads)
    logits, raw = explanation.logits, explanation.raw_scores
    half = bundle.intervals.half_widths(raw, states)
    widths = width_at_anchor(line.tempered(line.logits(raw), tempers), half)
    judged_by = bundle.intervals.judged_by(states)
    return Scores(
        values=values,
        reasons=reasons,
        n_posts=n_posts,
        abstained=bundle.abstention.reasons(
            matrix, counts, judged_by, bundle.ranges, widths
        ),
        probabilities=sigmoid(logits),
        intervals=np.stack([sigmoid(logits - half), sigmoid(logits + half)], axis=1),
        explanation=explanation,
        prevalence=prevalence,
    )


def as_table(scores: Scores, as_of: pl.Series) -> pl.DataFrame:
    """One row an account, the columns of the offline scoring contract.

    Args:
        scores: from `score`.
        as_of: moment of each account, in the same order.
    """
    explained = scores.explanation
    n = len(scores.abstained)
    table = pl.DataFrame(
        {
            "account_id": scores.values["account_id"],
            "as_of": as_of,
            "outcome": np.where(scores.abstained == "", "scored", "abstained"),
            "reason": pl.Series(scores.abstained.tolist(), dtype=pl.String),
            "bot_probability": scores.probabilities,
            "interval_low": scores.intervals[:, 0],
            "interval_high": scores.intervals[:, 1],
            "prevalence": np.full(n, scores.prevalence),
            "base": explained.base,
            "prevalence_shift": np.full(n, explained.prevalence_shift),
        }
    )
    contributions = pl.DataFrame(
        {
            f"contribution_{feature.name}": explained.contributions[:, index]
            for index, feature in enumerate(FEATURES)
        },
        schema={f"contribution_{f.name}": pl.Float64 for f in FEATURES},
    )
    abstained = pl.col("outcome") == "abstained"
    numbers = ["bot_probability", "interval_low", "interval_high", "base"]
    numbers += ["prevalence_shift", *contributions.columns]
    return table.hstack(contributions).with_columns(
        pl.when(abstained).then("reason").alias("reason"),
        *(pl.when(~abstained).then(pl.col(name)).alias(name) for name in numbers),
    )
