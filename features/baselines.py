"""Feature sets of the baselines that every model is measured against."""

from functools import partial
from typing import Final

import polars as pl

from features.audience import AUDIENCE
from features.feature import Feature
from features.name import NAME
from features.profile import PROFILE

_BY_NAME: Final = {f.name: f for f in (*PROFILE, *AUDIENCE, *NAME)}

_sgbot = partial(
    Feature,
    group="sgbot",
    family="profile",
    table="accounts",
    range=(0, None),
    direction=0,
    label="",
    description="A column of the SGBot baseline that our own features do not have.",
    limitation="",
    missing="Not given.",
    reasons=("field_hashed", "field_absent"),
    cost=1,
    source="Yang et al., AAAI 2020 (SGBot)",
)

# Five counts, their five rates per day, follower ratio, lengths and digit counts of
# name and handle, bio length, likelihood of the handle's bigrams. A tree does not mind
# that ours are logarithms. Of the published twenty, the verified mark, the default
# profile and the background image are left out.
SGBOT_17: Final[tuple[Feature, ...]] = (
    *(
        _BY_NAME[name]
        for name in (
            "profile_followers_log",
            "profile_following_log",
            "profile_posts_log",
            "profile_likes_log",
            "profile_listed_log",
            "audience_followers_per_day",
            "audience_following_per_day",
            "audience_posts_per_day",
            "audience_listed_per_day",
        )
    ),
    _sgbot(
        name="sgbot_likes_per_day",
        expr=pl.when(pl.col("age_days").is_not_null()).then(
            pl.col("likes_total") / pl.max_horizontal("age_days", pl.lit(1))
        ),
        reasons=("field_absent", "undefined"),
        unit="likes a day",
    ),
    _BY_NAME["audience_ratio_log"],
    _BY_NAME["name_display_length"],
    _BY_NAME["name_handle_length"],
    _BY_NAME["name_display_digit_count"],
    _sgbot(
        name="sgbot_handle_digit_count",
        expr=pl.col("handle").str.count_matches(r"\p{Nd}"),
        unit="digits",
    ),
    _BY_NAME["profile_bio_length"],
    _BY_NAME["name_handle_bigram_loglik"],
)

_text = partial(
    Feature,
    group="text",
    family="content",
    table="posts",
    range=(0, None),
    direction=0,
    label="",
    description="A column of the six-counts baseline for texts.",
    limitation="",
    missing="No post with text.",
    reasons=("field_absent", "too_few_posts", "undefined"),
    min_posts=1,
    cost=0,
)

# Six counts of the texts, each a mean over the account's posts.
TEXT_6: Final[tuple[Feature, ...]] = tuple(
    _text(
        name=f"text_{measure}_mean",
        expr=pl.col(measure).sum() / pl.col(measure).count(),
        unit="a post",
    )
    for measure in (
        "length",
        "word_count",
        "link_count",
        "mention_count",
        "hashtag_count",
        "marks",
    )
)
