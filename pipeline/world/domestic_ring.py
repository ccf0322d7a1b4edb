"""A domestic retweet ring with hijacked accounts, and cross-posters beside it.

Ring accounts repost a few accounts of their side. Some were hijacked: their owners are
victims, whose own posts stop where the ring's begin. Cross-posters carry the texts of an
outlet elsewhere, the same text by several accounts within the hour, always linked.
"""

import numpy as np

from pipeline.world.behaviour import (
    Behaviour,
    Signature,
    chosen,
    create_in_waves,
    first_of,
    intensities,
    lose_attention,
    make_profiles,
)
from pipeline.world.evasion import evade
from pipeline.world.keys import MINUTES_A_DAY, Flags, draw_keys
from pipeline.world.people import People, Setting
from pipeline.world.posts import Posts, become_original, become_repost
from pipeline.world.reactivation import be_old, change_hands, split_lives
from pipeline.world.rhythm import reaction
from pipeline.world.side_jobs import side_jobs
from pipeline.world.vocabulary import SIDES

HIJACKED, CROSSPOSTER, LEADER = 0.12, 0.25, 0.05
TEXTS_A_WEEK = 3
OUTLET_DOMAINS = (27, 28, 29)
CROSSPOST_CLIENT = 7
SIGNATURE = Signature((70, 0.5), (7.0, 0.35), (0.1, 0.7, 0.1, 0.1))


def cast(people: People, setting: Setting, rng: np.random.Generator) -> None:
    """Fresh ring accounts in waves; hijacked ones keep profile and audience."""
    count = len(people)
    others = ["hijacked", "crossposter", "amplifier"]
    shares = [HIJACKED, CROSSPOSTER, 1 - HIJACKED - CROSSPOSTER]
    drawn = np.array(others, dtype=object)[rng.choice(3, count, p=shares)]
    people.role[:] = np.where(first_of(count, LEADER), "core", drawn)
    people.intensity = intensities(rng, count, setting)
    hijacked = people.role == "hijacked"
    be_old(people, hijacked, setting, rng)
    create_in_waves(people, ~hijacked, setting, rng, waves=5, days=4, share=0.7)
    make_profiles(people, ~hijacked, setting, rng, SIGNATURE)
    lose_attention(people, ~hijacked, setting, rng, attention=0.12, talk=0.4)
    lose_attention(people, hijacked, setting, rng, attention=0.4, talk=0.6)


def act(
    posts: Posts, people: People, setting: Setting, rng: np.random.Generator
) -> None:
    """The ring reposts its leaders, hijacked accounts after their break only."""
    hijacked = people.role == "hijacked"
    returned = split_lives(posts, people, hijacked, setting, rng)
    change_hands(posts, people, returned, rng, hours=5, speak=False)
    posts.shown = chosen(posts, people, rng) & (returned | ~hijacked[posts.who])
    shown = side_jobs(
        posts, people, posts.shown, setting, rng, boost=0.1, copy=0.12, promote=0.08
    )
    crossed = shown & (people.role == "crossposter")[posts.who]
    written = shown & (people.role == "core")[posts.who]
    become_original(posts, written | crossed)
    posts.topic[written] = rng.choice([SIDES[0], SIDES[0], 3, 4], int(written.sum()))
    _cross_post(posts, crossed, setting, rng)
    ring = shown & ~written & ~crossed
    leaders = np.flatnonzero(people.role == "core")
    followed = rng.choice(leaders, (len(people), 4))
    wanted = followed[posts.who, rng.integers(0, 4, len(posts))][ring]
    become_repost(posts, ring, wanted, reaction(rng, len(wanted), 12, 1.5))
    evade(posts, people, setting, rng)


def _cross_post(
    posts: Posts, rows: Flags, setting: Setting, rng: np.random.Generator
) -> None:
    """The texts of one outlet: a few a week, each by many accounts within the hour."""
    count = int(rows.sum())
    number = (setting.end - setting.start) // (7 * MINUTES_A_DAY) * TEXTS_A_WEEK
    keys, out = draw_keys(rng, number), rng.integers(setting.start, setting.end, number)
    out.sort()
    text = np.clip(np.searchsorted(out, posts.at[rows]), 0, number - 1)
    at = out[text] + rng.integers(0, 60, count)
    posts.at[rows] = np.where(at > posts.first[rows], at, posts.at[rows])
    posts.key[rows] = posts.frame[rows] = posts.loose[rows] = keys[text]
    posts.topic[rows] = rng.choice(10, number)[text]
    posts.domain[rows] = np.array(OUTLET_DOMAINS)[text % len(OUTLET_DOMAINS)]
    posts.client[rows] = CROSSPOST_CLIENT
    posts.copied[rows] = True


BEHAVIOUR = Behaviour(
    cast=cast,
    act=act,
    families={
        "core": ("coordination", "profile"),
        "amplifier": ("amplification", "profile", "coordination"),
        "hijacked": ("life cycle", "clients", "amplification"),
        "crossposter": ("content", "clients", "coordination"),
    },
)
