"""What calibrate stores of doubt: interval and abstention of every unseen account.

Intervals of a fold are fitted on that fold's inner scores alone, and ranges are those
of the booster that scored: no account tested tells how wide its own interval is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import lightgbm as lgb
import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import Field

from features.catalogue import FEATURES
from models.abstention import Abstention, training_ranges
from models.calibrator import Calibrator
from models.evidence import Bools, evidence_states
from models.interval_fit import fit_intervals
from models.intervals import Intervals, width_at_anchor
from models.matrix import Matrix, to_matrix
from models.training_sets import set_key
from pipeline.section import Section


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


@dataclass(frozen=True)
class Values:
    """Feature values of the labelled accounts.

    Attributes:
        static: account_id, n_posts, features without fitted tables.
        fitted: the others, a row a training set and account.
    """

    static: pl.DataFrame
    fitted: pl.DataFrame

    @classmethod
    def read(cls, features: Path) -> "Values":
        """Those that featurize wrote."""
        return cls(
            pl.read_parquet(features / "features.parquet"),
            pl.read_parquet(features / "fitted.parquet"),
        )

    def of(self, key: str) -> pl.DataFrame:
        """Values with the tables of one training set."""
        rows = self.fitted.filter(pl.col("training_set") == key)
        return self.static.join(rows.drop("training_set"), on="account_id")

    def rows(
        self, key: str, account_ids: pl.Series
    ) -> tuple[Matrix, NDArray[np.int64]]:
        """Matrix and posts of some accounts, in their order."""
        found = account_ids.to_frame("account_id").join(
            self.of(key), on="account_id", how="left", maintain_order="left"
        )
        return to_matrix(found, FEATURES), found["n_posts"].to_numpy()

    def states(self, key: str, account_ids: pl.Series) -> Bools:
        """Evidence states of some accounts, in their order."""
        return evidence_states(*self.rows(key, account_ids))


def final_intervals(
    unseen: pl.DataFrame,
    values: Values,
    line: Calibrator,
    confidence: float,
    ridge: float,
    key: str = "all",
) -> Intervals:
    """Intervals fitted on inner scores of one fold.

    Args:
        unseen: raw_score, label, unit and account_id of the inner rows.
        values: feature values.
        line: the fold's calibrator.
        confidence: of the intervals.
        ridge: of the operators' lines.
        key: training set of the fold's booster.
    """
    return fit_intervals(
        unseen["raw_score"].to_numpy(),
        unseen["label"].to_numpy(),
        unseen["unit"].to_numpy().astype(str),
        values.states(key, unseen["account_id"]),
        line,
        confidence,
        ridge,
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
    boosters: Path,
    lines: Mapping[tuple[str, str], Calibrator],
    confidence: float,
    ridge: float,
    limits: Abstention,
) -> pl.DataFrame:
    """Scores with `half_width` and `abstained` for the accounts that a fold left out.

    half_width is that of the interval in log-odds; abstained the reason for which no
    score would be given, empty if one would. Both are null outside the test and panel
    sides of the leave-one-out folds.

    Args:
        scored: all scores, with logit.
        labels: account_id and label.
        values: feature values.
        boosters: directory of booster texts by training set.
        lines: calibrators by protocol and fold.
        confidence: of the intervals.
        ridge: of the operators' lines.
        limits: of abstention.
    """
    parts = []
    for (protocol, fold), line in lines.items():
        if protocol != "loco" or fold == "all":
            continue
        key = set_key(protocol, fold, None)
        unseen = inner_scores(scored, labels, fold)
        fitted = final_intervals(unseen, values, line, confidence, ridge, key)
        rows = scored.filter(
            (pl.col("model") == "telltale")
            & (pl.col("protocol") == protocol)
            & (pl.col("fold") == fold)
            & (pl.col("part") != "inner")
        ).sort("part", "account_id")
        matrix, n_posts = values.rows(key, rows["account_id"])
        states = evidence_states(matrix, n_posts)
        half = fitted.half_widths(rows["raw_score"].to_numpy(), states)
        booster = lgb.Booster(model_file=boosters / f"{key}.txt")
        widths = width_at_anchor(rows["logit"].to_numpy(), half)
        judged_by, ranges = fitted.judged_by(states), training_ranges(booster)
        reasons = limits.reasons(matrix, n_posts, judged_by, ranges, widths)
        parts.append(
            rows.select("model", "protocol", "fold", "part", "account_id").with_columns(
                half_width=half, abstained=pl.Series(reasons.tolist(), dtype=pl.String)
            )
        )
    on = ["model", "protocol", "fold", "part", "account_id"]
    return scored.join(pl.concat(parts), on=on, how="left", maintain_order="left")
