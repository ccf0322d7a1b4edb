"""Client: the applications that an account posts with."""

from functools import partial
from typing import Final

import polars as pl

from features.clientele import UNIT
from features.feature import Feature

_client = partial(
    Feature,
    group="client",
    family="clients",
    table="totals",
    missing="Fewer than five posts whose client the platform tells, or more than a "
    "tenth whose client it does not.",
    among=pl.col("kind").is_not_null(),
    counted="signed",
    reasons=("field_absent", "too_few_posts"),
    min_posts=5,
    cost=1,
)

_KNOWN: Final = pl.col("clients_count")

_listed = partial(_client, unit="share", range=(0, 1))

CLIENT: Final = (
    _client(
        name="client_top_share",
        expr=pl.col("clients_most") / _KNOWN,
        # The first by name if several are used as often.
        evidence=pl.col("client") == pl.col("client").drop_nulls().mode().min(),
        unit="share",
        range=(0, 1),
        direction=1,
        label="Use of one application",
        description="Share of posts made with the application used most.",
        limitation="Most people own one phone.",
    ),
    _client(
        name="client_mix_share",
        expr=1 - pl.col("clients_repeat"),
        # All but those of the usual one: without these there is no mix.
        evidence=pl.col("client") != pl.col("client").drop_nulls().mode().min(),
        unit="share",
        range=(0, 1),
        direction=0,
        label="Mix of applications",
        description="Chance that two posts drawn at random come from different "
        "applications.",
        limitation="Newsrooms and shared accounts mix many.",
    ),
    _client(
        name="client_distinct_share",
        expr=pl.col("clients_distinct"),
        # The first of each.
        evidence=pl.col("client").is_first_distinct() & pl.col("client").is_not_null(),
        unit="share",
        range=(0.1, 1),
        direction=0,
        label="Number of applications",
        description="Different applications expected among ten posts drawn at random, "
        "as a share of ten.",
        missing="Fewer than ten posts whose client the platform tells, or more than a "
        "tenth whose client it does not.",
        min_posts=10,
        limitation="Newsrooms and shared accounts use many.",
        source="Hurlbert 1971 (rarefaction)",
    ),
    _listed(
        name="client_official_share",
        expr=pl.col("official_total") / _KNOWN,
        evidence=pl.col("official"),
        direction=-1,
        label="Posts from the platform's own applications",
        description="Share of posts made with an application of the platform itself, "
        "by a short list of names.",
        limitation="The list knows one platform; elsewhere the value is zero.",
    ),
    _listed(
        name="client_scheduler_share",
        expr=pl.col("scheduled_total") / _KNOWN,
        evidence=pl.col("scheduled"),
        direction=1,
        label="Posts from planning services",
        description="Share of posts made with a service for planning posts ahead, "
        "by a short list of names.",
        limitation="Honest firms and newsrooms plan their posts.",
    ),
    _listed(
        name="client_automaton_share",
        expr=pl.col("automatic_total") / _KNOWN,
        evidence=pl.col("automatic"),
        direction=1,
        label="Posts from forwarding services",
        description="Share of posts made with a service that posts what happens elsewhere, "
        "by a short list of names.",
        limitation="Blogs and newsrooms announce their articles that way.",
    ),
    _client(
        name="client_imitation_share",
        expr=pl.col("imitating_total") / _KNOWN,
        evidence=pl.col("imitating"),
        unit="share",
        range=(0, 1),
        direction=1,
        label="Applications named almost like official ones",
        description="Share of posts made with an application whose name is not, but is "
        "like the name of an official one but for vowels, capitals, spaces, marks, digits and look-alike "
        "letters.",
        limitation="Platforms rename their applications, and the list may be old.",
        cost=0,
    ),
    _client(
        name="client_rarity",
        table="posts",
        expr=pl.col("client_rarity").sum() / pl.col("client_rarity").count() / UNIT,
        # What carries a mean: applications as rare as it, and rarer.
        evidence=pl.col("client_rarity") >= pl.col("client_rarity").mean(),
        unit="nats",
        range=(0, 25),
        direction=1,
        label="Rare applications",
        description="Mean over the posts of the negative logarithm of the share of "
        "training accounts that post with the same application.",
        limitation="High for anybody who writes an application, and where training "
        "saw another year or platform.",
        missing="No table was fitted, or fewer than five posts whose client the "
        "platform tells, or more than a tenth whose client it does not.",
        reasons=("artefact_absent", "field_absent", "too_few_posts", "undefined"),
        tier="F",
    ),
)
