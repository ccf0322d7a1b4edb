"""Temper: how far a score is pulled towards the base rate for evidence that is withheld.

    log-odds = base rate + temper * (calibrated log-odds - base rate)

A booster that is asked without part of the evidence may be surer than it should be. One
factor a state mends the harm of it: above 0, so that the order of the accounts in the
state stays and contributions still add up; at most 1, so that no score comes to lie
further from the base rate for what is not known.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from models.evidence import STATES, Bools


def tempers_of(withheld: Mapping[str, float], states: Bools) -> NDArray[np.float64]:
    """Temper of each account, shape (n_accounts,); 1 in no such state.

    Args:
        withheld: evidence state -> its temper.
        states: from models.evidence, shape (n_accounts, len(STATES)).
    """
    factors = np.ones(len(states))
    for state, temper in withheld.items():
        inside = states[:, STATES.index(state)]
        factors = np.where(inside, temper * factors, factors)
    return factors
