"""Permutation: what a score loses if some columns are dealt out anew among accounts.

A column then says as much as before of the accounts together and nothing of any one of
them. Columns that say the same stand in for one another: alone, each loses little.

Source: Breiman, "Random Forests", Machine Learning 45 (2001) 5, section 10; on data that
the model has not seen, as Fisher, Rudin and Dominici, JMLR 20 (2019) 177.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from models.hashing import uniform
from models.matrix import Matrix
from models.metrics import FPR, recall_at_fpr
from models.training import Floats, Labels
from models.tuning import balanced_precision

Order = NDArray[np.int64]

# What is lost is told in these, in this order; all of them see the order of accounts
# alone, which no calibrator changes.
LOSSES: Final = ("average_precision", "auc", "recall_at_fpr_0.01")


def deal(ids: Sequence[str], purpose: str, times: int) -> list[Order]:
    """Orders of the accounts, each shape (n_accounts,); they depend on the ids alone."""
    return [
        np.argsort(uniform(ids, f"{purpose} {n}"), kind="stable") for n in range(times)
    ]


def told(scores: Floats, labels: Labels) -> Floats:
    """The figures of LOSSES, shape (3,); NaN where there are too few controls.

    Average precision with both classes weighing alike, so that 0.5 is chance whatever
    the archive's mix.
    """
    recall = recall_at_fpr(scores, labels, FPR).value
    return np.array(
        [
            balanced_precision(scores, labels),
            roc_auc_score(labels, scores),
            np.nan if recall is None else recall,
        ]
    )


def losses(
    score: Callable[[Matrix], Floats],
    matrix: Matrix,
    labels: Labels,
    groups: Mapping[str, Sequence[int]],
    orders: Sequence[Order],
) -> dict[str, Floats]:
    """What is lost without each group, shape (n_orders, 3): below 0 if it misled.

    Missing values are dealt out with the others, the columns of a group together.

    Args:
        score: scores of a matrix.
        matrix: of accounts that it was not made from, shape (n_accounts, n_features).
        labels: 1 or 0, both present.
        groups: name -> columns.
        orders: of the accounts.
    """
    whole = told(score(matrix), labels)
    found = {}
    dealt = matrix.copy()
    for name, columns in groups.items():
        rows = []
        for order in orders:
            dealt[:, columns] = matrix[:, columns][order]
            rows.append(whole - told(score(dealt), labels))
        dealt[:, columns] = matrix[:, columns]
        found[name] = np.array(rows)
    return found
