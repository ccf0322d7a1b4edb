import pytest

from features.artefacts import Artefacts
from features.build import build_features
from features.catalogue import feature
from features.copying import COPYING
from features.evidence import show_evidence
from tests.features.builders import (
    SPEECH,
    Post,
    at,
    fitted_tables,
    make_account,
    make_posts,
    named,
    plain,
    spoken,
    value_of,
    without_case,
)

NONE = ["my own words"]
CASES = [
    ("copying_by_hand_share", [], None),
    ("copying_by_hand_share", spoken("so RT @ann: x"), None),
    ("copying_by_hand_share", plain(20), None),
    ("copying_by_hand_share", spoken(*["so RT @ann: x"] * 4), None),
    (
        "copying_by_hand_share",
        spoken("RT", "@ann via", "art @ann", "MT ann", "“so”"),
        0,
    ),
    # A leading RT makes a repost, whatever the kind said.
    ("copying_by_hand_share", spoken("RT @ann: x", *NONE * 4), 0),
    ("copying_by_hand_share", spoken(*["so RT @ann: x"] * 9, kind="quote"), 0),
    ("copying_by_hand_share", spoken("so RT @ann: x", "x via @ann", *NONE * 3), 0.4),
    ("copying_by_hand_share", spoken(*["“@ann: her words” so true"] * 5), 1),
]


TABLES = fitted_tables()


def later(*texts: str, minutes: int = 1, **columns: object) -> list[Post]:
    return [
        {**post, "text": text, **columns}
        for post, text in zip(at(*[minutes] * len(texts)), texts, strict=True)
    ]


PROMINENT = [
    ([], None),
    # No times: nobody can say which came first.
    (spoken(*[SPEECH] * 5), None),
    (later(SPEECH), None),
    (later(*[SPEECH] * 4), None),
    (later(*NONE * 5), 0),
    (later(*[SPEECH] * 2, *NONE * 3), 0.4),
    # Links, capitals and spaces aside.
    (later(*[f"{SPEECH.upper()}  https://a.b"] * 5, minutes=99), 1),
    # Before the original, another kind, its author named.
    (later(*[SPEECH] * 5, minutes=-1), 0),
    # In the minute of the original: it may be that post itself, under another id.
    (later(*[SPEECH] * 5, minutes=0), 0),
    (later(*[SPEECH] * 5, kind="quote"), 0),
    (later(*[SPEECH] * 5, kind="repost"), 0),
    (later(*[f"{SPEECH} via @ann"] * 5), 0),
    (later(*[SPEECH[:25]] * 5), 0),
]
CASES += [("copying_prominent_share", posts, expected) for posts, expected in PROMINENT]


def test_nobody_copies_from_himself():
    posts = later(*[SPEECH] * 5)
    other = [{**post, "account_id": "t/0"} for post in posts]
    measure = feature("copying_prominent_share")

    own = build_features(
        make_account(account_id="t/0"), make_posts(named(other)), TABLES, [measure]
    )

    assert own[measure.name].to_list() == [0]
    assert value_of(measure, None, posts, TABLES) == 1


def test_without_an_index():
    posts = later(*[SPEECH] * 5)

    assert value_of("copying_prominent_share", None, posts) is None
    assert value_of("copying_prominent_share", None, posts, Artefacts({})) is None


def test_the_copies_are_shown():
    posts = make_posts(named(later(SPEECH, *NONE, SPEECH)))
    measure = feature("copying_prominent_share")

    shown = show_evidence(make_account(), posts, measure, TABLES)

    assert sorted(shown["post_id"]) == ["0", "2"]
    assert show_evidence(make_account(), posts, measure).is_empty()


@pytest.mark.parametrize(("name", "posts", "expected"), CASES)
def test_value(name, posts, expected):
    assert value_of(name, None, posts, TABLES) == (
        None if expected is None else pytest.approx(expected, rel=1e-6)
    )


def test_every_feature_has_a_table():
    assert without_case(COPYING, CASES) == set()
