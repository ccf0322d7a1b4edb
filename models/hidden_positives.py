"""How many controls are takedown accounts that nobody disclosed.

Two cases. Where labels miss at random, hidden positives score like labelled ones, and
their share is read off where ordinary accounts are rarest. Where only one role was
disclosed, hidden ones need not look like those that are known; then bounds are all
there is, and they stand on other operators: as if this one's hidden accounts were found
as well as theirs. All scores must come from boosters that did not see the account.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Fewer accounts of a class say nothing about a share.
LEAST: Final = 30
# Cuts leave at least this share of positives above them: above rarer cuts the ratio is
# mostly noise, and the least of many noisy ratios is too low.
_LEAST_ABOVE: Final = 0.2
_CUTS: Final = 101
# Standard errors that a cut is charged for, so that a noisy one is not taken for a low.
_CHARGED: Final = 2.0
# Bounds are read above these shares of ordinary accounts; of more cuts the best would be
# the luckiest.
_BOUND_CUTS: Final = (0.7, 0.825, 0.95)
# And where positives exceed ordinary accounts by this share.
_LEAST_EXCESS: Final = 0.1


@dataclass(frozen=True)
class Share:
    """A share of controls with its interval or bounds; share is null for bounds."""

    share: float | None
    low: float
    high: float

    def to_dict(self) -> dict[str, Any]:
        return {
            name: None if value is None else round(value, 6)
            for name, value in asdict(self).items()
        }


@dataclass(frozen=True)
class Reference:
    """Another operator, both classes scored by the booster that scored the controls."""

    positives: Floats
    controls: Floats


def hidden_share(
    positives: Floats, controls: Floats, draws: int, confidence: float, seed: int
) -> Share | None:
    """Share of controls that are hidden positives, if labels miss at random.

    Above any cut, controls hold at least the hidden positives that score so: their
    share is at most (share of controls above) / (share of positives above), and reaches
    it where no ordinary account scores so high. The least of these ratios is taken,
    each charged for its standard error. Where ordinary accounts reach the very top,
    the estimate is too high, never too low.

    Args:
        positives: scores of labelled positives, higher for more alike.
        controls: scores of controls.
        draws: bootstrap draws of accounts.
        confidence: of the interval.
        seed: of the draws.

    Returns:
        Null with fewer than 30 accounts of a class.

    Source: Garg et al. 2021, "Mixture proportion estimation and PU learning: a modern
    approach" (best bin estimation, with another charge than its worst-case bound);
    Blanchard et al. 2010, "Semi-supervised novelty detection", section 4.
    """
    if min(len(positives), len(controls)) < LEAST:
        return None
    levels = np.linspace(0, 1 - _LEAST_ABOVE, _CUTS)
    cuts = np.unique(np.quantile(positives, levels, method="nearest"))
    counts = [_between(scores, cuts) for scores in (positives, controls)]
    rng = np.random.default_rng(seed)
    drawn = [
        rng.multinomial(inside.sum(), inside / inside.sum(), size=draws)
        for inside in counts
    ]
    tail = (1 - confidence) / 2
    low, high = np.quantile(_least_ratio(*drawn)[0], [tail, 1 - tail])
    shares, errors = _least_ratio(counts[0][None], counts[1][None])
    share = float(shares[0])
    # Draws repeat the pull of the least ratio towards too low values: on small sets
    # their interval misses the truth above it, the sampling error at the cut does not.
    margin = NormalDist().inv_cdf(1 - tail) * float(errors[0])
    return Share(
        share,
        float(max(0.0, min(low, share - margin))),
        float(min(1.0, max(high, share + margin))),
    )


def _between(scores: Floats, cuts: Floats) -> NDArray[np.int64]:
    """Scores between neighbouring cuts, shape (n_cuts + 1,)."""
    return np.bincount(np.searchsorted(cuts, scores, "right"), minlength=len(cuts) + 1)


def _least_ratio(
    positives: NDArray[np.int64], controls: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """Least charged ratio of each row of counts and its error, shape (draws,) each."""
    above = [
        counts[:, :0:-1].cumsum(axis=1)[:, ::-1] / counts.sum(axis=1, keepdims=True)
        for counts in (positives, controls)
    ]
    p, u = np.maximum(above[0], 1e-9), above[1]
    n_p, n_u = positives.sum(axis=1)[:, None], controls.sum(axis=1)[:, None]
    # Nobody seen above a cut is not nobody there.
    seen = np.maximum(u, 1 / n_u)
    error = np.sqrt(seen * (1 - u) / n_u / p**2 + u**2 * (1 - p) / (p**3 * n_p))
    best = np.argmin(u / p + _CHARGED * error, axis=1)
    rows = np.arange(len(best))
    return np.minimum((u / p)[rows, best], 1.0), error[rows, best]


def one_role_bounds(
    references: Mapping[str, tuple[Floats, Reference]], confidence: float
) -> Share | None:
    """Bounds of the share of hidden positives among an operator's controls.

    Above any cut let u of its controls lie, n of ordinary accounts and a of the hidden
    ones: u = share * a + (1 - share) * n. Since a is at most 1, the share is at least
    (u - n) / (1 - n); and if hidden accounts are found at least as well as those of a
    reference, it is at most (u - n) / (a - n). The weakest bounds over all references
    are given, each widened by its sampling error.

    They hold if one of the references has ordinary accounts that score as high as this
    operator's, another positives that are found no better than its hidden ones.

    Args:
        references: name of another operator -> scores of this operator's controls, and
            of that operator, by a booster that saw neither.
        confidence: of each bound at each cut; the best of three cuts and the weakest of
            the references are taken, which together hold about as often.

    Returns:
        Null without a reference of 30 accounts a class, or with fewer than 30 controls.

    Source: Meinshausen and Rice 2006, "Estimating the proportion of false null
    hypotheses" (the lower bound).
    """
    found = [
        _bounds(controls, reference, confidence)
        for controls, reference in references.values()
        if min(map(len, (controls, reference.positives, reference.controls))) >= LEAST
    ]
    if not found:
        return None
    low = min(low for low, _ in found)
    return Share(None, low, max(low, *(high for _, high in found)))


def _bounds(
    controls: Floats, reference: Reference, confidence: float
) -> tuple[float, float]:
    cuts = np.quantile(reference.controls, _BOUND_CUTS)
    u, error_u = _above(controls, cuts)
    n, error_n = _above(reference.controls, cuts)
    a, error_a = _above(reference.positives, cuts)
    z = NormalDist().inv_cdf(confidence)
    error = z * np.hypot(error_u, error_n)
    # Where scores are equal, all ordinary ones may lie at a cut: it tells nothing.
    telling = n < 1
    least = (u - n - error)[telling] / (1 - n)[telling]
    low = float(np.clip(np.max(least, initial=0.0), 0, 1))
    clear = a - n >= _LEAST_EXCESS
    if not clear.any():
        return low, 1.0
    lead = np.where(clear, a - n, 1)
    high = (u - n) / lead + np.hypot(error, z * (u - n) / lead * error_a) / lead
    return low, float(np.clip(np.min(high[clear]), 0, 1))


def _above(scores: Floats, cuts: Floats) -> tuple[Floats, Floats]:
    """Share of scores at or above each cut, and its standard error."""
    n = len(scores)
    share = 1 - np.searchsorted(np.sort(scores), cuts, "left") / n
    return share, np.sqrt(np.clip(share, 1 / n, 1 - 1 / n) * (1 - share) / n)
