"""Intervals: how far the calibrated log-odds of one more operator may lie elsewhere.

    half width = z * sqrt(spread(raw score)^2 + sum of the extra variance of its states)

The spread is how far the lines of single operators lie from the pooled one at that
score. An evidence state (few posts, no profile, ...) adds the variance by which
operators differ there beyond it. Everything is in log-odds around the account's own, so
that an interval holds the probability and moves with the prevalence as it does.

It is made from operators that were known. Nothing is promised for the next one: how
often the intervals held on campaigns left out stands in metrics.json.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from math import isfinite
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.evidence import STATES, Bools
from models.temper import tempers_of

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Intervals:
    """Widths as numbers.

    Attributes:
        confidence: of the interval, two-sided.
        knots: raw scores, rising; between them the spread is interpolated, beyond them
            it stays.
        spread: standard deviation of operators around the line, in log-odds, at each.
        states: evidence state -> variance added in it, in squared log-odds; null where
            too few operators have such accounts. It then counts as the largest known of
            accounts as they are.
        operators: evidence state -> operators with enough accounts of both classes in it,
            all of them scored by boosters that had not seen the operator. What was learnt
            from evidence dropped in training (family dropout) is held against no truth
            and does not count.
        withheld: states that no operator judges by accounts as they are, so that
            accounts whose evidence was withheld judge them (models.withheld) -> how far
            scores are pulled towards the base rate there (models.temper).
    """

    confidence: float
    knots: Sequence[float]
    spread: Sequence[float]
    states: Mapping[str, float | None]
    operators: Mapping[str, int]
    withheld: Mapping[str, float]

    def half_widths(self, raw_scores: Floats, states: Bools) -> Floats:
        """Half width of each account's interval in log-odds, shape (n_accounts,).

        Args:
            raw_scores: shape (n_accounts,).
            states: from models.evidence, shape (n_accounts, len(STATES)).
        """
        shown = [v for s, v in self.states.items() if s not in self.withheld]
        largest = max((v for v in shown if v is not None), default=0.0)
        variance = np.interp(raw_scores, self.knots, self.spread) ** 2
        # One by one: a sum over an axis need not have the same bits for one account.
        for column, state in enumerate(STATES):
            added = self.states[state]
            added = largest if added is None else added
            variance = variance + states[:, column] * added
        z = NormalDist().inv_cdf((1 + self.confidence) / 2)
        return np.asarray(z * np.sqrt(variance))

    def judged_by(self, states: Bools) -> NDArray[np.int64]:
        """Operators that judged the least judged state of each account, (n_accounts,).

        Evidence was withheld one state at a time, and what is lost with two together is
        more than the sum: nobody judged an account in two such states.

        Args:
            states: from models.evidence, shape (n_accounts, len(STATES)); each account
                is in one at least, its band of posts.
        """
        known = np.array([self.operators[state] for state in STATES])
        least = np.where(states, known, known.max()).min(axis=1)
        alone = np.isin(STATES, list(self.withheld))
        return np.asarray(np.where((states & alone).sum(axis=1) > 1, 0, least))

    def tempers(self, states: Bools) -> Floats:
        """How far each account's log-odds are pulled towards the base rate, (n_accounts,).

        1, not at all, for accounts as operators show them.

        Args:
            states: from models.evidence, shape (n_accounts, len(STATES)).
        """
        return tempers_of(self.withheld, states)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> "Intervals":
        """The intervals that `to_dict` wrote.

        Raises:
            ValueError: they are not sound; the message says what is wrong.
        """
        if set(value) != {field.name for field in fields(cls)}:
            raise ValueError(
                "needs confidence, knots, spread, states, operators and withheld"
            )
        if any(list(value[name]) != list(STATES) for name in ("states", "operators")):
            raise ValueError(f"states and operators must have {', '.join(STATES)}")
        if not all(type(n) is int and n >= 0 for n in value["operators"].values()):
            raise ValueError("operators must be whole numbers from 0")
        judged = [state for state, known in value["operators"].items() if known]
        withheld = value["withheld"]
        if not isinstance(withheld, dict) or not all(s in judged for s in withheld):
            raise ValueError("withheld must have states that operators judged")
        if not all(_number(t) and 0 < t <= 1 for t in withheld.values()):
            raise ValueError("a score is pulled by a factor above 0 and up to 1")
        added = [v for v in value["states"].values() if v is not None]
        numbers = [value["confidence"], *value["knots"], *value["spread"], *added]
        if not all(_number(one) for one in numbers):
            raise ValueError("holds something that is not a finite number")
        found = cls(**value)
        if not 0 < found.confidence < 1:
            raise ValueError("confidence must lie between 0 and 1")
        if not found.knots or len(found.knots) != len(found.spread):
            raise ValueError("needs one spread for each knot")
        if any(b <= a for a, b in zip(found.knots, found.knots[1:], strict=False)):
            raise ValueError("knots must rise")
        if min([*found.spread, *added]) < 0:
            raise ValueError("a spread or a variance is below 0")
        return found


def _number(value: Any) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and isfinite(value)
    )


def width_at_anchor(logits: Floats, half_widths: Floats) -> Floats:
    """Widths in probability where both classes weigh the same, whatever is asked for.

    So that no choice of prevalence turns a score into an abstention.

    Args:
        logits: calibrated log-odds at an anchor of one half, shape (n_accounts,).
        half_widths: in log-odds, shape (n_accounts,).
    """
    # Difference of two sigmoids, exact also where both are near 0 or 1.
    return np.asarray(np.sinh(half_widths) / (np.cosh(half_widths) + np.cosh(logits)))
