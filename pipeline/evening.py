"""Evening out: the least that has to be taken from each class to make both alike."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.hashing import uniform

# Accounts of a class that one band needs, and the most bands.
_LEAST_IN_BAND: Final = 20
_MOST_BANDS: Final = 10


def even_shares(
    known: NDArray[np.bool_],
    positive: NDArray[np.bool_],
    ids: list[str],
    cause: str,
    beside: NDArray[np.int64] | None = None,
) -> NDArray[np.bool_]:
    """Rows to mask so that both classes miss the same share, shape (n_accounts,).

    Args:
        known: whether the value is there.
        positive: the class.
        ids: account ids; they draw who is masked.
        cause: what is missing; values of one cause are missing together.
        beside: a second value; shares are then the same in each band of it. Null: one
            band.
    """
    taken = np.zeros(len(ids), dtype=bool)
    drawn = uniform(ids, f"mask {cause}")
    bands = np.zeros(len(ids)) if beside is None else _bands(beside, positive)
    for band in np.unique(bands):
        pair = [side & (bands == band) for side in (positive, ~positive)]
        missing = [1 - known[side].mean() if side.any() else 0.0 for side in pair]
        for side, own, other in zip(pair, missing, missing[::-1], strict=True):
            if other > own:
                taken |= side & known & (drawn < (other - own) / (1 - own))
    return taken


def _bands(values: NDArray[np.int64], positive: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Number of the band of each value; equal values share one."""
    fewest = min(int(positive.sum()), int((~positive).sum()))
    bands = max(1, min(_MOST_BANDS, fewest // _LEAST_IN_BAND))
    edges = np.quantile(values, np.arange(1, bands) / bands)
    found: NDArray[np.int64] = np.searchsorted(np.unique(edges), values, side="right")
    return found


def even_ranks(
    values: NDArray[np.int64],
    beside: NDArray[np.int64] | None,
    positive: NDArray[np.bool_],
    ids: Sequence[str],
) -> NDArray[np.int64]:
    """What each account keeps so that both classes have the same distribution.

    An account at rank q of its class keeps at most what the account at rank q of the
    other class has. That takes away the least, and leaves the largest the largest.

    Args:
        values: for example numbers of posts, shape (n_accounts,).
        beside: a second value; ranks are then taken within bands of its rank, so that
            the two are alike together and not only each for itself. Null: one band.
        positive: the class.
        ids: account ids; they break ties.
    """
    kept = values.copy()
    sides = [np.flatnonzero(positive), np.flatnonzero(~positive)]
    fewest = min(len(side) for side in sides)
    if not fewest:
        return kept
    tie = uniform(ids, "rank of posts")
    bands = 1
    if beside is not None:
        # No more bands than values: what ties must not be parted by the draw.
        most = min(_MOST_BANDS, len(np.unique(beside)))
        bands = max(1, min(most, fewest // _LEAST_IN_BAND))
        sides = [side[np.lexsort((tie[side], beside[side]))] for side in sides]
    for own, other in zip(
        *(np.array_split(side, bands) for side in sides), strict=True
    ):
        pair = [side[np.lexsort((tie[side], values[side]))] for side in (own, other)]
        for here, there in (pair, pair[::-1]):
            rank = ((np.arange(len(here)) + 0.5) / len(here) * len(there)).astype(int)
            kept[here] = np.minimum(values[here], values[there][rank])
    return kept
