from collections.abc import Sequence

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.artefacts import Artefacts
from features.build import prepare_fit
from features.day_curve import LEAST, DayCurve
from tests.features.builders import LAST, at, make_accounts, make_posts

quick = settings(max_examples=30, deadline=None, database=None)
# Hours of the posts of one day, which is lived again and again.
DAYS = st.lists(
    st.lists(st.integers(0, 23), min_size=1, max_size=4, unique=True), max_size=4
)


def measured(days: Sequence[Sequence[int]], minutes: int = 0) -> pl.DataFrame:
    """Posts of accounts that live so, begun so many minutes later."""
    posts = [
        {**post, "account_id": f"a/{who}", "post_id": f"{who} {place}"}
        for who, hours in enumerate(days)
        for place, post in enumerate(
            at(
                *[
                    1_440 * day + 60 * hour + minutes
                    for day in range(LEAST // len(hours) + 1)
                    for hour in sorted(hours)
                ]
            )
        )
    ]
    accounts = make_accounts(*[{"as_of": LAST}] * len(days))
    return prepare_fit(accounts, make_posts(posts))[1]


def fit(*days: Sequence[int]) -> DayCurve:
    return DayCurve.fit(measured(days))


def test_a_day_by_hand():
    # Around the second hour: half of the posts there, a quarter on each side.
    posts = make_posts(
        [
            {**post, "account_id": "a/0", "post_id": str(place)}
            for place, post in enumerate(
                at(
                    *[1_440 * day for day in range(13)],
                    *[1_440 * day + 60 + m for day in range(13) for m in (0, 1)],
                    *[1_440 * day + 120 for day in range(13)],
                )
            )
        ]
    )

    fitted = DayCurve.fit(prepare_fit(make_accounts({"as_of": LAST}), posts)[1])

    assert fitted.shares == (500_000, 250_000, *[0] * 21, 250_000)


def test_accounts_weigh_alike_whatever_their_hour_and_number_of_posts():
    one, other = fit([3]), fit([15])

    assert one.shares == other.shares == (1_000_000, *[0] * 23)
    assert fit([3], [15], [0, 1, 2]).shares == (
        2_333_333,
        333_333,
        *[0] * 21,
        333_333,
    )


def test_who_posts_too_little_is_not_counted():
    few = measured([[5]]).head(LEAST - 1)

    assert DayCurve.fit(few) == DayCurve()
    assert DayCurve.fit(few.clear()) == DayCurve()
    assert DayCurve.fit(measured([[5]])) != DayCurve()


@quick
@given(DAYS, DAYS)
def test_merged_parts_are_the_whole(one, other):
    merged = fit(*one).merge(fit(*other))

    assert merged == fit(*one, *other)
    assert merged == fit(*other).merge(fit(*one))


@quick
@given(DAYS, st.integers(1, 1_439))
def test_the_clock_of_training_accounts_is_not_known(days, minutes):
    assert DayCurve.fit(measured(days, minutes)) == fit(*days)


def test_it_comes_back_from_its_content():
    fitted = fit([3, 4], [15])

    assert DayCurve.from_plain(fitted.to_plain()) == fitted
    assert DayCurve.from_plain(DayCurve().to_plain()) == DayCurve()


def distances(usual: DayCurve, posts: pl.DataFrame) -> list[float | None]:
    ids = posts["account_id"].unique(maintain_order=True)
    return usual.distance(pl.DataFrame({"account_id": ids}), posts).to_list()


def test_distances_go_with_their_accounts():
    """Whoever stands beside, in whatever order."""
    usual = fit(list(range(9)))
    posts = measured([[0], [*range(9)], [0, 12]])
    few = posts.filter((pl.col("account_id") != "a/1") | (pl.col("hour") == 0))
    ids = pl.DataFrame({"account_id": ["a/2", "none", "a/1", "a/0"]})

    together = distances(usual, posts)

    assert None not in together
    assert together[1] == pytest.approx(0, abs=1e-6)
    for who, distance in enumerate(together):
        assert distances(usual, posts.filter(account_id=f"a/{who}")) == [distance]
    assert distances(usual, few) == [together[0], None, together[2]]
    assert usual.distance(ids, posts).to_list() == [
        together[2],
        None,
        together[1],
        together[0],
    ]


def test_another_usual_day_gives_other_distances():
    posts = measured([[0, 12]])

    assert distances(fit(list(range(9))), posts) != distances(fit([0]), posts)
    assert distances(DayCurve(), posts) == [None]


def test_it_changes_the_digest_of_the_tables():
    curves = [Artefacts({}, day_curve=fit(day)) for day in ([0, 1], [0, 2])]

    assert curves[0].digest() != curves[1].digest()
