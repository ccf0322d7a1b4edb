"""Bands of posts in which accounts are compared with one another."""

from typing import Final

# First and last number of posts of each band (evaluation.md, section 10).
BANDS: Final[tuple[tuple[int, int | None], ...]] = (
    (0, 0),
    (1, 4),
    (5, 19),
    (20, 99),
    (100, None),
)


def band_name(low: int, high: int | None) -> str:
    """Name of a band, as in a bundle's quantiles: `0`, `1-4`, `100+`."""
    if high is None:
        return f"{low}+"
    return str(low) if low == high else f"{low}-{high}"


def band_of(posts: int) -> str:
    """Name of the band that a number of posts falls into."""
    for low, high in BANDS:
        if high is None or posts <= high:
            return band_name(low, high)
    raise AssertionError("the last band is open")
