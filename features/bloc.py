"""BLOC: behaviour as a string of actions and pauses, and of what own posts hold.

After Nwala, Flammini and Menczer, EPJ Data Science 12 (2023). The strings themselves are
for reviewers (`strings`); a model gets how often their parts return, free of language
and of the number of posts. A part of the action string is a step: an action, the pause
after it, and the next action; a part of the content string is the content of one post.
"""

from functools import partial
from typing import Final

import polars as pl

from features.feature import Feature
from features.measures import PAUSES

_bloc = partial(
    Feature,
    group="bloc",
    family="amplification",
    table="totals",
    unit="share",
    range=(0, 1),
    reasons=("field_absent", "too_few_posts"),
    cost=1,
)
_action = partial(
    _bloc,
    counted="dated",
    missing="Fewer than twenty posts with a time, or no times at all.",
    min_posts=20,
)
_content = partial(
    _bloc,
    counted="own",
    among=pl.col("own"),
    missing="Fewer than twelve posts of its own with text, or their links, mentions or "
    "hashtags are not known.",
    min_posts=12,
)


def _again(column: str) -> pl.Expr:
    return pl.col(column).is_not_null() & pl.col(column).is_duplicated()


def _first(column: str) -> pl.Expr:
    """The first of each."""
    return pl.col(column).is_not_null() & pl.col(column).is_first_distinct()


BLOC: Final = (
    _action(
        name="bloc_step_repeat_share",
        expr=pl.col("steps_repeat"),
        evidence=_again("step"),
        direction=1,
        label="Repeated steps of behaviour",
        description="Chance that two steps from one action to the next, drawn at "
        "random, have the same actions and a pause of the same size.",
        limitation="People who only repost in one sitting repeat their steps.",
        source="Simpson, Nature 163 (1949)",
    ),
    _action(
        name="bloc_step_distinct_share",
        expr=pl.col("steps_distinct"),
        evidence=_first("step"),
        direction=-1,
        label="Different steps of behaviour",
        description="How many different steps (two actions and the size of the pause "
        "between) ten steps hold on average, over ten.",
        limitation="People who only repost in one sitting repeat their steps.",
        source="Hurlbert, Ecology 52 (1971), equation 14",
    ),
    _content(
        name="bloc_content_repeat_share",
        expr=pl.col("contents_repeat"),
        evidence=_again("content_code"),
        direction=1,
        label="Own posts built alike",
        description="Chance that two own posts drawn at random are built from the same "
        "parts: words, links, mentions, hashtags, a quoted post.",
        limitation="Newsrooms post a text and a link each time.",
        source="Simpson, Nature 163 (1949)",
    ),
    _content(
        name="bloc_content_distinct_share",
        expr=pl.col("contents_distinct"),
        evidence=_first("content_code"),
        direction=-1,
        label="Own posts built differently",
        description="How many different builds (of words, links, mentions, hashtags, a "
        "quoted post) ten own posts have on average, over ten.",
        limitation="Newsrooms post a text and a link each time.",
        source="Hurlbert, Ecology 52 (1971), equation 14",
    ),
)

# Post, repost, reply, quote; repost and reply of the account itself.
_ACTIONS: Final = {"original": "T", "repost": "R", "reply": "P", "quote": "Q"}
_ON_ITSELF: Final = {"repost": "ρ", "reply": "π"}
# Pause before the action: same minute, under 5 minutes, hour, day, week, month, year.
_MARKS: Final = ("", ".", ":", "|", "/", "-", "=", "#")
# What an own post holds, as the bits of content_code.
_PARTS: Final = ((16, "t"), (1, "m"), (4, "H"), (2, "U"), (8, "q"))


def strings(posts: pl.DataFrame) -> pl.DataFrame:
    """One row an account that has posts: account_id, action, content; for reviewers.

    `action` has a letter for each post in order of time: T post, R repost, P reply, Q
    quote, ρ and π a repost and a reply of the account itself; before it a mark for
    the pause: none within the minute, `.` under five minutes, `:` an hour, `|` a day,
    `/` a week, `-` a month, `=` a year, `#` longer. `content` has a word in brackets
    for each own post: t text, m mention, H hashtag, U link, q quote; null where no text
    is known.

    Args:
        posts: measured posts (features.measures).
    """
    itself = pl.col("of_itself").fill_null(False)
    action = pl.col("kind").replace_strict(_ACTIONS)
    for kind, letter in _ON_ITSELF.items():
        action = (
            pl.when(itself & (pl.col("kind") == kind))
            .then(pl.lit(letter))
            .otherwise(action)
        )
    size = pl.sum_horizontal((pl.col("gap") >= p).cast(pl.Int64) for p in PAUSES)
    mark = size.replace_strict(dict(enumerate(_MARKS)), return_dtype=pl.String)
    parts = pl.concat_str(
        pl.when(pl.col("content_code") & bit > 0)
        .then(pl.lit(letter))
        .otherwise(pl.lit(""))
        for bit, letter in _PARTS
    )
    words = pl.when(pl.col("content_code").is_not_null()).then(pl.format("({})", parts))
    return posts.group_by("account_id", maintain_order=True).agg(
        action=pl.concat_str(mark, action).str.join(""),
        content=pl.when(words.count() > 0).then(words.str.join("")),
    )
