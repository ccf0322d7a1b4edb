"""Co-activity: what an account does together with the accounts around it (tier P).

Each is observed companions over those to expect if the account had chosen alike, but on
its own (features.companions). One is as expected; one companion is added to both, so
that few events say little. Nothing is measured without a population given explicitly.
"""

from functools import partial
from typing import Final

import polars as pl

from features.companions import MOST_COMPANIONS, UNIT
from features.feature import Feature
from features.population import SHARED
from features.traces import TRACES

_CROWD: Final = (
    f"Of more than {MOST_COMPANIONS} others who share one thing, {MOST_COMPANIONS} "
    "count. A collection that holds a network whole and others one by one shows the network's "
    "companions and not theirs."
)


def _ratio(name: str, missing: str, **declared: object) -> Feature:
    trace = TRACES[name]
    observed, expected = pl.col(f"{name} observed"), pl.col(f"{name} expected")
    fields = {
        "name": name,
        "group": "coactivity",
        "family": "coordination",
        "table": "population",
        "expr": (observed + UNIT) / (expected + UNIT),
        # No post shows a day of creation, a report or a block.
        "evidence": pl.col(SHARED) if trace.table == "posts" else None,
        "unit": "observed over expected",
        "range": (0, None),
        "direction": 1,
        "missing": f"No population was given, or {missing}.",
        "reasons": (
            "population_absent",
            "field_absent",
            "too_few_posts",
            "undefined",
        ),
        "cost": 2,
        "tier": "P",
        **declared,
    }
    return Feature(**fields)  # type: ignore[arg-type]


_of_accounts = partial(
    _ratio, reasons=("population_absent", "field_absent", "undefined")
)
_of_actions = partial(
    _ratio, reasons=("population_absent", "too_few_posts", "undefined")
)

COACTIVITY: Final = (
    _ratio(
        "coactivity_repost_ratio",
        "fewer than ten different posts were reposted, or their ids are not known",
        label="Reposting the same posts",
        description="Other accounts around that reposted the same posts, over those to "
        "expect if each repost were of another post of the same account, as popular as "
        "those that others repost of it.",
        limitation="A group that alone reposts an account, and all it says, is as "
        "expected. " + _CROWD,
        source="Pacheco et al., ICWSM 2021 (trace); the null model is our own.",
    ),
    _ratio(
        "coactivity_fast_repost_ratio",
        "fewer than ten posts were reposted, or their ids or times are not known",
        label="Reposting in the same minute",
        description="Other accounts around that reposted the same post at most a minute "
        "before or after, over those to expect from how many did so within the hour.",
        limitation="People who are told of new posts at once repost together. "
        + _CROWD,
        cost=1,
        source="Luceri et al., WWW 2024 (trace); interval jitter, Amarasingham et al., "
        "Journal of Neurophysiology 107 (2012) 517.",
    ),
    _ratio(
        "coactivity_reply_ratio",
        "fewer than five different posts were replied to, or their ids are not known",
        direction=0,
        label="Replying to the same posts",
        description="Other accounts around that replied to the same posts, over those "
        "to expect if each reply were to another post of the same account.",
        limitation="A dispute draws its circle of friends. " + _CROWD,
        source="Pote et al., ICWSM 2025 (trace); the null model is our own.",
    ),
    _ratio(
        "coactivity_link_ratio",
        "fewer than five different links were posted",
        label="Posting the same links",
        description="Links that other accounts around posted too, those of few counting "
        "more (1 / ln(1 + accounts)), over those to expect if each link were another of "
        "the same site.",
        limitation="Shortened links hide what is the same. " + _CROWD,
        source="Luceri et al., WWW 2024 (trace and weight); the null model is our own.",
    ),
    _ratio(
        "coactivity_tag_sequence_ratio",
        "fewer than five different rows of two hashtags or more were posted",
        label="The same hashtags in the same order",
        description="Other accounts around that posted the same row of hashtags, over "
        "those to expect if each row were another that holds the same hashtag.",
        limitation="Campaigns of fans and of charities hand out rows of hashtags; within "
        "which of its hashtags a row is compared goes by the alphabet. " + _CROWD,
        cost=1,
        source="Pacheco et al., ICWSM 2021 (trace); the null model is our own.",
    ),
    _ratio(
        "coactivity_text_ratio",
        "fewer than five different posts of its own have 48 letters",
        label="Texts nearly the same as others'",
        description="Other accounts around with posts that begin or end with the same "
        "24 letters, over those to expect if each text were one of another account.",
        limitation="Quotations, songs and the share buttons of newspapers; changes at "
        "both ends of a text escape. " + _CROWD,
        cost=1,
    ),
    _ratio(
        "coactivity_minute_ratio",
        "fewer than ten minutes with posts, other than reposts, are known",
        label="Posting in the same minute",
        description="Other accounts around that posted in the same minute, by the same "
        "client and the same kind of post, over those to expect from the same minute of "
        "the two hours before and after.",
        limitation="Live events: goals, verdicts, earthquakes. " + _CROWD,
        cost=1,
        source="Pacheco et al., ICWSM 2021 (trace); interval jitter, Amarasingham et "
        "al., Journal of Neurophysiology 107 (2012) 517.",
    ),
    _of_accounts(
        "coactivity_creation_ratio",
        "the day of creation is not known",
        label="Created on the same day",
        description="Other accounts around that were created on the same day, over "
        "those to expect from the fifteen days before and after.",
        limitation="A platform in the news has days on which many join. " + _CROWD,
    ),
    _of_accounts(
        "coactivity_creation_shape_ratio",
        "day of creation or handle are not known",
        label="Created on the same day with a handle of the same shape",
        description="Other accounts around that were created on the same day with "
        "letters and digits of the handle in the same places, over those to expect from "
        "the fifteen days before and after.",
        reasons=("population_absent", "field_hashed", "field_absent", "undefined"),
        limitation="Handles that a platform proposes are of one shape. " + _CROWD,
    ),
    _of_actions(
        "coactivity_report_ratio",
        "no actions are known, or fewer than five accounts were reported",
        label="Reporting the same accounts",
        description="Other accounts around that reported the accounts which this one "
        "reported, over those to expect if each report were of another reported "
        "account. Of the reporter; being reported is never measured.",
        limitation="A community that is attacked reports its attackers. " + _CROWD,
    ),
    _of_actions(
        "coactivity_block_ratio",
        "no actions are known, or fewer than five accounts were blocked",
        label="Blocking the same accounts",
        description="Other accounts around that blocked the accounts which this one "
        "blocked, over those to expect if each block were of another blocked account. "
        "Of the one who blocks; being blocked is never measured.",
        limitation="Shared block lists protect people from harassment. " + _CROWD,
    ),
)
