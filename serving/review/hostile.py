"""Text of accounts made safe to show: escaped, and nothing in it unseen.

Whoever is judged writes these texts. Characters that turn the direction of reading,
or that cannot be seen at all, are shown by their number instead of being obeyed.
"""

import re
import unicodedata
from typing import Final

from markupsafe import Markup, escape

# Seen as nothing, although Unicode counts them as letters or signs.
_BLANKS: Final = "\u115f\u1160\u2800\u3164\uffa0\u034f\u17b4\u17b5"
# Between letters that they join or part, and within pictures, they belong to the text.
_JOINERS: Final = "\u200c\u200d"
_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_LINES: Final = re.compile(r"\r\n?|\n")
# Marks stacked on one letter: more than any language uses would cover other lines.
_MOST_MARKS: Final = 4


def shown(text: str) -> Markup:
    """The text as HTML, isolated in its direction of reading.

    Control and invisible characters become `U+202E` in a frame; lines are kept.
    """
    parts: list[str] = []
    marks = 0
    text = _LINES.sub("\n", text)
    for place, character in enumerate(text):
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if _unseen(text, place) or marks > _MOST_MARKS:
            parts.append(f'<span class="control">U+{ord(character):04X}</span>')
        else:
            parts.append(str(escape(character)))
    return Markup("<bdi>{}</bdi>").format(Markup("".join(parts)))


def _unseen(text: str, place: int) -> bool:
    character = text[place]
    if character in "\n\t":
        return False
    if character in _JOINERS:
        beside = text[place - 1 : place] + text[place + 1 : place + 2]
        return not (len(beside) == 2 and all(ord(c) > 0x2FF for c in beside))
    return character in _BLANKS or unicodedata.category(character) in _CATEGORIES
