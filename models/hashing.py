"""Numbers drawn from a key instead of from chance: the same on every machine and run."""

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


def uniform(keys: Iterable[str], purpose: str) -> NDArray[np.float64]:
    """One number in [0, 1) for each key, shape (n_keys,).

    Args:
        keys: for example account ids.
        purpose: keeps draws for different ends independent of one another.
    """
    prefix = hashlib.blake2b(purpose.encode(), digest_size=16).digest()
    drawn = [
        int.from_bytes(
            hashlib.blake2b(key.encode(), key=prefix, digest_size=7).digest(), "big"
        )
        for key in keys
    ]
    # 53 of the 56 bits: what a float64 holds exactly.
    return np.array([number >> 3 for number in drawn], dtype=np.float64) / 2**53
