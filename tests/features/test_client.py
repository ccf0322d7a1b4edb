import pytest

from features.client import CLIENT
from tests.features.builders import plain, value_of, without_case


def signed(*clients: str | None) -> list[dict[str, object]]:
    return [{"client": client} for client in clients]


CASES = [
    *(
        (measure.name, posts, None)
        for measure in CLIENT
        for posts in ([], signed("web"), plain(9), signed(*["web"] * 4, None, None))
    ),
    ("client_top_share", signed(*"abcde"), 0.2),
    ("client_top_share", signed(*"aaabb", None, None), 0.6),
    ("client_top_share", signed(*"aaaaa"), 1),
    ("client_mix_share", signed(*"aaaaa"), 0),
    # Four of the ten pairs are alike: three of a, one of b.
    ("client_mix_share", signed(*"aaabb", None), 0.6),
    ("client_mix_share", signed(*"abcde"), 1),
]


@pytest.mark.parametrize(("name", "posts", "expected"), CASES)
def test_value(name, posts, expected):
    assert value_of(name, None, posts) == (
        None if expected is None else pytest.approx(expected, rel=1e-6)
    )


def test_every_feature_has_a_table():
    assert without_case(CLIENT, CASES) == set()
