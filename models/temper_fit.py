"""Fitting a temper on rows that no booster saw, as they are and with evidence withheld."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.calibrator import Calibrator, logit
from models.digits import rounded
from models.metrics import FPR, threshold_at_fpr

Floats = NDArray[np.float64]

# A hair less, so that what comes to lie on the line does not round over it: more than
# the digits that are cut off.
_BELOW: Final = 1 - 1e-8


def fit_temper(
    raw_scores: Floats, again: Floats, labels: NDArray[np.int8], line: Calibrator
) -> float:
    """Largest factor up to 1 at which no more controls are flagged than aimed at.

    At the line that flags 1 % of the controls as they are. The controls flagged and not
    the log loss decide: a factor alone cannot mend both, and the likeliest one still
    flagged nearly twice as many of an unseen operator as aimed at (docs/experiments.md).

    Args:
        raw_scores: of rows that the boosters did not see, shape (n_accounts,).
        again: the same with evidence withheld, NaN where a row has none to withhold.
        labels: 1 or 0.
        line: the pooled calibrator of these rows.

    Returns:
        1 where controls are too few for a line, too.
    """
    controls = labels == 0
    known = threshold_at_fpr(line.logits(raw_scores[controls]), FPR)
    withheld = line.logits(again[controls & ~np.isnan(again)])
    left = threshold_at_fpr(withheld, FPR)
    base = float(logit(line.anchor))
    # A line below the base rate: what is pulled there is flagged the more.
    if known is None or left is None or left <= known or known <= base:
        return 1.0
    return rounded((known - base) / (left - base) * _BELOW)
