"""Abstention: accounts that are not scored, and why; the first reason that applies."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from features.catalogue import FEATURES
from models.matrix import Matrix

Floats = NDArray[np.float64]

# Reason -> what it says. A closed list: metrics are labelled by it.
REASONS: Final = {
    "no_evidence": "nothing but a handle or a name is known",
    "too_few_posts": "some posts, but fewer than a score needs to stay as it is when more come",
    "unjudged_evidence": "no account left out was known by just this, so what a score is worth was not seen",
    "unlike_training": "its values lie where the model has seen no account",
    "wide_interval": "operators differ too much at this score to state one",
}

# Groups that cannot carry a score alone: a name says nothing about behaviour.
_TELLING: Final = np.array([f.group not in ("name", "handle") for f in FEATURES])


@dataclass(frozen=True)
class Abstention:
    """Limits beyond which no score is given.

    Attributes:
        least_posts: accounts with fewer posts that count, but some, are not scored: so
            few say nothing sure, and yet they move the score. A profile alone is scored.
        least_operators: accounts in a state of evidence that fewer operators judged are
            not scored; 0 for none of them.
        most_outside: largest share of an account's known values that may lie outside
            the range of values that the booster was trained on.
        widest: largest width of an interval, in probability where both classes weigh
            the same.
    """

    least_posts: int
    least_operators: int
    most_outside: float
    widest: float

    def reasons(
        self,
        matrix: Matrix,
        n_posts: NDArray[np.int64],
        judged_by: NDArray[np.int64],
        ranges: Floats,
        widths: Floats,
    ) -> NDArray[np.str_]:
        """Reason of each account, shape (n_accounts,); empty where it is scored.

        Args:
            matrix: feature values, shape (n_accounts, n_features).
            n_posts: posts of each account that count.
            judged_by: from models.intervals.Intervals, shape (n_accounts,).
            ranges: from `training_ranges`, of the booster that scores.
            widths: from models.intervals.width_at_anchor.
        """
        known = ~np.isnan(matrix)
        tests = {
            "no_evidence": ~known[:, _TELLING].any(axis=1),
            "too_few_posts": (n_posts > 0) & (n_posts < self.least_posts),
            "unjudged_evidence": judged_by < self.least_operators,
            "unlike_training": outside_share(matrix, ranges) > self.most_outside,
            "wide_interval": widths > self.widest,
        }
        return np.select(list(tests.values()), list(tests), default="")

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> "Abstention":
        """The limits that `to_dict` wrote.

        Raises:
            ValueError: they are not sound; the message says what is wrong.
        """
        if set(value) != {"least_posts", "least_operators", "most_outside", "widest"}:
            raise ValueError(
                "needs least_posts, least_operators, most_outside and widest"
            )
        counts = value["least_posts"], value["least_operators"]
        shares = value["most_outside"], value["widest"]
        if not all(type(count) is int and count >= 0 for count in counts):
            raise ValueError(
                "least_posts and least_operators must be whole numbers from 0"
            )
        if not all(type(s) in (int, float) and 0 <= s <= 1 for s in shares):
            raise ValueError("most_outside and widest must lie between 0 and 1")
        return cls(*counts, float(shares[0]), float(shares[1]))


def training_ranges(booster: lgb.Booster) -> Floats:
    """Least and greatest value of each feature in training, shape (2, n_features).

    NaN for features without values there, which are not looked at. LightGBM keeps the
    ranges in its text.
    """
    known = booster.dump_model(num_iteration=1)["feature_infos"]
    absent = {"min_value": np.nan, "max_value": np.nan}
    rows = [known.get(name, absent) for name in booster.feature_name()]
    ends = [[row["min_value"] for row in rows], [row["max_value"] for row in rows]]
    return np.array(ends, dtype=np.float64)


def outside_share(matrix: Matrix, ranges: Floats) -> Floats:
    """Share of the known values of each account that lie outside the ranges.

    Of the features that have a range; 0 for an account without any.
    """
    known = ~np.isnan(matrix) & ~np.isnan(ranges[0])
    outside = (matrix < ranges[0]) | (matrix > ranges[1])
    return np.asarray(outside.sum(axis=1) / np.maximum(known.sum(axis=1), 1))
