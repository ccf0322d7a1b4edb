"""Link: where own posts lead, as a habit and never as a place.

Shares are of all posts, so that an account without links has the value zero; entropy
alone is of the links. Where shorteners or the platform's own wrapper hide more than a
tenth of the websites, the others say nothing about the account.
"""

from functools import partial
from math import log
from typing import Final

import polars as pl

from features.corrections import DRAWS
from features.feature import Feature

_link = partial(
    Feature,
    group="link",
    family="content",
    table="totals",
    among=pl.col("own"),
    unit="share",
    range=(0, 1),
    direction=1,
    missing="Fewer than ten posts are known, or their texts and links are not.",
    reasons=("field_absent", "too_few_posts"),
    min_posts=10,
    cost=1,
)

_POSTS: Final = pl.col("posts")
_HOST: Final = pl.col("host")
_HOSTS: Final = pl.col("hosts_count")
_TELLS: Final = 9 * pl.col("hidden_total") <= _HOSTS
_of_hosts = partial(
    _link,
    missing="Fewer than ten posts are known, or their texts and links are not, or "
    "shorteners or the platform's own wrapper hide where more than a tenth of the links "
    "lead.",
)

LINK: Final = (
    _of_hosts(
        name="link_host_repeat_chance",
        expr=pl.when(_TELLS).then(pl.col("hosts_pairs") / (_POSTS * (_POSTS - 1))),
        evidence=_HOST.is_not_null() & _HOST.is_duplicated(),
        unit="chance",
        label="Returning to the same website",
        description="Chance that two posts drawn at random are the account's own and "
        "link to the same website.",
        limitation="Newsrooms and shops link to themselves; who shortens some links is "
        "seen by the others.",
    ),
    _of_hosts(
        name="link_top_host_share",
        expr=pl.when(_TELLS).then(pl.col("hosts_most") / _POSTS),
        # The first by name if several are linked as often.
        evidence=_HOST.eq(_HOST.drop_nulls().mode().min()),
        label="Links to one website",
        description="Share of posts that are the account's own and link to the one "
        "website linked most.",
        limitation="Newsrooms and shops link to themselves.",
    ),
    _link(
        name="link_shortened_share",
        expr=pl.col("shortened_total") / _POSTS,
        evidence=pl.col("shortened"),
        label="Shortened links",
        description="Share of posts that are the account's own and link through a "
        "public link shortener.",
        limitation="Newsrooms count readers that way; fashions changed over the years.",
    ),
    _link(
        name="link_bare_share",
        expr=pl.col("bare_total") / _POSTS,
        evidence=pl.col("bare"),
        label="Links with hardly a word",
        description="Share of posts that are the account's own and hold a link and "
        "fewer than three words.",
        limitation="People share photographs without words; in scripts without spaces a "
        "whole sentence counts as one word.",
    ),
    _link(
        name="link_host_entropy",
        expr=pl.when(_TELLS).then(pl.col("hosts_drawn_entropy") / log(DRAWS)),
        evidence=_HOST.is_not_null(),
        unit="ratio",
        direction=-1,
        label="Variety of websites",
        description="Entropy of the websites among ten own posts with a link, drawn at "
        "random: 0 always the same one, 1 always different ones.",
        limitation="Newsrooms and shops link to themselves; subdomains of a host of "
        "blogs count as different websites.",
        missing="Fewer than ten own posts with a link that tells the website, or "
        "shorteners or the platform's own wrapper hide where more than a tenth of the "
        "links lead.",
        reasons=("field_absent", "too_few_posts", "undefined"),
        source="Hurlbert, Ecology 52 (1971) (rarefaction), of the entropy",
    ),
)
