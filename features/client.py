"""Client: the applications that an account posts with."""

from functools import partial
from typing import Final

import polars as pl

from features.feature import Feature

_client = partial(
    Feature,
    group="client",
    family="clients",
    table="posts",
    missing="Fewer than five posts whose client the platform tells.",
    counted="signed",
    reasons=("field_absent", "too_few_posts"),
    min_posts=5,
    cost=1,
)

_CLIENT: Final = pl.col("client").drop_nulls()
_KNOWN: Final = pl.col("client").count().cast(pl.Float64)
_COUNTS: Final = _CLIENT.unique_counts().cast(pl.Int64)

CLIENT: Final = (
    _client(
        name="client_top_share",
        expr=_COUNTS.max() / _KNOWN,
        # The first by name if several are used as often.
        evidence=pl.col("client") == _CLIENT.mode().min(),
        unit="share",
        range=(0, 1),
        direction=1,
        label="Use of one application",
        description="Share of posts made with the application used most.",
        limitation="Most people own one phone.",
    ),
    _client(
        name="client_mix_share",
        expr=1 - (_COUNTS * (_COUNTS - 1)).sum() / (_KNOWN * (_KNOWN - 1)),
        unit="share",
        range=(0, 1),
        direction=0,
        label="Mix of applications",
        description="Chance that two posts drawn at random come from different "
        "applications.",
        limitation="Newsrooms and shared accounts mix many.",
    ),
)
