"""Drift: whether accounts to be scored still look like those that were trained on.

The profile is frozen in training: for every feature, and for the score, how many
accounts of each class lie in each bin, and how many have no value. Of accounts that come
later nobody knows the class, so that they are compared with a mix of both classes at the
prevalence that is assumed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.training import Floats, Labels

BINS: Final = 10
SCORE: Final = "score"
# Population stability index beyond what chance gives: by convention, and no more.
WARNING: Final = 0.1
ALARM: Final = 0.25


@dataclass(frozen=True)
class Drift:
    """One feature, or the score, then and now.

    Attributes:
        name: of the feature, or SCORE.
        psi: population stability index; missing values are a bin, if they have become
            more.
        chance: what it would be on average if nothing had changed.
        ks: largest distance of the distributions of known values; null if one has none.
        missing_before: share without a value in training, at this prevalence.
        missing: share without a value now.
    """

    name: str
    psi: float
    chance: float
    ks: float | None
    missing_before: float
    missing: float

    @property
    def level(self) -> str:
        beyond = self.psi - self.chance
        return "alarm" if beyond > ALARM else "warning" if beyond > WARNING else "none"


def profile(values: Mapping[str, Floats], labels: Labels) -> dict[str, Any]:
    """Frozen distributions: name -> edges, and a count of each bin by class.

    Bins lie between equal shares of the known values; the last count is of those
    without one.

    Args:
        values: name -> a value an account, NaN where it has none.
        labels: 1 or 0 an account.
    """
    found: dict[str, Any] = {}
    for name, column in values.items():
        known = column[~np.isnan(column)]
        steps = np.linspace(0, 1, BINS + 1)[1:-1]
        cuts = np.quantile(known, steps, method="nearest") if len(known) else known
        edges = np.unique(cuts)
        found[name] = {
            "edges": [float(edge) for edge in edges],
            **{
                side: _counts(column[labels == label], edges).tolist()
                for side, label in (("controls", 0), ("positives", 1))
            },
        }
    return found


def compare_with(
    frozen: Mapping[str, Any], values: Mapping[str, Floats], prevalence: float
) -> list[Drift]:
    """Every name of the profile against accounts of now, the most moved first.

    Names without any value in training are left out: masking may have taken a column
    from all of them, and no model reads what it has never seen. It takes values from
    some of them, too, and from nobody who comes later: fewer missing values than in
    training are therefore no drift, more of them are.

    Args:
        frozen: from `profile`.
        values: name -> a value an account, NaN where it has none; the same names.
        prevalence: share of positives assumed now.

    Source: Yurdakul and Naranjo, Journal of Risk Model Validation 14 (2020), for what
        chance gives: (bins - 1) times the sum of one over both sizes.
    """
    found = []
    for name, known in frozen.items():
        edges = np.array(known["edges"])
        if not len(edges):
            continue
        counts = [np.array(known[side]) for side in ("controls", "positives")]
        now = _counts(values[name], edges)
        before = (1 - prevalence) * _shares(counts[0]) + prevalence * _shares(counts[1])
        shares = _shares(now)
        missing_before = float(before[-1])
        if shares[-1] < missing_before:
            known_before = before[:-1] / before[:-1].sum()
            before = np.append(known_before * (1 - shares[-1]), shares[-1])
        psi = float(((shares - before) * np.log(shares / before)).sum())
        then = sum(int(count.sum()) for count in counts)
        found.append(
            Drift(
                name,
                round(psi, 6),
                round((len(now) - 1) * (1 / max(now.sum(), 1) + 1 / then), 6),
                _distance(before[:-1], shares[:-1], int(now[:-1].sum())),
                round(missing_before, 6),
                round(float(shares[-1]), 6),
            )
        )
    return sorted(found, key=lambda one: (one.chance - one.psi, one.name))


def _counts(column: Floats, edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """Accounts in each bin, from the lowest, and last those without a value."""
    known = column[~np.isnan(column)]
    places = np.searchsorted(edges, known, side="right")
    counts = np.bincount(places, minlength=len(edges) + 1)
    return np.append(counts, len(column) - len(known))


def _shares(counts: NDArray[np.int64]) -> Floats:
    """Half an account is added to each bin: the index has no value for empty ones."""
    return np.asarray((counts + 0.5) / (counts.sum() + 0.5 * len(counts)))


def _distance(before: Floats, now: Floats, known: int) -> float | None:
    if not known or before.sum() <= 0:
        return None
    gaps = np.cumsum(before / before.sum()) - np.cumsum(now / now.sum())
    return round(float(np.abs(gaps).max()), 6)


def worst(found: Sequence[Drift]) -> str:
    """Highest level of any: none, warning or alarm."""
    levels = {one.level for one in found}
    return (
        "alarm" if "alarm" in levels else "warning" if "warning" in levels else "none"
    )
