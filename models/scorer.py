"""Scoring: from canonical tables to probabilities, the same offline and online."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.build import build_features, build_with_reasons
from features.catalogue import FEATURES
from features.errors import InputError
from features.prepared import Table
from models.bundle import Bundle
from models.calibrator import sigmoid
from models.explanation import Explanation, explain
from models.matrix import to_matrix

# Groups that cannot carry a score alone: a name says nothing about behaviour.
_NO_EVIDENCE_GROUPS = ("name", "handle")


@dataclass(frozen=True)
class Scores:
    """Scores of accounts, in the order given.

    Attributes:
        values: account_id and a column a feature, null where not measured.
        reasons: the same, with a reason code where the value is null; null unless
            asked for.
        n_posts: posts of each account that count; null unless reasons are asked for.
        evidence: whether anything but handle and name is known, shape (n_accounts,).
        probabilities: at the prevalence asked for; meaningless without evidence.
        explanation: parts of every logit.
        prevalence: the one used.
    """

    values: pl.DataFrame
    reasons: pl.DataFrame | None
    n_posts: pl.Series | None
    evidence: NDArray[np.bool_]
    probabilities: NDArray[np.float64]
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
    reasons = n_posts = None
    if with_reasons:
        values, reasons, n_posts = build_with_reasons(accounts, posts, bundle.artefacts)
    else:
        values = build_features(accounts, posts, bundle.artefacts)
    matrix = to_matrix(values, FEATURES)
    explanation = explain(
        bundle.booster, bundle.calibrator, matrix, prevalence, threads
    )
    telling = [f.group not in _NO_EVIDENCE_GROUPS for f in FEATURES]
    evidence = np.count_nonzero(~np.isnan(matrix[:, telling]), axis=1) > 0
    return Scores(
        values=values,
        reasons=reasons,
        n_posts=n_posts,
        evidence=evidence,
        probabilities=sigmoid(explanation.logits),
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
    n = len(scores.evidence)
    table = pl.DataFrame(
        {
            "account_id": scores.values["account_id"],
            "as_of": as_of,
            "outcome": np.where(scores.evidence, "scored", "abstained"),
            "reason": pl.Series([None] * n, dtype=pl.String),
            "bot_probability": scores.probabilities,
            "interval_low": pl.Series([None] * n, dtype=pl.Float64),
            "interval_high": pl.Series([None] * n, dtype=pl.Float64),
            "prevalence": np.full(n, scores.prevalence),
            "base": np.full(n, explained.base),
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
    numbers = ["bot_probability", "base", "prevalence_shift", *contributions.columns]
    return table.hstack(contributions).with_columns(
        pl.when(abstained).then(pl.lit("no_evidence")).alias("reason"),
        *(pl.when(~abstained).then(pl.col(name)).alias(name) for name in numbers),
    )
