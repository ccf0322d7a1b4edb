"""Draws: what a few things drawn from a mix would hold, whatever its size.

Of how often a kind occurs, and among how many things: arrays of whole numbers, of one
shape. With fewer things than are drawn nothing is found.
"""

from math import comb, log

import numpy as np
from numpy.typing import NDArray

from features.corrections import DRAWS

Floats = NDArray[np.float64]


def unseen(count: Floats, things: Floats) -> Floats:
    """Chance that a kind is not among the draws, without putting back.

    An array: as an expression it would be sixty steps deep, and Polars looks through all
    that lies below each step.
    """
    missed, drawn = np.ones_like(things), np.ones_like(things)
    for step in range(DRAWS):
        # Past its zero a factor is negative, after one that is exactly zero.
        missed *= things - count - step
        drawn *= things - step
    enough = things >= DRAWS
    return np.divide(missed, drawn, out=np.ones_like(things), where=enough)


def repeated(count: Floats, things: Floats) -> Floats:
    """Mean of k ln k over the draws, where k of them are of the kind."""
    # Ordered ways to draw so many of the kind, of the others, of all.
    inside, outside = [np.ones_like(things)], [np.ones_like(things)]
    drawn, logs = np.ones_like(things), np.zeros_like(things)
    for step in range(DRAWS):
        inside.append(inside[-1] * (count - step))
        outside.append(outside[-1] * (things - count - step))
        drawn *= things - step
    for k in range(2, DRAWS + 1):
        logs += comb(DRAWS, k) * k * log(k) * inside[k] * outside[DRAWS - k]
    enough = things >= DRAWS
    return np.divide(logs, drawn, out=np.zeros_like(things), where=enough)
