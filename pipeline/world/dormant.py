"""The forerunner: bought and dormant accounts that return in other hands.

They had a life: another language, client and clock. After a long silence most repost the
few that write, and the few write what the operator wants, in weeks that it calls.
"""

import numpy as np

from pipeline.world.behaviour import (
    Behaviour,
    Signature,
    chosen,
    first_of,
    in_rallies,
    intensities,
    lose_attention,
    make_profiles,
)
from pipeline.world.evasion import evade
from pipeline.world.keys import draw_keys
from pipeline.world.people import People, Setting
from pipeline.world.posts import Posts, become_original, become_repost
from pipeline.world.reactivation import be_old, change_hands, split_lives
from pipeline.world.rhythm import reaction
from pipeline.world.side_jobs import side_jobs
from pipeline.world.vocabulary import SIDES

CORE_SHARE = 0.2
BOUGHT_SHARE = 0.6
HOURS = 8
# Bought with an audience: nothing like the empty accounts of other networks.
BOUGHT = Signature((900, 0.4), (0.12, 0.3), (0.1, 0.1, 0.7, 0.1))
DORMANT = Signature((150, 0.5), (4.5, 0.3), (0.7, 0.1, 0.1, 0.1))


def cast(people: People, setting: Setting, rng: np.random.Generator) -> None:
    """Old accounts with an audience that is not theirs; one in five writes."""
    count = len(people)
    everyone = np.ones(count, dtype=bool)
    people.role[:] = np.where(first_of(count, CORE_SHARE), "core", "amplifier")
    people.intensity = intensities(rng, count, setting)
    be_old(people, everyone, setting, rng)
    bought = rng.random(count) < BOUGHT_SHARE
    make_profiles(people, bought, setting, rng, BOUGHT)
    make_profiles(people, ~bought, setting, rng, DORMANT)
    lose_attention(people, everyone, setting, rng, attention=0.1, talk=0.5)


def act(
    posts: Posts, people: People, setting: Setting, rng: np.random.Generator
) -> None:
    """After the return: the core in templates and rallies, the others reposting it."""
    is_core = people.role == "core"
    returned = split_lives(posts, people, people.intensity > 0, setting, rng)
    change_hands(posts, people, returned, rng, hours=HOURS, speak=True)
    all_shown = chosen(posts, people, rng) & returned
    shown = side_jobs(
        posts, people, all_shown, setting, rng, boost=0.1, copy=0.12, promote=0.08
    )
    written = shown & is_core[posts.who]
    count = int(written.sum())
    become_original(posts, written)
    posts.topic[written] = rng.choice([SIDES[1], SIDES[1], 6, 7], count)
    formula = rng.random(count) < 0.4
    frames = rng.choice(draw_keys(rng, 30), count)
    posts.frame[written] = np.where(formula, frames, posts.key[written])
    boosts = shown & ~is_core[posts.who]
    core = np.flatnonzero(is_core)
    masters = rng.choice(core, (len(people), 5))
    place = np.minimum(rng.geometric(0.4, len(posts)) - 1, 4)
    wanted = masters[posts.who, place][boosts]
    become_repost(posts, boosts, wanted, reaction(rng, len(wanted), 30, 1.6))
    in_rallies(posts, written, setting, rng, share=0.3)
    posts.shown = all_shown
    evade(posts, people, setting, rng)


BEHAVIOUR = Behaviour(
    cast=cast,
    act=act,
    families={
        "core": ("life cycle", "clients", "content", "coordination"),
        "amplifier": ("life cycle", "clients", "amplification", "coordination"),
    },
)
