"""Noise of labels: what it costs to train on it, and what it hides when measured."""

from collections.abc import Sequence

import numpy as np

from models.hashing import uniform
from models.metrics import Labels


def flipped(labels: Labels, ids: Sequence[str], share: float) -> Labels:
    """Labels of which a share is turned round, drawn by account.

    Who is turned round at 5 % is at 10 % too, so that a curve shows more noise and not
    other noise.

    Args:
        labels: 1 or 0, shape (n,).
        ids: account ids in the same order.
        share: of the accounts, 0 to 1.
    """
    turned = uniform(ids, "label noise") < share
    return np.where(turned, 1 - labels, labels).astype(labels.dtype)


def measured_auc(auc: float, positives: int, negatives: int, share: float) -> float:
    """AUC that would be measured if a share of the evaluation's labels were wrong.

    Of a flawless model too: no figure above `measured_auc(1, ...)` could be believed.
    Errors are taken to hit both classes alike and to be no easier or harder accounts
    than others.

    Args:
        auc: with right labels.
        positives: number of accounts that are positive.
        negatives: of the others.
        share: of labels turned round.

    Source: expectation over pairs, as in Menon et al. 2015, "Learning from corrupted
    binary labels via class-probability estimation", section 3.
    """
    kept, turned = 1 - share, share
    right_high = positives * kept / (positives * kept + negatives * turned)
    right_low = negatives * kept / (negatives * kept + positives * turned)
    both = right_high * right_low
    neither = (1 - right_high) * (1 - right_low)
    return both * auc + neither * (1 - auc) + (1 - both - neither) / 2
