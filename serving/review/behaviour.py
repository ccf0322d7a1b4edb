"""Behaviour strings: what an account did, letter by letter, and what its posts hold."""

from dataclasses import dataclass
from typing import Final

import polars as pl

from features.evidence import show_behaviour

# Of longer strings the end is shown: some eight lines on a wide screen.
MOST: Final = 600


@dataclass(frozen=True)
class Behaviour:
    """BLOC strings of one account (features.bloc.strings), their ends if they are long.

    Attributes:
        action: a letter a post, and a mark for the pause before it.
        content: a word in brackets for each own post; null if no text is known.
        cut: whether earlier posts are left out of one of them.
    """

    action: str
    content: str | None
    cut: bool


def behaviour(accounts: pl.DataFrame, posts: pl.DataFrame) -> Behaviour | None:
    """Strings of one account; null if no post of it counts."""
    found = show_behaviour(accounts, posts)
    if found.is_empty():
        return None
    action, content = found["action"][0], found["content"][0]
    return Behaviour(
        action=action[-MOST:],
        content=content and _whole_words(content),
        cut=max(len(action), len(content or "")) > MOST,
    )


def _whole_words(content: str) -> str:
    end = content[-MOST:]
    return end[end.index("(") :]
