"""Evidence withheld: accounts as they would be known if they lacked a part of it.

An archive whose accounts all have a profile and posts cannot tell what a score is worth
without them. The same accounts can, scored again after the values are taken away.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.catalogue import FEATURES
from features.equalise import FROM_TEXT
from features.missing import of_posts
from features.totals import lineage
from models.evidence import STATES, evidence_states
from models.matrix import Matrix

_NO_POSTS: Final = STATES[0]
_NO_TIMES: Final = "without times"
_TEXTS: Final = "without profile and times"
_OF_POSTS: Final = np.array([feature.table != "accounts" for feature in FEATURES])
_OF_TIMES: Final = np.array(
    [
        of_posts(feature)
        and (feature.counted == "dated" or "posted_at" in lineage(feature.inputs()))
        for feature in FEATURES
    ]
)
# What a text says by itself: that it is passed on, its links, names and hashtags too.
_TEXT: Final = frozenset({"account_id", "text", "kind", *FROM_TEXT})
_BEYOND_TEXTS: Final = _OF_TIMES | np.array(
    [
        not of_posts(feature) or not lineage(feature.inputs()) <= _TEXT
        for feature in FEATURES
    ]
)
_FAMILY_OF: Final = np.array([feature.family for feature in FEATURES])

# What can be withheld: all posts, their times, a family, or all but texts. A band of
# posts that lies above 0 cannot: no value tells what it was after fewer of them.
WITHHELD: Final = (_NO_POSTS, *(s for s in STATES if s.startswith("without ")))


def withhold(
    state: str, matrix: Matrix, n_posts: NDArray[np.int64]
) -> tuple[Matrix, NDArray[np.bool_]]:
    """Feature values as they would be in one of WITHHELD, and which rows are in it then.

    Rows that have nothing to withhold, or that would not come into the state, are not
    among them. Without times a share among reposts is null, though it is 0 for an account
    that has no reposts: no value tells those apart.

    Args:
        state: one of WITHHELD.
        matrix: feature values, shape (n_accounts, n_features).
        n_posts: posts of each account that count.
    """
    families = state.removeprefix("without ") == _FAMILY_OF
    columns = {
        _NO_POSTS: _OF_POSTS,
        _NO_TIMES: _OF_TIMES,
        _TEXTS: _BEYOND_TEXTS,
    }.get(state, families)
    left = matrix.copy()
    left[:, columns] = np.nan
    posts = np.zeros_like(n_posts) if state == _NO_POSTS else n_posts
    place = STATES.index(state)
    before = evidence_states(matrix, n_posts)[:, place]
    return left, evidence_states(left, posts)[:, place] & ~before
