"""Profile: what the account says of itself and how large it has become."""

from functools import partial
from typing import Final

import polars as pl

from features.equalise import FROM_TEXT
from features.feature import Feature
from features.hosts import is_shortener

_profile = partial(
    Feature,
    group="profile",
    family="profile",
    table="accounts",
    reasons=("field_absent",),
)


def _log_count(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.Float64).log1p()


# Logarithm of the largest count that the tables can hold, rounded up.
LARGEST_LOG: Final = 44

_COUNT_LIMITATION: Final = (
    "Archives give the count when the account was removed, controls when it was read; "
    "counts can be bought."
)
_COUNT_MISSING: Final = "The archive or the caller did not give this count."

PROFILE: Final = (
    _profile(
        name="profile_followers_log",
        expr=_log_count("followers"),
        unit="ln(1 + followers)",
        range=(0, LARGEST_LOG),
        direction=-1,
        label="Followers",
        description="Number of followers, on a logarithmic scale.",
        limitation=_COUNT_LIMITATION,
        missing=_COUNT_MISSING,
        cost=1,
    ),
    _profile(
        name="profile_following_log",
        expr=_log_count("following"),
        unit="ln(1 + accounts)",
        range=(0, LARGEST_LOG),
        direction=0,
        label="Accounts followed",
        description="Number of accounts that this one follows, logarithmic.",
        limitation=_COUNT_LIMITATION,
        missing=_COUNT_MISSING,
        cost=1,
    ),
    _profile(
        name="profile_posts_log",
        expr=_log_count("posts_total"),
        unit="ln(1 + posts)",
        range=(0, LARGEST_LOG),
        direction=0,
        label="Posts in total",
        description="Number of posts that the platform counts, logarithmic.",
        limitation="Counts deleted activity on some platforms; newcomers have few.",
        missing=_COUNT_MISSING,
        cost=1,
    ),
    _profile(
        name="profile_likes_log",
        expr=_log_count("likes_total"),
        unit="ln(1 + likes)",
        range=(0, LARGEST_LOG),
        direction=-1,
        label="Likes given",
        description="Number of posts that this account liked, logarithmic.",
        limitation="Likes are cheap to automate; many people never use them.",
        missing=_COUNT_MISSING,
        cost=1,
    ),
    _profile(
        name="profile_listed_log",
        expr=_log_count("listed"),
        unit="ln(1 + lists)",
        range=(0, LARGEST_LOG),
        direction=-1,
        label="Lists it stands in",
        description="Number of other people's lists that hold it, logarithmic.",
        limitation="Most honest accounts stand in none.",
        missing=_COUNT_MISSING,
        cost=2,
    ),
    _profile(
        name="profile_age_log_days",
        expr=pl.col("age_days").cast(pl.Float64).log1p(),
        unit="ln(1 + days)",
        range=(0, 16),
        direction=-1,
        label="Age of the account",
        description="Days from creation to the moment of judging, logarithmic.",
        limitation="Every honest account was new once; old accounts are sold.",
        missing="The creation date was not given or lies after the moment of judging.",
        reasons=("field_absent", "undefined"),
        cost=3,
    ),
    _profile(
        name="profile_completeness_share",
        expr=pl.mean_horizontal(
            *(
                (pl.col(column).str.len_chars() > 0).cast(pl.Float64)
                for column in ("bio", "location", "url")
            ),
            pl.col("default_image").not_().cast(pl.Float64),
        ),
        unit="share",
        range=(0, 1),
        direction=-1,
        label="Profile filled in",
        description="Share of bio, place, link and own picture that are present, over "
        "those that the source gives at all.",
        limitation="Honest newcomers often leave the profile empty.",
        missing="None of these fields was given.",
        cost=0,
    ),
    _profile(
        name="profile_bio_length",
        expr=pl.col("bio").str.normalize("NFC").str.len_chars(),
        unit="characters",
        range=(0, None),
        direction=0,
        label="Length of the bio",
        description="Number of characters of the self-description.",
        limitation="Scripts differ in how much a character says.",
        missing="The bio was not given; an empty bio counts as 0.",
        cost=0,
    ),
    _profile(
        name="profile_bio_link_count",
        expr=pl.col("bio").str.count_matches(FROM_TEXT["links"]),
        unit="links",
        range=(0, None),
        direction=0,
        label="Links in the bio",
        description="Number of links in the self-description.",
        limitation="Ordinary for businesses and journalists.",
        missing="The bio was not given.",
        cost=0,
    ),
    _profile(
        name="profile_bio_hashtag_count",
        expr=pl.col("bio").str.count_matches(FROM_TEXT["hashtags"]),
        unit="hashtags",
        range=(0, None),
        direction=0,
        label="Hashtags in the bio",
        description="Number of hashtags in the self-description.",
        limitation="Ordinary among fans and activists.",
        missing="The bio was not given.",
        cost=0,
    ),
    *(
        _profile(
            name=f"profile_has_{column}",
            expr=pl.col(column).str.len_chars() > 0,
            dtype=pl.Boolean(),
            unit="yes or no",
            range=(0, 1),
            direction=-1,
            label=f"Gives a {what}",
            description=f"The profile gives a {what}.",
            limitation="Many honest people leave it empty.",
            missing="The archive or the caller did not give the field.",
            cost=0,
        )
        for column, what in (("bio", "bio"), ("location", "place"), ("url", "link"))
    ),
    _profile(
        name="profile_url_is_shortened",
        expr=is_shortener(pl.col("url")),
        dtype=pl.Boolean(),
        unit="yes or no",
        range=(0, 1),
        direction=1,
        label="Shortened link in the profile",
        description="The link of the profile leads through a public link shortener.",
        limitation="Small firms count their visitors that way.",
        missing="The link was not given, is empty, or names no website.",
        reasons=("field_absent", "undefined"),
        cost=0,
    ),
    _profile(
        name="profile_has_default_image",
        expr=pl.col("default_image"),
        dtype=pl.Boolean(),
        unit="yes or no",
        range=(0, 1),
        direction=1,
        label="Default picture",
        description="The account shows the platform's default picture.",
        limitation="Many honest newcomers do; pictures can be stolen or generated.",
        missing="The archive or the caller did not say.",
        cost=0,
    ),
)
