"""Change: how an account differs after its longest silence from before it.

Sides are compared by what they have in common (features.corrections.change). Hours and
languages are compared with each other only, never with a place or a tongue.
"""

from functools import partial
from typing import Final

import polars as pl

from features.feature import Feature

# The posts on both sides of the silence: of several as long, of the first.
_RETURNED: Final = pl.col("returned")
AT_BREAK: Final = (_RETURNED.shift(1) != _RETURNED) | (_RETURNED.shift(-1) != _RETURNED)

_change = partial(
    Feature,
    group="change",
    family="life cycle",
    table="totals",
    unit="1 minus overlap",
    # Below 0 by chance where nothing changed.
    range=(None, 1),
    direction=1,
    counted="dated",
    min_posts=20,
    full_history=True,
    cost=2,
    evidence=AT_BREAK,
    missing="The whole history is not known, fewer than ten posts that tell it before or "
    "after the longest silence, or no two of a side that agree.",
    reasons=("history_incomplete", "field_absent", "too_few_posts", "undefined"),
    source="Morisita, Memoirs of the Faculty of Science, Kyushu University E 3 (1959)",
)

# Marks of a new hand at the account.
_HANDS: Final = ("languages", "clients", "hours", "kinds")


def _known(mix: str) -> pl.Expr:
    value = pl.col(f"{mix}_change")
    return pl.when(value.is_finite()).then(value.clip(0, 1))


CHANGE: Final = (
    _change(
        name="change_language_distance",
        expr=pl.col("languages_change"),
        label="Other languages after the longest silence",
        description="How far the mix of languages after the longest silence differs from "
        "the one before: 0 not at all, 1 nothing in common.",
        limitation="People move, and learn languages.",
    ),
    _change(
        name="change_client_distance",
        expr=pl.col("clients_change"),
        label="Other applications after the longest silence",
        description="How far the mix of applications after the longest silence differs from "
        "the one before: 0 not at all, 1 nothing in common.",
        limitation="A new phone is enough.",
    ),
    _change(
        name="change_hour_distance",
        expr=pl.col("hours_change"),
        label="Other hours after the longest silence",
        description="How far the spread over the 24 hours after the longest silence differs "
        "from the one before: 0 not at all, 1 nothing in common.",
        limitation="A new job or a journey is enough.",
    ),
    _change(
        name="change_kind_distance",
        expr=pl.col("kinds_change"),
        label="Other actions after the longest silence",
        description="How far the mix of posts, reposts, replies and quotes after the "
        "longest silence differs from the one before: 0 not at all, 1 nothing "
        "in common.",
        limitation="Platforms and habits change over the years.",
    ),
    _change(
        name="change_hashtag_distance",
        expr=pl.col("hashtags_change"),
        label="Other hashtags after the longest silence",
        description="How far the mix of first hashtags after the longest silence differs "
        "from the one before: 0 not at all, 1 nothing in common.",
        limitation="Interests and events change.",
    ),
    _change(
        name="change_step_distance",
        expr=pl.col("steps_change"),
        label="Another way of acting after the longest silence",
        description="How far the mix of steps from one action to the next, with the pause "
        "between, after the longest silence differs from the one before: 0 not "
        "at all, 1 nothing in common.",
        limitation="Habits change over the years.",
    ),
    _change(
        name="change_content_distance",
        expr=pl.col("contents_change"),
        label="Posts built otherwise after the longest silence",
        description="How far the mix of what own posts consist of (words, links, mentions, "
        "hashtags, quotes) after the longest silence differs from the one "
        "before: 0 not at all, 1 nothing in common.",
        limitation="Platforms and habits change over the years.",
    ),
    _change(
        name="change_hands_share",
        expr=pl.mean_horizontal(_known(mix) for mix in _HANDS)
        * pl.col("gap_longest")
        / (pl.col("last_post") - pl.col("first_post")),
        unit="share",
        range=(0, 1),
        label="Return from a long silence as another",
        description="Mean change of languages, applications, hours and actions at the "
        "longest silence, times the share of the known time that the silence took. The "
        "account may have been taken over.",
        limitation="Honest sleepers who return with a new phone look alike.",
        missing="The whole history, the languages or the applications are not known, or "
        "fewer than ten posts before or after the longest silence.",
        source="",
    ),
)
