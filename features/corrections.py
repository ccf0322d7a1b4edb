"""Corrections for small samples: figures of a mix that do not count the posts.

Row-wise expressions on the sums of a mix (features.mixes). Where there is no value they
are null or not finite, which build_features makes null.
"""

from math import log
from typing import Final

import polars as pl

# Logarithms and chances as whole thousand-millionths: integer sums are exact.
UNIT: Final = 1_000_000_000
# Things drawn where different kinds are counted.
DRAWS: Final = 10
# Things on each side of a silence without which a difference is chance.
FEWEST: Final = 10

_COUNT: Final = pl.col("count")


def scaled_log(count: pl.Expr) -> pl.Expr:
    """Count times its natural logarithm, in whole thousand-millionths; 0 for 0."""
    return (count * count.clip(1).log() * UNIT).round().cast(pl.Int64)


def entropy() -> pl.Expr:
    """Entropy in nats, corrected.

    Can pass the logarithm of the number of possible kinds by (kinds - 1) / (2 n).

    Source: Miller 1955, the bias of the plain estimate is -(kinds - 1) / (2 n).
    """
    plain = (scaled_log(_COUNT) - pl.col("logs")) / (_COUNT * UNIT)
    return plain + (pl.col("kinds") - 1) / (2 * _COUNT)


def repeat_chance() -> pl.Expr:
    """Chance that two things, drawn without putting back, are of one kind.

    Unbiased for any number of things. None for fewer than two.

    Source: Simpson, Nature 163 (1949).
    """
    return pl.col("pairs") / (_COUNT * (_COUNT - 1))


def distinct_share() -> pl.Expr:
    """Different kinds expected in ten draws, as a share of the draws.

    Unbiased for any number of things. None for fewer than ten.

    Source: Hurlbert, Ecology 52 (1971), equation 14 (rarefaction).
    """
    return pl.when(_COUNT >= DRAWS).then(pl.col("seen") / (DRAWS * UNIT))


def drawn_entropy() -> pl.Expr:
    """Entropy in nats expected of ten draws, of one number however many things there are.

    Unbiased for any number of things; the plain entropy of many rare kinds follows their
    number even when corrected. None for fewer than ten.

    Source: the rarefaction of Hurlbert, Ecology 52 (1971), taken of the entropy.
    """
    whole = log(DRAWS) - pl.col("repeated_logs") / (DRAWS * UNIT)
    # Rounding may leave a hair below nothing.
    return pl.when(_COUNT >= DRAWS).then(whole.clip(0))


def change() -> pl.Expr:
    """How the mix changed at the longest silence: 0 not at all, 1 nothing in common.

    One minus the overlap of both sides, which unlike a plain cosine or divergence
    hardly depends on how many things there are; below 0 by chance where nothing
    changed. None for fewer than ten things on a side, and if no kind occurs twice on
    either side.

    Source: Morisita, Memoirs of the Faculty of Science, Kyushu University E 3 (1959).
    """
    before, after = pl.col("before"), pl.col("after")
    same_before = pl.col("pairs_before") / (before * (before - 1))
    same_after = pl.col("pairs_after") / (after * (after - 1))
    across = pl.col("pairs_across") / (before * after)
    enough = pl.min_horizontal(before, after) >= FEWEST
    return pl.when(enough).then(1 - 2 * across / (same_before + same_after))
