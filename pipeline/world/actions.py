"""What accounts do against others: reports, blocks, mutes, lists; known to reporters."""

from dataclasses import dataclass

import numpy as np

from pipeline.world.keys import MINUTES_A_DAY, Ints, Texts, account_ids, mix, pick
from pipeline.world.people import People, Setting
from pipeline.world.posts import Posts

KINDS = ("block", "mute", "report", "list")
BLOCK, MUTE, REPORT, LIST = range(4)
# Outside accounts that people quarrel with, a few of them with very many.
OPPONENTS = 4000


@dataclass(frozen=True)
class Actions:
    """One value an action in each array: who, kind, number of the opponent, minute."""

    who: Ints
    kind: Ints
    opponent: Ints
    at: Ints

    def __add__(self, other: "Actions") -> "Actions":
        return Actions(
            np.concatenate([self.who, other.who]),
            np.concatenate([self.kind, other.kind]),
            np.concatenate([self.opponent, other.opponent]),
            np.concatenate([self.at, other.at]),
        )


def ordinary_actions(posts: Posts, people: People, rng: np.random.Generator) -> Actions:
    """A quarrel now and then: one account in three, mostly blocks, at its own times."""
    quarrels = np.where(
        rng.random(len(people)) < 0.35, rng.poisson(1.5, len(people)), 0
    )
    who = np.repeat(np.arange(len(people)), quarrels)
    count = len(who)
    return Actions(
        who,
        rng.choice(len(KINDS), count, p=[0.5, 0.3, 0.15, 0.05]),
        (OPPONENTS * rng.beta(0.6, 3.0, count)).astype(np.int64),
        moments(posts, who, rng),
    )


def moments(posts: Posts, who: Ints, rng: np.random.Generator) -> Ints:
    """A minute in the days from the first to the last post of each account."""
    first = np.full(who.max(initial=0) + 1, np.iinfo(np.int64).max)
    last = np.zeros(len(first), dtype=np.int64)
    inside = posts.who < len(first)
    np.minimum.at(first, posts.who[inside], posts.at[inside])
    np.maximum.at(last, posts.who[inside], posts.at[inside])
    width = last[who] - first[who]
    minutes: Ints = first[who] + (rng.random(len(who)) * (width + 1)).astype(np.int64)
    return minutes


def opponent_ids(opponents: Ints, setting: Setting) -> Texts:
    """Id of each opponent: outsiders are never hashed."""
    keys = mix(opponents, setting.press.seed + 11)
    latest = setting.start // MINUTES_A_DAY
    ids: Texts = account_ids(latest - 30 - pick(keys, 25, 2500), keys).astype(str)
    return ids.astype(object)
