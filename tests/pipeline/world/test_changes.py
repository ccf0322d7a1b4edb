"""What operators changed is read off the accounts, whatever they were meant to do."""

from copy import deepcopy

import numpy as np
import pytest

from pipeline.proofs.families import FAMILIES
from pipeline.world import changes
from pipeline.world.changes import CHANGED
from pipeline.world.keys import MINUTES_A_DAY
from pipeline.world.people import REPOST, People, ordinary_people
from pipeline.world.posts import Posts, ordinary_posts
from pipeline.world.world import plans

from .conftest import make_params


@pytest.fixture
def ordinary() -> tuple[People, Posts]:
    rng = np.random.default_rng(1)
    place = plans(make_params())[0].setting
    people = ordinary_people(rng, 20, place)
    return people, ordinary_posts(people, place, rng)


def test_every_family_that_the_model_reads_is_looked_at() -> None:
    assert [field.name for field in CHANGED.fields] == FAMILIES


def test_what_nobody_touched_has_not_changed(ordinary: tuple[People, Posts]) -> None:
    people, posts = ordinary

    found = changes.together(
        changes.of_people(people, deepcopy(people)),
        changes.of_posts(posts, deepcopy(posts), len(people)),
    )

    assert found.dtype == CHANGED
    assert found.struct.unnest().sum().row(0) == (0,) * len(FAMILIES)


@pytest.mark.parametrize(
    ("family", "field", "value"),
    [
        ("amplification", "kind", REPOST),
        ("amplification", "wanted", 3),
        ("clients", "client", 99),
        ("content", "frame", 7),
        ("content", "language", 99),
        ("content", "domain", 99),
    ],
)
def test_a_changed_post_shows_in_its_family_alone(
    ordinary: tuple[People, Posts], family: str, field: str, value: int
) -> None:
    people, before = ordinary
    after = deepcopy(before)
    mine = np.flatnonzero(after.who == 4)
    getattr(after, field)[mine] = value

    found = changes.of_posts(before, after, len(people))

    same = (getattr(before, field)[mine] == value).mean()
    assert found[family][4] == pytest.approx(1 - same)
    assert found[family].sum() == found[family][4] > 0
    assert not any(found[other].any() for other in found if other != family)


def test_times_show_by_how_far_they_moved(ordinary: tuple[People, Posts]) -> None:
    people, before = ordinary
    after = deepcopy(before)
    after.at[before.who == 4] += 1
    after.at[before.who == 5] -= 30 * MINUTES_A_DAY

    found = changes.of_posts(before, after, len(people))

    assert found["timing"].nonzero()[0].tolist() == [4, 5]
    assert found["life cycle"].nonzero()[0].tolist() == [5]


def test_profiles_attention_and_actions_count_by_account(
    ordinary: tuple[People, Posts],
) -> None:
    before, posts = ordinary
    after = deepcopy(before)
    after.followers[3] += 1
    after.attention[4] *= 0.25
    after.attention[5] *= 4
    after.mix[6] = [1, 0, 0, 0]
    nothing = changes.of_posts(posts, posts, len(before))

    found = changes.together(changes.of_people(before, after), nothing).struct

    profile = found.field("profile")
    assert (profile > 0).arg_true().to_list() == [3]
    amplification = found.field("amplification").to_list()
    assert amplification[4] == pytest.approx(0.75)
    # Who is heard more has lost nothing.
    assert amplification[5] == 0
    assert amplification[6] == pytest.approx(1 - before.mix[6, 0])


def test_an_account_without_posts_has_none_that_changed(
    ordinary: tuple[People, Posts],
) -> None:
    people, posts = ordinary

    found = changes.of_posts(posts, posts, len(people) + 1)

    assert all(shares[-1] == 0 for shares in found.values())
