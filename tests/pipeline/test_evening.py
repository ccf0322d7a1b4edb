import numpy as np
import pytest

from pipeline.evening import even_ranks, even_shares

IDS = [f"a/{n:03}" for n in range(600)]
POSITIVE = np.arange(600) % 3 == 0


def quartiles(values: np.ndarray, side: np.ndarray) -> list[float]:
    return [float(np.quantile(values[side], q)) for q in (0.1, 0.25, 0.5, 0.75, 0.9)]


def test_ranks_are_alike_and_nothing_is_added() -> None:
    generator = np.random.default_rng(1)
    values = generator.integers(0, 100, 600) * np.where(POSITIVE, 1, 4)

    kept = even_ranks(values, None, POSITIVE, IDS)

    assert (kept <= values).all()
    assert quartiles(kept, POSITIVE) == pytest.approx(quartiles(kept, ~POSITIVE), abs=2)
    # The smaller class of the two keeps what it has.
    assert kept[POSITIVE].sum() > 0.98 * values[POSITIVE].sum()


def test_two_values_are_alike_together_only_within_bands() -> None:
    """The long windows of one class have few posts, those of the other have many."""
    generator = np.random.default_rng(2)
    window = generator.integers(0, 1_000, 600)
    noise = generator.integers(0, 50, 600)
    posts = np.where(POSITIVE, 1_000 - window, window) + noise

    alone = even_ranks(posts, None, POSITIVE, IDS)
    together = even_ranks(posts, window, POSITIVE, IDS)

    long = window > 800
    for kept, alike in ((alone, False), (together, True)):
        one, other = (np.median(kept[long & side]) for side in (POSITIVE, ~POSITIVE))
        assert bool(abs(one - other) < 60) is alike


def test_values_without_a_second_one_to_tell_them_apart_are_one_band() -> None:
    values = np.arange(600)

    one = even_ranks(values, None, POSITIVE, IDS)

    assert (even_ranks(values, np.zeros(600, dtype=int), POSITIVE, IDS) == one).all()


def test_one_class_alone_keeps_everything() -> None:
    values = np.arange(600)

    assert (even_ranks(values, values, np.ones(600, dtype=bool), IDS) == values).all()


def test_shares_are_alike_and_only_known_values_are_taken() -> None:
    known = ~POSITIVE | (np.arange(600) % 2 == 0)

    taken = even_shares(known, POSITIVE, IDS, "cause")

    assert not (taken & ~known).any()
    assert not (taken & POSITIVE).any()
    rest = known & ~taken
    assert rest[POSITIVE].mean() == pytest.approx(rest[~POSITIVE].mean(), abs=0.1)


def test_shares_are_alike_in_each_band_of_a_second_value() -> None:
    """What one class has of long histories only, the other has of short ones."""
    posts = np.arange(600) // 6
    known = np.where(POSITIVE, posts >= 40, posts < 60)

    alone = known & ~even_shares(known, POSITIVE, IDS, "cause")
    banded = known & ~even_shares(known, POSITIVE, IDS, "cause", posts)

    for rest, alike in ((alone, False), (banded, True)):
        long = posts >= 80
        one, other = (rest[long & side].mean() for side in (POSITIVE, ~POSITIVE))
        assert bool(abs(one - other) < 0.1) is alike
    middle = (posts >= 40) & (posts < 60)
    assert (banded & middle).sum() > 0.9 * middle.sum()


def test_equal_values_share_a_band() -> None:
    known = ~POSITIVE | (np.arange(600) % 2 == 0)

    one = even_shares(known, POSITIVE, IDS, "cause")
    same = even_shares(known, POSITIVE, IDS, "cause", np.full(600, 7))

    assert (one == same).all()
