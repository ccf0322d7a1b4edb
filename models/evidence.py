"""Evidence states: how much is known of an account when it is judged."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.catalogue import FEATURES
from features.feature import FAMILIES
from models.bands import BANDS, band_name
from models.matrix import Matrix

Bools = NDArray[np.bool_]

# From this number of posts on, a family without a value is a gap of its own; below, the
# band of posts says it already.
_ENOUGH: Final = 5

_FAMILY_OF: Final = np.array([feature.family for feature in FEATURES])
_FAMILIES: Final = tuple(f for f in FAMILIES if f in set(_FAMILY_OF))
_COLUMNS: Final = tuple(family == _FAMILY_OF for family in _FAMILIES)

# The band of posts, of which each account has one; then what is missing beside.
STATES: Final = (
    *(f"posts {band_name(low, high)}" for low, high in BANDS),
    *(f"without {family}" for family in _FAMILIES),
)


def evidence_states(matrix: Matrix, n_posts: NDArray[np.int64]) -> Bools:
    """Which of STATES each account is in, shape (n_accounts, len(STATES)).

    Args:
        matrix: feature values, shape (n_accounts, n_features).
        n_posts: posts of each account that count.
    """
    known = ~np.isnan(matrix)
    states = [
        (n_posts >= low) & (n_posts <= (np.inf if high is None else high))
        for low, high in BANDS
    ]
    for family, columns in zip(_FAMILIES, _COLUMNS, strict=True):
        absent = ~known[:, columns].any(axis=1)
        # The profile does not come with the posts.
        states.append(absent & ((n_posts >= _ENOUGH) | (family == "profile")))
    return np.stack(states, axis=1)
