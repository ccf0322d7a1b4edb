from itertools import pairwise

import numpy as np
import pytest

from pipeline.sources import bits


@pytest.fixture(params=[0, 1, 63, 64, 65, 127, 128, 1_000])
def flags(request: pytest.FixtureRequest) -> bits.Flags:
    generator = np.random.default_rng(request.param)
    drawn: bits.Flags = generator.random(request.param) < 0.3
    return drawn


def unpacked(found: bits.Bits, size: int) -> list[bool]:
    return bits.at(found, np.arange(size)).tolist()


def test_bits_are_the_flags_and_nothing_is_set_behind_them(flags: bits.Flags) -> None:
    packed = bits.packed(flags)

    assert unpacked(packed, len(flags)) == flags.tolist()
    assert bits.places(packed).tolist() == np.flatnonzero(flags).tolist()


def test_odd_tells_the_parity_of_all_so_far(flags: bits.Flags) -> None:
    found = unpacked(bits.odd(bits.packed(flags)), len(flags))

    assert found == (np.cumsum(flags) % 2 == 1).tolist()


def test_neighbours_are_found_across_words(flags: bits.Flags) -> None:
    packed, size = bits.packed(flags), len(flags)

    before = unpacked(bits.one_before(packed), size)
    behind = unpacked(bits.one_behind(packed), size)

    assert before == [False, *flags.tolist()][:size]
    assert behind == [*flags.tolist()[1:], False][:size]


def test_bits_between_places_are_counted(flags: bits.Flags) -> None:
    size = len(flags)
    places = np.unique([0, size // 3, size // 2, max(size - 1, 0), size])

    counted = bits.between(bits.packed(flags), places)

    assert counted.tolist() == [flags[a:b].sum() for a, b in pairwise(places)]
