"""Integers that look random but follow from a key alone: the same key, the same text."""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Keys = NDArray[np.uint64]
Texts = NDArray[np.object_]

# First millisecond of the platform's time-ordered ids, and the first day that account
# ids were of that kind.
ID_EPOCH_MS = 1_288_834_974_657
ID_DAY = 16_740
MINUTES_A_DAY = 1440


def mix(keys: Keys | Ints, salt: int) -> Keys:
    """Key of the same shape, unrelated to the given one for each salt.

    Source: the finaliser of SplitMix64 (Steele, Lea and Flood 2014).
    """
    step = np.uint64(salt * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019 & (2**64 - 1))
    value: Keys = keys.astype(np.uint64) + step
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


def pick(keys: Keys | Ints, salt: int, choices: int) -> Ints:
    """Number in `range(choices)` for each key."""
    return (mix(keys, salt) % np.uint64(choices)).astype(np.int64)


def draw_keys(rng: np.random.Generator, count: int) -> Keys:
    """Fresh keys, all different for any practical count."""
    return rng.integers(0, 2**63, count, dtype=np.uint64)


def post_ids(at: Ints, keys: Keys | Ints, low: Ints) -> Ints:
    """Ids that hold the minute, as the platform's do; unique where `low` is.

    Args:
        at: minutes since 1970.
        keys: give the millisecond inside the minute.
        low: the lowest 22 bits.
    """
    milliseconds = at * 60_000 + pick(keys, 901, 60_000) - ID_EPOCH_MS
    return (milliseconds << 22) | (low % 2**22)


def account_ids(created: Ints, keys: Keys | Ints) -> Ints:
    """Ids of 8 to 19 digits: counted up to 2015, holding the time afterwards.

    Args:
        created: days since 1970.
        keys: one an account.
    """
    counted = 12_000_000 + (created - 13_000) * 900_000 + pick(keys, 902, 900_000)
    timed = post_ids(created * MINUTES_A_DAY, keys, pick(keys, 903, 2**22))
    return np.where(created < ID_DAY, counted, timed)
