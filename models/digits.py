"""How many digits of a fitted number are kept: those that every processor agrees on.

Exponentials, logarithms and sums take other instructions on another processor, and the
last of some sixteen digits with them. What is fitted would carry that into every score.
"""


def rounded(value: float) -> float:
    """The value to nine significant digits."""
    return float(f"{value:.9g}")
