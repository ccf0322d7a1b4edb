"""The posts that show co-activity are those that others around share, by hand."""

from collections.abc import Sequence

import polars as pl
import pytest

from features import schema
from features.build import build_features
from features.catalogue import CATALOGUE, feature
from features.coactivity import COACTIVITY
from features.evidence import show_evidence
from features.population import Population
from features.traces import TRACES
from tests.features.builders import (
    START,
    Post,
    at,
    make_account,
    make_accounts,
    make_posts,
    named,
)
from tests.features.crowds import (
    actions,
    by,
    links,
    long_text,
    population,
    replies,
    reposts,
    tags,
    texts,
)

THREE = ("x0", "x1", "x2")
PAGES = [f"https://n.org/{n}" for n in range(3)]
# Feature, posts of the account, what one other account posted, places of those shown.
CASES: list[tuple[str, list[Post], list[Post], list[int]]] = [
    ("coactivity_repost_ratio", reposts("a/0", *THREE), reposts("b", "x1"), [1]),
    # 100 minutes later, and a minute later.
    (
        "coactivity_fast_repost_ratio",
        reposts("a/0", *THREE),
        [*reposts("b", "x0", start=100), *reposts("b", "x2", start=201)],
        [2],
    ),
    ("coactivity_reply_ratio", replies("a/0", *THREE), replies("b", "x2", "y"), [2]),
    # The same page in another writing; a page of the same site is another.
    (
        "coactivity_link_ratio",
        links("a/0", *PAGES),
        links("b", "http://www.n.org/0/#top", "https://n.org/9"),
        [0],
    ),
    # The same hashtags in another order are another row.
    (
        "coactivity_tag_sequence_ratio",
        tags("a/0", "#a #b", "#b #a", "#a"),
        tags("b", "#B #A", "#a"),
        [1],
    ),
    (
        "coactivity_text_ratio",
        texts("a/0", *map(long_text, range(3))),
        texts("b", "Look: " + long_text(1)),
        [1],
    ),
    ("coactivity_minute_ratio", at(0, 61, 122), by("b", at(1, 61, 123)), [1]),
]


def shown(name: str, posts: Sequence[Post], around: Population | None) -> list[int]:
    """Places in `posts` of those shown."""
    found = show_evidence(
        make_account(), make_posts(named(posts)), feature(name), None, around
    )
    assert found.schema == pl.Schema(schema.POSTS)
    return sorted(map(int, found["post_id"]))


@pytest.mark.parametrize(("name", "own", "theirs", "places"), CASES)
def test_posts_that_others_share(
    name: str, own: list[Post], theirs: list[Post], places: list[int]
) -> None:
    assert shown(name, own, population(theirs)) == places
    # Posted twice, both show it; whether it stands in the population does not matter.
    twice = [*own, *own]
    both = population([*theirs, *by("a/0", twice)])
    assert shown(name, twice, both) == [
        *places,
        *(place + len(own) for place in places),
    ]


@pytest.mark.parametrize(("name", "own"), [case[:2] for case in CASES])
def test_an_account_shares_nothing_with_itself(name: str, own: list[Post]) -> None:
    assert shown(name, own, population(by("a/0", own))) == []


@pytest.mark.parametrize(("name", "own"), [case[:2] for case in CASES])
def test_nothing_is_shown_without_a_population(name: str, own: list[Post]) -> None:
    assert shown(name, own, None) == []
    assert shown(name, own, population([{"account_id": "b", "text": "hi"}])) == []


def test_every_trace_of_posts_has_a_case_and_no_other_is_shown() -> None:
    of_posts = {name for name, trace in TRACES.items() if trace.table == "posts"}

    assert {case[0] for case in CASES} == of_posts
    assert {f.name for f in COACTIVITY if f.evidence is not None} == of_posts


def test_days_of_creation_and_actions_are_shown_by_no_post() -> None:
    around = population(
        at(0),
        make_accounts({"account_id": "b", "created_at": START}),
        actions(("b", "report", "r")),
    )

    for name in TRACES.keys() - {case[0] for case in CASES}:
        assert shown(name, at(0), around) == []


def test_each_account_is_shown_what_it_shares_itself() -> None:
    posts = [*reposts("a/0", "x0", "x1"), *reposts("a/1", "x0", "x2")]
    around = population([*posts, *reposts("b", "x2")])

    found = show_evidence(
        make_accounts({}, {}),
        make_posts(named(posts)),
        feature("coactivity_repost_ratio"),
        None,
        around,
    )

    # x0 of both, by one another; x2 of the second; x1 is nobody else's.
    assert sorted(found["post_id"]) == ["0", "2", "3"]


def test_what_is_read_from_texts_counts_whatever_is_built_beside() -> None:
    written = [f"see https://n.org/{n} #a #b{n}" for n in range(6)]
    around = population(texts("b", *written))
    account, posts = make_account(), make_posts(named(texts("a/0", *written)))

    alone, beside = (
        build_features(account, posts, None, asked, around).select(
            "coactivity_link_ratio", "coactivity_tag_sequence_ratio"
        )
        for asked in (COACTIVITY, CATALOGUE)
    )

    assert alone.null_count().row(0) == (0, 0)
    assert alone.equals(beside)
