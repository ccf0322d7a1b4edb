import numpy as np
import pytest

from features.errors import InputError
from pipeline.params import Params
from pipeline.proofs.drivers import (
    LEAST_CHANGED,
    as_table,
    carried,
    drivers,
    same_strongest,
    true_families,
)
from pipeline.proofs.families import FAMILIES
from pipeline.proofs.own_drivers import own_drivers
from tests.pipeline.conftest import TinyWorld


def test_shares_by_hand() -> None:
    gain = np.array(
        [[3.0, 1, 0, -1], [0, 5, 1, 2], [1, 1, 1, 1], [9, 0, 0, 0]], dtype=np.float64
    )
    true = np.array([[1, 0, 0, 0], [1, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]], bool)

    found = carried("op", gain, true)

    # The last account has no true family. Of the others the strongest is true of one;
    # the third's true family is the fourth of equals.
    assert found.accounts == 3
    assert found.first == pytest.approx(1 / 3)
    assert found.first_by_chance == pytest.approx((1 / 4 + 2 / 4 + 1 / 4) / 3)
    # The first family is a true one of two, and so is the fourth.
    assert found.one_for_all == pytest.approx(2 / 3)
    assert found.among == pytest.approx(2 / 3)
    # Three of four families miss a single true one in one draw of four, two never.
    assert found.among_by_chance == pytest.approx((3 / 4 + 1 + 3 / 4) / 3)
    assert found.gain == pytest.approx([4 / 3, 7 / 3, 2 / 3, 2 / 3])


def test_what_is_added_is_noticed() -> None:
    gain = np.array([[0.0, 1.0, 0, 0]])

    assert carried("op", gain, gain > 0).first == 1
    assert carried("op", -gain, gain > 0).first == 0


def test_who_names_one_family_for_all_is_as_good_where_all_have_it() -> None:
    gain = np.eye(4)[[0, 1, 2, 3]]
    own = gain > 0
    shared = own.copy()
    shared[:, 0] = True

    assert carried("op", gain, own).one_for_all == 1 / 4
    assert carried("op", gain, shared).one_for_all == 1


def test_an_operator_that_changed_nothing_is_named() -> None:
    with pytest.raises(InputError, match=r"^operator op: .*; ask a world"):
        carried("op", np.ones((2, 4)), np.zeros((2, 4), bool))


def test_every_operator_of_the_stored_world(tiny_world: TinyWorld) -> None:
    found = drivers(tiny_world.folder, tiny_world.folder / "trained")

    truth = tiny_world.table("truth")
    blocks = tiny_world.table("labelled/labels")["block"].unique()
    assert [each.operator for each in found] == sorted(blocks)
    assert sum(each.accounts for each in found) <= truth.filter(label=1).height
    for each in found:
        assert 0 < each.first_by_chance < 1
        assert each.first <= each.among <= 1
        assert len(each.gain) == len(FAMILIES)
        assert any(gain > 0 for gain in each.gain)
    assert len(as_table(found, found)) == len(found) + 2


def test_boosters_that_know_the_operator_are_judged_on_accounts_they_have_not_seen(
    tiny_world: TinyWorld,
) -> None:
    said: list[str] = []
    recipe = Params.model_validate(tiny_world.params).train.recipe()

    found = own_drivers(tiny_world.folder, recipe, said.append)

    seen = drivers(tiny_world.folder, tiny_world.folder / "trained")
    assert len(said) == len(found)
    for own, unseen in zip(found, seen, strict=True):
        assert (own.operator, own.accounts) == (unseen.operator, unseen.accounts)
        assert own.first_by_chance == unseen.first_by_chance
        # They are other boosters.
        assert list(own.gain) != list(unseen.gain)


def test_an_account_of_which_nothing_was_changed_has_no_true_family(
    tiny_world: TinyWorld,
) -> None:
    shown = tiny_world.table("truth").filter(label=1)
    name = shown["account_id"][0]

    known = true_families(tiny_world.folder, [name, "nobody"])

    assert known.shape == (2, len(FAMILIES))
    assert not known[1].any()
    shares = shown["changed"][0]
    assert known[0].tolist() == [shares[family] >= LEAST_CHANGED for family in FAMILIES]
    controls = tiny_world.table("truth").filter(label=0)["account_id"][:1]
    assert not true_families(tiny_world.folder, controls.to_list()).any()


def test_two_boosters_agree_as_far_as_their_strongest_families_do() -> None:
    rest = np.ones((4, len(FAMILIES)), bool)
    one, other = np.zeros((2, 4, len(FAMILIES)))
    one[:, 0] = other[:3, 0] = other[3, 1] = 1
    some, others = carried("op", one, rest), carried("op", other, rest)

    assert same_strongest(some, some) == (1, 1)
    assert same_strongest(some, others) == (3 / 4, 3 / 4)
    assert same_strongest(others, others) == (1, (9 + 1) / 16)
