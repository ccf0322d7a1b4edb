"""Topic swap: scores of the same accounts, in the same form, about other subjects.

Every word of a post, a tag or a self-description takes the place of another of its
length and script, the same one everywhere: what was repeated still is, sentences keep
their shape, and nothing of what they were about is left. Links, names addressed, times
and counts stay. A model that does not read subjects hardly moves.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import polars as pl

from pipeline.held_out import HeldOut

# Shorter words are grammar more often than subjects.
_LEAST: Final = 4
_KEPT: Final = r"https?://\S+|@\w+"
_TOKEN: Final = re.compile(rf"(?:{_KEPT})|[^\W\d_]{{{_LEAST},}}")
_IS_KEPT: Final = re.compile(_KEPT)


def topic_swap_report(sample: Sequence[HeldOut]) -> dict[str, Any]:
    """The block `audit.topic_swap` of metrics.json.

    `shift_95`: distance, in log-odds, that 19 of 20 scores stay within; `words`: how
    many different words were exchanged. Null with the reason where there are no words.

    Args:
        sample: see pipeline.held_out; both classes are swapped.
    """
    words = _vocabulary(sample)
    if len(words) < 2:
        return {"shift_95": None, "reason": "the sample has no words to exchange"}
    other = exchange(words)
    shifts = []
    for fold in sample:
        rows = np.arange(fold.accounts.height)
        before = fold.logits(fold.accounts, fold.posts, rows)
        after = fold.logits(*swapped(fold.accounts, fold.posts, other), rows)
        shifts.append(np.abs(after - before))
    shift = np.concatenate(shifts)
    return {
        "accounts": len(shift),
        "words": len(words),
        "shift_95": round(float(np.quantile(shift, 0.95)), 6),
        "shift_most": round(float(shift.max()), 6),
    }


def exchange(words: Sequence[str]) -> dict[str, str]:
    """Word -> another one as long and of the same script; itself if there is none.

    Each word is the place-taker of exactly one, so that different words stay different.

    Args:
        words: in lower case, without repetition.
    """
    alike: dict[tuple[int, int], list[str]] = {}
    for word in words:
        # Blocks of 256 characters stand for scripts.
        alike.setdefault((len(word), ord(word[0]) >> 8), []).append(word)
    pairs: dict[str, str] = {}
    for members in alike.values():
        drawn = sorted(members, key=lambda word: hashlib.sha256(word.encode()).digest())
        pairs |= zip(drawn, [*drawn[1:], drawn[0]], strict=True)
    return pairs


def swapped(
    accounts: pl.DataFrame, posts: pl.DataFrame, other: Mapping[str, str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Canonical tables with every word exchanged in posts, tags and self-descriptions.

    Args:
        accounts: canonical.
        posts: canonical.
        other: see `exchange`.
    """

    def of_text(column: str) -> pl.Expr:
        return pl.col(column).map_elements(
            lambda text: _swap(text, other), pl.String, skip_nulls=True
        )

    tags = pl.Series(
        "hashtags",
        [
            None if tags is None else [_swap(tag, other) for tag in tags]
            for tags in posts["hashtags"].to_list()
        ],
        dtype=posts.schema["hashtags"],
    )
    return (
        accounts.with_columns(of_text("bio")),
        posts.with_columns(of_text("text"), tags),
    )


def _swap(text: str, other: Mapping[str, str]) -> str:
    return _TOKEN.sub(lambda found: _in_case(found[0], other), text)


def _in_case(word: str, other: Mapping[str, str]) -> str:
    """What takes the word's place, its letters as large as those of the word."""
    if _IS_KEPT.fullmatch(word):
        return word
    taken = other.get(word.lower())
    if taken is None or len(taken) != len(word):
        return word
    return "".join(
        new.upper() if old.isupper() else new
        for old, new in zip(word, taken, strict=True)
    )


def _vocabulary(sample: Sequence[HeldOut]) -> list[str]:
    found: set[str] = set()
    for fold in sample:
        tags = fold.posts["hashtags"].drop_nulls().explode().drop_nulls()
        for texts in (fold.posts["text"], fold.accounts["bio"], tags):
            for text in texts.drop_nulls():
                found |= {
                    word.lower()
                    for word in _TOKEN.findall(text)
                    if not _IS_KEPT.fullmatch(word)
                }
    return sorted(found)
