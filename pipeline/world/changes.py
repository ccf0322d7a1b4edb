"""What became of accounts in the hands of their operator, by family of evidence.

Read off the accounts, before and after, and not off what a behaviour is meant to be:
beside its main job every network gives its accounts profiles of its own making, does
side jobs, and draws little attention. Topics do not count: no feature reads them.
"""

from typing import Final

import numpy as np
import polars as pl

from pipeline.world.keys import MINUTES_A_DAY, Flags, Floats
from pipeline.world.people import People
from pipeline.world.posts import Posts

# Moved so far, a post lies in another part of its account's life.
_FAR: Final = 30 * MINUTES_A_DAY
# Fields of a post that show as a family, beside its time.
_OF_POSTS: Final = {
    "amplification": ("kind", "author", "number", "wanted", "lag"),
    "clients": ("client",),
    "content": (
        *("key", "frame", "loose", "language", "domain", "tags"),
        *("copied", "noise", "credit"),
    ),
}
# How many posts it has is drawn for people and networks alike.
_OF_PROFILE: Final = ("created", "followers", "following", "filled", "bio")

Shares = dict[str, Floats]

CHANGED: Final = pl.Struct(
    {family: pl.Float64() for family in (*_OF_POSTS, "life cycle", "profile", "timing")}
)


def of_people(before: People, after: People) -> Shares:
    """What a cast changed in each account, 0 to 1.

    Of a profile all or nothing; of actions and attention the share that is lost.
    """
    mix = np.abs(after.mix - before.mix).sum(axis=1) / 2
    lost = 1 - after.attention / before.attention
    return {
        "profile": _differ(before, after, _OF_PROFILE).astype(np.float64),
        "amplification": np.maximum(mix, lost),
    }


def of_posts(before: Posts, after: Posts, accounts: int) -> Shares:
    """Share of each account's posts that are other ones; 0 for who has none."""
    posts = np.bincount(after.who, minlength=accounts)
    moved = np.abs(after.at - before.at)
    rows = {
        **{name: _differ(before, after, names) for name, names in _OF_POSTS.items()},
        "life cycle": moved >= _FAR,
        "timing": moved > 0,
    }
    return {
        family: np.bincount(after.who[which], minlength=accounts) / np.maximum(posts, 1)
        for family, which in rows.items()
    }


def together(people: Shares, posts: Shares) -> pl.Series:
    """The larger of both for each family, a struct CHANGED an account."""
    shares = posts | people
    shares["amplification"] = np.maximum(
        people["amplification"], posts["amplification"]
    )
    return pl.DataFrame(shares, schema=CHANGED.to_schema()).to_struct("changed")


def _differ(
    before: People | Posts, after: People | Posts, fields: tuple[str, ...]
) -> Flags:
    found: Flags = np.any(
        [getattr(before, field) != getattr(after, field) for field in fields], axis=0
    )
    return found
