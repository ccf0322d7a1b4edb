"""Which post of the archive a reaction reacts to, and when it therefore happens."""

import numpy as np

from pipeline.world.keys import Flags, Ints
from pipeline.world.people import ORIGINAL, REPOST, People, Setting
from pipeline.world.posts import NOBODY, Posts, aim_at_press

ATTEMPTS = 5
_YEARS = 2**24  # minutes; more than any window is long


def resolve(
    posts: Posts, people: People, setting: Setting, rng: np.random.Generator
) -> None:
    """Point reactions at originals of the accounts they want, else at the press.

    A reaction with a lag happens so long after the original; one without keeps its
    time. An account reposts a post once, never its own, and only in its own lifetime.
    """
    originals = np.flatnonzero(posts.kind == ORIGINAL)
    base = int(posts.at.min())
    code = posts.who[originals] * _YEARS + posts.at[originals] - base
    order = np.argsort(code, kind="stable")
    originals, code = originals[order], code[order]
    rows = np.flatnonzero((posts.kind != ORIGINAL) & (posts.wanted != NOBODY))
    low = np.searchsorted(code, posts.wanted[rows] * _YEARS)
    high = np.searchsorted(code, (posts.wanted[rows] + 1) * _YEARS) - 1
    moment = posts.wanted[rows] * _YEARS + posts.at[rows] - base
    place = np.clip(np.searchsorted(code, moment) - 1, low, high)
    for _ in range(ATTEMPTS):
        # Only a reaction whose time may move gets further chances, at any original.
        unmet = (posts.target[rows] == NOBODY) & (high >= low)
        posts.target[rows[unmet]] = originals[place[unmet]]
        timed = rows[unmet & (posts.lag[rows] != NOBODY)]
        posts.at[timed] = posts.at[posts.target[timed]] + posts.lag[timed]
        found = rows[posts.target[rows] != NOBODY]
        posts.target[found[_wrong(posts, found)]] = NOBODY
        anywhere = low + (rng.random(len(rows)) * (high - low + 1)).astype(np.int64)
        place = np.where(posts.lag[rows] != NOBODY, anywhere, place)
    lost = np.zeros(len(posts), dtype=bool)
    lost[rows] = posts.target[rows] == NOBODY
    posts.shown[lost] = False
    posts.at[lost] = np.maximum(posts.at[lost], posts.first[lost])
    aim_at_press(posts, lost, people, setting, rng)


def _wrong(posts: Posts, found: Ints) -> Flags:
    """Which reactions come too early, react to oneself, or repeat a repost."""
    target = posts.target[found]
    wrong: Flags = (
        (posts.at[found] < posts.at[target])
        | (posts.at[found] < posts.first[found])
        | (posts.who[found] == posts.who[target])
    )
    reposts = np.flatnonzero((posts.kind[found] == REPOST) & ~wrong)
    pair = posts.who[found[reposts]] * len(posts) + target[reposts]
    _, once = np.unique(pair, return_index=True)
    again = np.ones(len(reposts), dtype=bool)
    again[once] = False
    wrong[reposts[again]] = True
    return wrong
