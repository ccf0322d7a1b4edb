from math import log

import pytest

from features.artefacts import Artefacts
from features.catalogue import feature
from features.client import CLIENT
from features.evidence import show_evidence
from tests.features.builders import (
    fitted_tables,
    make_account,
    make_posts,
    named,
    plain,
    value_of,
    without_case,
)

TABLES = fitted_tables()


def signed(*clients: str | None) -> list[dict[str, object]]:
    return [{"client": client} for client in clients]


CASES = [
    *(
        (measure.name, posts, None)
        for measure in CLIENT
        for posts in ([], signed("web"), plain(9), signed(*["web"] * 4, None, None))
    ),
    ("client_top_share", signed(*"abcde"), 0.2),
    ("client_top_share", signed(*"aaaaaabbbb", None), 0.6),
    ("client_top_share", signed(*"aaaaa"), 1),
    ("client_distinct_share", signed(*"aaaaabbbb"), None),
    ("client_distinct_share", signed(*"aaaaabbbbb", None), 0.2),
    # One of eleven is missed by one draw of ten in eleven.
    ("client_distinct_share", signed(*"aaaaaaaaaab"), (2 - 1 / 11) / 10),
    ("client_distinct_share", signed(*[f"c{i}" for i in range(3_200)]), 1),
    ("client_official_share", signed(*["my own"] * 5), 0),
    ("client_official_share", signed("web", "TweetDeck", *["tweetdeck"] * 3), 0.4),
    # One of ten may be silent, and not two of eleven.
    ("client_official_share", signed(*["Twitter for iPhone"] * 9, None), 1),
    ("client_official_share", signed(*["Twitter for iPhone"] * 9, None, None), None),
    ("client_scheduler_share", signed(*["web"] * 5), 0),
    ("client_scheduler_share", signed("Hootsuite", "Buffer", *["web"] * 3), 0.4),
    ("client_scheduler_share", signed(*["Sprout Social"] * 5), 1),
    ("client_automaton_share", signed(*["web"] * 5), 0),
    ("client_automaton_share", signed("IFTTT", "dlvr.it", *["web"] * 3), 0.4),
    ("client_automaton_share", signed(*["twitterfeed"] * 5), 1),
    (
        "client_imitation_share",
        signed("Twitter for iPhone", "web", "Web", "Tweetbot for iOS", "Facebook"),
        0,
    ),
    # A space too many, a letter changed; one letter of another script.
    (
        "client_imitation_share",
        signed("Twitter for iPhone ", "Tw\u0456tter for Android", *["web"] * 3),
        0.4,
    ),
    ("client_imitation_share", signed(*["Twltter Web C1ient"] * 5), 1),
    # In capitals.
    ("client_imitation_share", signed(*["TWITTER WEB CLIENT"] * 5), 1),
    ("client_rarity", signed(*["web"] * 9, None), 0),
    # One of four accounts, and none, one added to each count.
    ("client_rarity", signed(*["mine"] * 5), log(5 / 2)),
    ("client_rarity", signed(*["new"] * 2, *["web"] * 3), 2 * log(5) / 5),
    ("client_rarity", signed(*["new"] * 5), log(5)),
    ("client_mix_share", signed(*"aaaaa"), 0),
    # Of 36 pairs, three of a and fifteen of b are alike.
    ("client_mix_share", signed(*"aaabbbbbb", None), 0.5),
    ("client_mix_share", signed(*"abcde"), 1),
]


@pytest.mark.parametrize(("name", "posts", "expected"), CASES)
def test_value(name, posts, expected):
    assert value_of(name, None, posts, TABLES) == (
        None if expected is None else pytest.approx(expected, rel=1e-6, abs=1e-6)
    )


def test_the_rare_ones_are_shown():
    """Of one account in four, of none, of all: the mean lies between."""
    posts = make_posts(named(signed("mine", "new", "web", "web", None)))
    measure = feature("client_rarity")

    shown = show_evidence(make_account(), posts, measure, TABLES)

    assert sorted(shown["post_id"]) == ["0", "1"]
    assert show_evidence(make_account(), posts, measure).is_empty()
    # As rare as their mean: all of them.
    alike = make_posts(named(signed(*["new"] * 5)))
    assert show_evidence(make_account(), alike, measure, TABLES).height == 5


def test_every_feature_has_a_table():
    assert without_case(CLIENT, CASES) == set()


def test_no_rarity_without_a_table():
    assert value_of("client_rarity", None, signed(*["web"] * 5)) is None
    assert value_of("client_rarity", None, signed(*["web"] * 5), Artefacts({})) is None
