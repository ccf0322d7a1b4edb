from math import log

import pytest

from features.link import LINK
from tests.features.builders import plain, spoken, value_of, without_case

NONE = ["some words here"]
CASES = [
    *(
        (measure.name, posts, None)
        for measure in LINK
        for posts in (
            [],
            spoken("https://a.b"),
            plain(20),
            spoken(*["https://a.b"] * 9),
        )
    ),
    ("link_host_repeat_chance", spoken(*NONE * 10), 0),
    (
        "link_host_repeat_chance",
        spoken("see https://www.a.b/1", "see http://A.b:80?x", *NONE * 8),
        1 / 45,
    ),
    ("link_host_repeat_chance", spoken(*["see https://a.b/c"] * 10), 1),
    # The platform's wrapper and shorteners hide the place, of one link in ten or more.
    ("link_host_repeat_chance", spoken(*["see https://t.co/c"] * 10), None),
    ("link_host_repeat_chance", spoken(*["see https://bit.ly/c"] * 10), None),
    (
        "link_host_repeat_chance",
        spoken(*["see https://a.b"] * 9, "see https://t.co/c"),
        0.8,
    ),
    (
        "link_host_repeat_chance",
        spoken(*["see https://a.b"] * 8, "see https://t.co/c", *NONE),
        None,
    ),
    ("link_top_host_share", spoken(*["see https://bit.ly/c"] * 10), None),
    ("link_host_entropy", spoken(*["https://a.b"] * 10, *["https://t.co/c"] * 2), None),
    # Somebody else's links.
    (
        "link_host_repeat_chance",
        spoken(*["https://a.b"] * 9, kind="repost") + spoken("x"),
        0,
    ),
    ("link_top_host_share", spoken(*NONE * 10), 0),
    (
        "link_top_host_share",
        spoken(*["https://a.b"] * 3, *["https://c.d"] * 2, *NONE * 5),
        0.3,
    ),
    (
        "link_top_host_share",
        plain(10, links=["https://a.b", "https://c.d"], text=""),
        1,
    ),
    ("link_shortened_share", spoken(*["see bit.ly and https://a.bit.ly"] * 10), 0),
    (
        "link_shortened_share",
        spoken("https://bit.ly/x", "http://goo.gl", *NONE * 8),
        0.2,
    ),
    ("link_shortened_share", spoken(*["https://ow.ly/x"] * 10), 1),
    ("link_bare_share", spoken(*["three words here https://a.b"] * 10), 0),
    ("link_bare_share", spoken("https://a.b", "two words https://a.b", *NONE * 8), 0.2),
    ("link_bare_share", spoken(*["@ann https://a.b"] * 10), 1),
    # Nine links and a post without one.
    ("link_host_entropy", spoken(*["https://a.b"] * 9, "x"), None),
    ("link_host_entropy", spoken(*["https://a.b"] * 10), 0),
    ("link_host_entropy", spoken(*[f"https://{n}.b" for n in range(10)]), 1),
    # Subdomains apart, the rest of the link aside.
    (
        "link_host_entropy",
        spoken(*["https://a.b/1"] * 5, *["https://www.c.d/2"] * 5),
        log(2) / log(10),
    ),
    # One of eleven is left undrawn: of ten, nine and one but for one time in eleven.
    (
        "link_host_entropy",
        spoken(*["https://a.b"] * 10, "https://c.d"),
        10 / 11 * (log(10) - 0.9 * log(9)) / log(10),
    ),
    # The platform's own wrapper tells no website.
    ("link_host_entropy", spoken(*["https://t.co/c"] * 20), None),
]


@pytest.mark.parametrize(("name", "posts", "expected"), CASES)
def test_value(name, posts, expected):
    assert value_of(name, None, posts) == (
        None if expected is None else pytest.approx(expected, rel=1e-6)
    )


def test_every_feature_has_a_table():
    assert without_case(LINK, CASES) == set()
