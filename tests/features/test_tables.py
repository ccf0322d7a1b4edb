"""Every feature's hand-computed table has null, nought, one post, and values beside them."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import polars as pl
import pytest

from features.catalogue import FEATURES
from features.feature import Feature
from tests.features.builders import planted

Case = tuple[Any, ...]
# The tables stand beside each other, a module a group.
CASES: list[Case] = [
    case
    for group in dict.fromkeys(f.group for f in FEATURES)
    for case in import_module(f"tests.features.test_{group}").CASES
]
# What is least is not nought, and why; the least stands in the table in its place.
NEVER_NOUGHT = {
    "name_handle_bigram_loglik": "no pair of letters is certain",
    "rhythm_slot_distinct_share": "ten draws are of one kind at least",
    "days_week_spike_log": "the busiest week has more posts than the median one",
    "life_longest_silence_share": "the longest pause is no shorter than the mean one",
    "life_centre_share": "not all posts are the first",
    "life_first_month_share": "it holds the first post",
    "source_reposts_distinct_share": "ten draws are of one kind at least",
    "source_replies_distinct_share": "ten draws are of one kind at least",
    "bloc_step_distinct_share": "ten draws are of one kind at least",
    "bloc_content_distinct_share": "ten draws are of one kind at least",
    "content_word_length": "a word has a letter",
    "client_top_share": "somebody posts with something",
    "client_distinct_share": "ten draws are of one kind at least",
}


def lacking(measure: Feature, cases: Sequence[Case]) -> set[str]:
    """What of null, nought, one post, typical and extreme the table does not have."""
    mine = [case for case in cases if case[0] == measure.name]
    expected = [case[-1] for case in mine]
    known = {round(float(value), 9) for value in expected if value is not None}
    # A profile has no posts; one changes nothing of it (test_one_post.py).
    posts = [given for case in mine for given in case[1:-1] if isinstance(given, list)]
    found = {
        "null": None in expected,
        "nought": (0 in known) != (measure.name in NEVER_NOUGHT),
        "one post": measure.table == "accounts" or any(len(p) == 1 for p in posts),
        "typical": len(known) > 1,
        # Of yes and no there is none.
        "extreme": str(measure.dtype) == "Boolean" or len(known) > 2,
    }
    return {what for what, stands in found.items() if not stands}


@pytest.mark.parametrize("measure", FEATURES, ids=lambda f: f.name)
def test_the_table_is_whole(measure):
    assert lacking(measure, CASES) == set()


def test_tables_name_features_that_are():
    assert set(NEVER_NOUGHT) <= {f.name for f in FEATURES} <= {c[0] for c in CASES}


WHOLE: list[Case] = [
    ("planted_value", [], None),
    ("planted_value", [{}], None),
    ("planted_value", [{}] * 5, 0),
    ("planted_value", [{}] * 6, 0.5),
    ("planted_value", [{}] * 7, 1),
]


@pytest.mark.parametrize(
    ("left_out", "what"),
    [
        ([0, 1], {"null", "one post"}),
        ([1], {"one post"}),
        ([2], {"nought", "extreme"}),
        ([3], {"extreme"}),
        ([3, 4], {"typical", "extreme"}),
    ],
)
def test_a_table_that_lacks_something_is_named(left_out, what):
    measure = planted(pl.len(), table="posts", family="content")
    fewer = [case for place, case in enumerate(WHOLE) if place not in left_out]

    assert lacking(measure, WHOLE) == set()
    assert lacking(measure, fewer) == what
