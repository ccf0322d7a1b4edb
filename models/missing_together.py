"""Values that are missing together: what the gaps of unseen accounts lend to a model.

One by one, values are missing alike in both classes. Which of them are missing together
may still be the shadow of how accounts were collected, and a booster could read it. Two
figures of the very booster that is judged, on accounts that it never saw, say whether:

    alone = AUC where nothing but the gaps is left: known values are dealt out anew among
            all accounts, feature by feature, and scores averaged over the deals
    lent  = AUC where each account also lacks what another of its own class lacks
          - AUC where it lacks what another of the other class lacks

Both sides of `lent` take as much away, but after the second the gaps of both classes are
alike. A value that is missing where another one is high is told by neither.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from models.evaluation import Rules, operator_interval, rounded
from models.matrix import Matrix

Labels = NDArray[np.int8]
Scores = Callable[[Matrix], NDArray[np.float64]]


@dataclass(frozen=True)
class Gaps:
    """What gaps tell of one fold.

    Attributes:
        alone: AUC of the scores of gaps alone.
        own: AUC where accounts also lack what others of their class lack.
        other: AUC where they lack what others of the other class lack.
    """

    alone: float
    own: float
    other: float

    @property
    def lent(self) -> float:
        """AUC that the model has by gaps which differ between the classes."""
        return self.own - self.other


def gaps_of_fold(
    scores: Scores, matrix: Matrix, labels: Labels, deals: int, seed: int
) -> Gaps:
    """What the gaps of unseen accounts tell this model, as a mean over deals.

    Args:
        scores: of a matrix, shape (n_accounts,).
        matrix: NaN where a value is missing, shape (n_accounts, n_features).
        labels: 1 or 0, both present.
        deals: of values, and of accounts whose gaps are taken over.
        seed: of the deals.
    """
    generator = np.random.default_rng(seed)
    gaps = np.isnan(matrix)
    sides = [np.flatnonzero(labels == label) for label in (0, 1)]
    left = np.zeros(len(labels))
    found: dict[str, list[float]] = {"own": [], "other": []}
    for _ in range(deals):
        left += scores(_dealt(matrix, gaps, generator))
        for name, turned in (("own", 0), ("other", 1)):
            drawn = [generator.choice(side, len(labels)) for side in sides]
            partner = np.where(labels ^ turned, drawn[1], drawn[0])
            thinned = np.where(gaps[partner], np.float32(np.nan), matrix)
            found[name].append(float(roc_auc_score(labels, scores(thinned))))
    means = {name: float(np.mean(aucs)) for name, aucs in found.items()}
    return Gaps(alone=float(roc_auc_score(labels, left)), **means)


def _dealt(
    matrix: Matrix, gaps: NDArray[np.bool_], generator: np.random.Generator
) -> Matrix:
    """Every known value in the place of another of its column; gaps stay."""
    dealt = matrix.copy()
    for column in range(matrix.shape[1]):
        known = np.flatnonzero(~gaps[:, column])
        dealt[known, column] = matrix[generator.permutation(known), column]
    return dealt


def together_block(folds: Mapping[str, Gaps | None], rules: Rules) -> dict[str, Any]:
    """The block `audit.missing_together` of metrics.json.

    Args:
        folds: fold, which is an operator -> what gaps tell there, null for too few
            accounts.
        rules: draws, confidence and seed of the interval over operators.

    Returns:
        lent and alone, each the mean over folds with its interval, null with the reason
        where fewer than two folds have accounts enough; folds: both of each, and own and
        other.
    """
    known = [gaps for gaps in folds.values() if gaps is not None]
    block: dict[str, Any] = {
        name: _over([getattr(gaps, name) for gaps in known], rules)
        for name in ("lent", "alone")
    }
    if len(known) < 2:
        block["reason"] = "fewer than two folds have accounts enough"
    empty = dict.fromkeys(("alone", "own", "other", "lent"))
    block["folds"] = {
        name: empty
        if gaps is None
        else {
            key: rounded(value)
            for key, value in (asdict(gaps) | {"lent": gaps.lent}).items()
        }
        for name, gaps in folds.items()
    }
    return block


def _over(values: list[float], rules: Rules) -> dict[str, float | None]:
    low, high = operator_interval([[value] for value in values], rules)
    mean = float(np.mean(values)) if values else None
    return {"mean": rounded(mean), "ci_low": rounded(low), "ci_high": rounded(high)}
