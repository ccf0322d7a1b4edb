"""Corrections for small samples: figures of a mix that do not count the posts.

Row-wise expressions on the totals of a mix (features.mixes), named by the mix. Where
there is no value they are null or not finite, which build_features makes null.
"""

import polars as pl

from features.mixes import DRAWS, UNIT


def entropy(mix: str) -> pl.Expr:
    """Entropy in nats, corrected.

    Can pass the logarithm of the number of possible kinds by (kinds - 1) / (2 n).

    Source: Miller 1955, the bias of the plain estimate is -(kinds - 1) / (2 n).
    """
    count = pl.col(f"{mix}_count")
    total = (count * count.clip(1).log() * UNIT).round().cast(pl.Int64)
    plain = (total - pl.col(f"{mix}_logs")) / (count * UNIT)
    return plain + (pl.col(f"{mix}_kinds") - 1) / (2 * count)


def repeat_chance(mix: str, fewest: int = 2) -> pl.Expr:
    """Chance that two things, drawn without putting back, are of one kind.

    Unbiased for any number of things. None for fewer than the fewest.

    Source: Simpson, Nature 163 (1949).
    """
    count = pl.col(f"{mix}_count")
    return pl.when(count >= fewest).then(pl.col(f"{mix}_pairs") / (count * (count - 1)))


def distinct_share(mix: str) -> pl.Expr:
    """Different kinds expected in ten draws, as a share of the draws.

    Unbiased for any number of things. None for fewer than ten.

    Source: Hurlbert, Ecology 52 (1971), equation 14 (rarefaction).
    """
    return pl.when(pl.col(f"{mix}_count") >= DRAWS).then(
        pl.col(f"{mix}_distinct") / (DRAWS * UNIT)
    )


def change(mix: str, fewest: int) -> pl.Expr:
    """How the mix changed at the longest silence: 0 not at all, 1 nothing in common.

    One minus the overlap of both sides, which unlike a plain cosine or divergence
    hardly depends on how many things there are; below 0 by chance where nothing
    changed. None for fewer things than the fewest on a side, and if no kind occurs
    twice on either side.

    Source: Morisita, Memoirs of the Faculty of Science, Kyushu University E 3 (1959).
    """
    before, after = (pl.col(f"{mix}_{side}") for side in ("before", "after"))
    same_before = pl.col(f"{mix}_pairs_before") / (before * (before - 1))
    same_after = pl.col(f"{mix}_pairs_after") / (after * (after - 1))
    across = pl.col(f"{mix}_pairs_across") / (before * after)
    enough = pl.min_horizontal(before, after) >= fewest
    return pl.when(enough).then(1 - 2 * across / (same_before + same_after))
