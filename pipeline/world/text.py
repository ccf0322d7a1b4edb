"""Sentences from keys: the same key gives the same words wherever it is used."""

import numpy as np

from pipeline.world.keys import Flags, Ints, Keys, Texts, mix, pick
from pipeline.world.vocabulary import LANGUAGES

_ENDINGS = ("", "", "", " :)", " 🙂", "!!", "...", " 🎉")
NOISES = 6


def render(
    keys: Keys, frames: Keys, languages: Ints, topics: Ints, loose: Keys | None = None
) -> Texts:
    """One to two sentences a post.

    Args:
        keys: choose the free words; (n_posts,).
        frames: choose pattern, number of sentences and subject; a template is one
            frame with many keys, a post of its own has its key as frame.
        languages: index into `LANGUAGES`.
        topics: index into `TOPICS`.
        loose: choose adverbs and times alone, so that the same post with another of
            these is a paraphrase; null: as `keys`.
    """
    loose = keys if loose is None else loose
    first = _sentence(keys, frames, languages, topics, loose)
    longer = pick(frames, 1, 5) < 2
    second = _sentence(
        mix(keys[longer], 2),
        mix(frames[longer], 3),
        languages[longer],
        topics[longer],
        mix(loose[longer], 2),
    )
    first[longer] = first[longer] + " " + second
    return first


def _sentence(
    keys: Keys, frames: Keys, languages: Ints, topics: Ints, loose: Keys
) -> Texts:
    texts = np.empty(len(keys), dtype=object)
    patterns = np.where(languages == 0, pick(frames, 4, 12), pick(frames, 4, 10))
    group = (languages * 100 + topics) * 100 + patterns
    order = np.argsort(group, kind="stable")
    bounds = np.flatnonzero(np.diff(group[order])) + 1
    for rows in np.split(order, bounds):
        if not len(rows):
            continue
        language = LANGUAGES[languages[rows[0]]]
        topic = topics[rows[0]]
        pattern = language.patterns[patterns[rows[0]]]
        things = language.things[topic]
        deeds = language.deeds[topic]
        columns = (
            things[pick(frames[rows], 5, len(things))],
            things[pick(keys[rows], 6, len(things))],
            deeds[pick(keys[rows], 7, len(deeds))],
            language.looks[pick(loose[rows], 8, len(language.looks))],
            language.places[pick(keys[rows], 9, len(language.places))],
            language.whens[pick(loose[rows], 10, len(language.whens))],
        )
        texts[rows] = [
            _capital(pattern.format(thing=a, thing2=b, deed=c, look=d, place=e, when=f))
            for a, b, c, d, e, f in zip(*columns, strict=True)
        ]
    return texts


def _capital(sentence: str) -> str:
    # Scripts without capitals have code points for them that nobody types.
    return sentence[0].upper() + sentence[1:] if sentence.isascii() else sentence


def roughen(texts: Texts, noises: Ints, rows: Flags) -> None:
    """Change the chosen texts as a careless copier would; noise 0 changes nothing."""
    for row in np.flatnonzero(rows & (noises > 0)):
        text = texts[row]
        match noises[row]:
            case 1:
                text = text.rstrip(".!?")
            case 2:
                text = text + " .."
            case 3:
                text = text.replace(" ", "  ", 1)
            case 4:
                text = text[0].lower() + text[1:]
            case _:
                text = text.rsplit(" ", 1)[0] if " " in text else text[:-2]
        texts[row] = text


def in_style(texts: Texts, styles: Ints, keys: Keys, rows: Flags) -> None:
    """Give the chosen texts their writer's habits: casing, stops, closing signs.

    Args:
        texts: changed in place.
        styles: one a post, that of its writer; 0 to 7.
        keys: choose among the habits.
        rows: which texts.
    """
    chance = pick(keys, 11, 100)
    for row in np.flatnonzero(rows):
        style = styles[row]
        text = texts[row]
        if style & 1:
            text = text.lower()
        if style & 2 and chance[row] < 60:
            text = text.rstrip(".")
        if style & 4 and chance[row] % 2:
            text = text + _ENDINGS[chance[row] % len(_ENDINGS)]
        texts[row] = text
