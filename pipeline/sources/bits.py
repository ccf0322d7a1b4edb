"""Yes or no for every byte of a text, sixty-four bytes a word: an eighth of the memory.

Bit 0 of word 0 is the first byte. What a question costs is the memory that it goes
through, so that nine out of ten passes over a text are made over these.
"""

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.uint64]
Flags = NDArray[np.bool_]
Positions = NDArray[np.int64]

# Sixty-four bits and not Python's own numbers: types stay those of the words.
_ONE, _LAST = np.uint64(1), np.uint64(63)


def packed(flags: Flags) -> Bits:
    """Bits of as many flags, shape (n,); those behind the last flag are not set."""
    filled = np.zeros(-(-len(flags) // 64) * 8, dtype=np.uint8)
    filled[: -(-len(flags) // 8)] = np.packbits(flags, bitorder="little")
    return filled.view("<u8")


def odd(bits: Bits) -> Bits:
    """Set where the number of bits set so far, this one included, is odd."""
    found = bits.copy()
    for distance in (1, 2, 4, 8, 16, 32):
        found ^= found << distance
    whole = np.bitwise_xor.accumulate(found >> _LAST)
    found[1:] ^= -whole[:-1]
    return found


def one_before(bits: Bits) -> Bits:
    """Set where the bit before is; not at the first."""
    found = bits << _ONE
    found[1:] |= bits[:-1] >> _LAST
    return found


def one_behind(bits: Bits) -> Bits:
    """Set where the bit behind is; not at the last."""
    found = bits >> _ONE
    found[:-1] |= bits[1:] << _LAST
    return found


def at(bits: Bits, places: Positions) -> Flags:
    """Whether the bits at these places are set."""
    found: Flags = bits[places >> 6] >> _within(places) & _ONE == _ONE
    return found


def between(bits: Bits, places: Positions) -> Positions:
    """How many bits are set between each place and the next; places grow."""
    upto = np.concatenate([[0], np.cumsum(np.bitwise_count(bits), dtype=np.int64)])
    # The place behind the last byte may be in no word.
    word = np.append(bits, np.uint64(0))[places >> 6]
    below = (_ONE << _within(places)) - _ONE
    counts: Positions = np.diff(upto[places >> 6] + np.bitwise_count(word & below))
    return counts


def places(bits: Bits) -> Positions:
    """Which bits are set, in order."""
    eights = bits.view(np.uint8)
    some = np.flatnonzero(eights)
    one, bit = np.unpackbits(eights[some, None], axis=1, bitorder="little").nonzero()
    found: Positions = some[one] * 8 + bit
    return found


def _within(places: Positions) -> Bits:
    """Place of each within its word."""
    return (places % 64).astype(np.uint64)
