import numpy as np
import pytest

from features.catalogue import FEATURES
from features.errors import InputError
from pipeline.proofs.families import FAMILIES
from pipeline.proofs.ranking import (
    NAMES,
    Pointing,
    Ranked,
    directions,
    ordered,
    rank,
    unseen,
)
from pipeline.stored_world import StoredWorld, load_world
from tests.pipeline.conftest import TinyWorld


@pytest.fixture(scope="module")
def stored(tiny_world: TinyWorld) -> StoredWorld:
    return load_world(tiny_world.folder)


def ranked(name: str, **lost: list[float]) -> Ranked:
    return Ranked(
        name, {o: np.array([[value] * 3 for value in rows]) for o, rows in lost.items()}
    )


def test_means_and_counts_by_hand():
    found = ranked("x", a=[0.2, 0.3, 0.4], b=[-0.1, -0.1, -0.1], c=[0.3, -0.3, 0.0])

    assert found.by_operator() == pytest.approx({"a": 0.3, "b": -0.1, "c": 0.0})
    assert found.mean() == pytest.approx(0.2 / 3)
    # Of c no one can tell: its deals contradict one another.
    assert (found.count(1), found.count(-1)) == (1, 1)


def test_order_is_by_loss_then_by_name():
    some = [ranked("b", a=[0.0]), ranked("c", a=[1.0]), ranked("a", a=[0.0])]

    assert [one.name for one in ordered(some)] == ["c", "a", "b"]


def test_a_direction_is_learnt_from_the_others():
    found = Pointing({"a": 0.9, "b": 0.8, "c": 0.3, "d": None}, {}, {}).carried()

    # Without a, 0.8 and 0.3 point up on average; without c, 0.9 and 0.8.
    assert found == {"a": 0.9, "b": 0.8, "c": 0.3, "d": None}
    turned = Pointing({"a": 0.9, "b": 0.2}, {}, {}).carried()
    assert turned == pytest.approx({"a": 0.1, "b": 0.2})
    assert Pointing({"a": 0.9}, {}, {}).carried() == {"a": None}


def test_every_feature_and_family_of_a_stored_world(
    stored: StoredWorld, tiny_world: TinyWorld
):
    operators = stored.headline[:2]
    found = {o: unseen(stored, tiny_world.folder, o) for o in operators}

    features, families = rank(found, 2)

    assert sorted(one.name for one in features) == sorted(NAMES)
    assert sorted(one.name for one in families) == FAMILIES
    means = [one.mean() for one in features]
    assert means == sorted(means, reverse=True)
    assert means[0] > 0
    for operator, one in found.items():
        splits = one.booster.feature_importance("split", iteration=one.trees)
        for feature in features:
            if not splits[NAMES.index(feature.name)]:
                # Of so few controls there is no recall.
                assert not feature.lost[operator][:, :2].any()
    again, _ = rank(found, 2)
    assert [(one.name, one.mean()) for one in again] == [
        (one.name, one.mean()) for one in features
    ]


def test_the_figures_are_those_of_the_pipeline(
    stored: StoredWorld, tiny_world: TinyWorld
):
    campaigns = tiny_world.metrics["loco"]["campaigns"].values()
    for operator in stored.headline:
        own = [row for row in campaigns if row["fold"] == operator]
        if len(own) > 1:
            continue
        _, auc, _ = unseen(stored, tiny_world.folder, operator).whole()

        assert auc == pytest.approx(own[0]["auc"], abs=1e-5)


def test_accounts_are_those_that_the_booster_did_not_see(
    stored: StoredWorld, tiny_world: TinyWorld
):
    one, other = stored.headline[:2]
    sets = {training.key: set(training.account_ids) for training in stored.sets}

    left_out = unseen(stored, tiny_world.folder, one)
    pair = unseen(stored, tiny_world.folder, one, other)

    assert not sets[f"loco-without-{one}"].intersection(left_out.ids)
    both = sets[f"loco-without-{'+'.join(sorted([one, other]))}"]
    assert not both.intersection(pair.ids)
    # The twin: of the booster that lacks only the first, the second's were trained on.
    assert sets[f"loco-without-{one}"].intersection(pair.ids)


def test_directions_of_a_stored_world(stored: StoredWorld):
    found = directions(stored)

    assert list(found) == [feature.name for feature in FEATURES]
    names = {c.name for c in stored.campaigns}
    known = stored.labels.filter(label=1)
    for pointing in found.values():
        assert list(pointing.operators) == stored.headline
        assert set(pointing.campaigns) == names
        assert set(pointing.sources) == set(known["source"])


def test_a_world_that_was_not_trained_is_refused(stored: StoredWorld, tmp_path):
    with pytest.raises(InputError, match=r"trees\.json: no such file"):
        unseen(stored, tmp_path, stored.headline[0])
