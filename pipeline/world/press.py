"""Prominent outside accounts and their posts, which everybody reads, reposts, quotes.

Nothing is stored: number `n` of an author has one key, and its time, topic, id and
words follow from it, so that all archives of a world agree on them.
"""

from dataclasses import dataclass

import numpy as np

from pipeline.world.keys import Ints, Keys, Texts, account_ids, mix, pick, post_ids
from pipeline.world.text import render
from pipeline.world.vocabulary import LANGUAGES, TOPICS

AUTHORS = 60
STEP_MINUTES = 480
_NAMES = ("lantern", "ferry", "mill", "plum", "granite", "heron", "tide", "chalk")
_KINDS = ("Daily", "Wire", "Voice", "Notes", "Square", "Desk", "Talk", "Herald")


@dataclass(frozen=True)
class Press:
    """Authors `language * AUTHORS + i`; each posts once in every `STEP_MINUTES`."""

    seed: int
    start: int

    def latest(self, authors: Ints, at: Ints) -> Ints:
        """Number of a post of each author that is out at that minute."""
        return (at - self.start) // STEP_MINUTES - 1

    def keys(self, authors: Ints, numbers: Ints) -> Keys:
        """Key of each post: of its words, its topic and its minute."""
        return mix((numbers + 5000) * 1000 + authors, self.seed + 1)

    def at(self, authors: Ints, numbers: Ints) -> Ints:
        """Minute of each post."""
        offset = pick(self.keys(authors, numbers), 21, STEP_MINUTES)
        return self.start + numbers * STEP_MINUTES + offset

    def topics(self, authors: Ints, numbers: Ints) -> Ints:
        """Topic of each post: a third of authors take each side of the quarrel."""
        keys = self.keys(authors, numbers)
        side = authors % 3
        on_side = (side < 2) & (pick(keys, 22, 100) < 55)
        return np.where(on_side, side, 2 + pick(keys, 23, len(TOPICS) - 2))

    def languages(self, authors: Ints) -> Ints:
        """Language of each author."""
        return authors // AUTHORS

    def texts(self, authors: Ints, numbers: Ints) -> Texts:
        """Words of each post."""
        keys = self.keys(authors, numbers)
        return render(
            keys, keys, self.languages(authors), self.topics(authors, numbers)
        )

    def post_ids(self, authors: Ints, numbers: Ints) -> Ints:
        """Id of each post."""
        keys = self.keys(authors, numbers)
        return post_ids(self.at(authors, numbers), keys, authors + 1000)

    def author_ids(self, authors: Ints) -> Ints:
        """Id of each author: prominent accounts are never hashed."""
        keys = mix(authors, self.seed + 7)
        return account_ids(14_000 + pick(keys, 24, 2500), keys)

    def handles(self) -> Texts:
        """Screen names of all authors, in order."""
        names = np.empty(AUTHORS * len(LANGUAGES), dtype=object)
        for author in range(len(names)):
            name = _NAMES[author % len(_NAMES)].title()
            kind = _KINDS[author // len(_NAMES) % len(_KINDS)]
            names[author] = f"{name}{kind}{author}"
        return names
