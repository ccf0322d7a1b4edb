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
    known: NDArray[np.bool_], positive: NDArray[np.bool_], ids: list[str], cause: str
) -> NDArray[np.bool_]:
    """Rows to mask so that both classes miss the same share, shape (n_accounts,)."""
    missing = [
        1 - known[side].mean() if side.any() else 0.0 for side in (positive, ~positive)
    ]
    taken = np.zeros(len(ids), dtype=bool)
    for side, own, other in (
        (positive, missing[0], missing[1]),
        (~positive, missing[1], missing[0]),
    ):
        if other > own:
            drawn = uniform(ids, f"mask {cause}") < (other - own) / (1 - own)
            taken |= side & known & drawn
    return taken


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
