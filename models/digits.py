"""How many digits of a fitted number are kept: those that every processor agrees on.

Exponentials, logarithms and sums take other instructions on another processor, and the
last of some sixteen digits with them. What is fitted would carry that into every score.
"""

import math


def rounded(value: float) -> float:
    """The value to nine significant digits."""
    return float(f"{value:.9g}")


def rounded_down(share: float) -> float:
    """A share of 0 to 1 to nine decimals, never more than it was."""
    return math.floor(share * 1e9) / 1e9
