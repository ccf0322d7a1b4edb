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

# Of these nothing is known where posts bear no times. Which they do or do not together:
# one state, and not two of which each is judged as if the other were known.
_TIMED: Final = np.isin(_FAMILIES, ("timing", "life cycle"))
_PROFILE: Final = _FAMILIES.index("profile")

# The band of posts, of which each account has one; then what is missing beside.
STATES: Final = (
    *(f"posts {band_name(low, high)}" for low, high in BANDS),
    *(f"without {family}" for family in _FAMILIES),
    "without times",
    "without profile and times",
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
    absent = np.stack([~known[:, columns].any(axis=1) for columns in _COLUMNS], axis=1)
    enough = n_posts >= _ENOUGH
    untimed: Bools = np.asarray(absent[:, _TIMED].all(axis=1))
    absent &= ~(untimed[:, np.newaxis] & _TIMED)
    # Texts are all that is left: again one state, and not two.
    bare: Bools = untimed & absent[:, _PROFILE] & enough
    absent[:, _PROFILE] &= ~bare
    for family, gone in zip(_FAMILIES, absent.T, strict=True):
        # The profile does not come with the posts.
        states.append(gone & (enough | (family == "profile")))
    states += [untimed & enough & ~bare, bare]
    return np.stack(states, axis=1)
