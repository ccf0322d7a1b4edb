"""A core that writes in office hours and 6.3 times as many accounts that boost it."""

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
from pipeline.world.keys import MINUTES_A_DAY, draw_keys
from pipeline.world.people import People, Setting, draw_volume
from pipeline.world.posts import Posts, become_original, become_repost
from pipeline.world.rhythm import office, reaction
from pipeline.world.side_jobs import side_jobs
from pipeline.world.vocabulary import SIDES

CORE_FACTOR = 2.4
MASTERS = 6
OFFICE_ZONE = 240
QUIET_DAYS = (4, 5)
SPIKES = 3
CORE_SIGNATURE = Signature((60, 0.5), (6.0, 0.35), (0.1, 0.1, 0.6, 0.2))
AMPLIFIER_SIGNATURE = Signature((8, 0.6), (6.0, 0.35), (0.85, 0.05, 0.05, 0.05))


def behaviour(amplifiers_per_core: float) -> Behaviour:
    """The behaviour, for a given ratio of amplifiers to core accounts."""

    def cast(people: People, setting: Setting, rng: np.random.Generator) -> None:
        count = len(people)
        core = first_of(count, 1 / (1 + amplifiers_per_core))
        people.role[:] = np.where(core, "core", "amplifier")
        people.posts = draw_volume(rng, np.where(core, CORE_FACTOR, 1.0), setting)
        people.intensity = intensities(rng, count, setting)
        create_in_waves(people, core, setting, rng, waves=4, days=5, share=0.4)
        create_in_waves(people, ~core, setting, rng, waves=6, days=3, share=0.55)
        make_profiles(people, core, setting, rng, CORE_SIGNATURE)
        make_profiles(people, ~core, setting, rng, AMPLIFIER_SIGNATURE)
        everyone = np.ones(count, dtype=bool)
        lose_attention(people, everyone, setting, rng, attention=0.12, talk=0.5)

    return Behaviour(
        cast=cast,
        act=_act,
        families={
            "core": ("timing", "content", "life cycle", "coordination"),
            "amplifier": ("amplification", "profile", "life cycle", "coordination"),
        },
    )


def _act(
    posts: Posts, people: People, setting: Setting, rng: np.random.Generator
) -> None:
    is_core = people.role == "core"
    all_shown = chosen(posts, people, rng)
    shown = side_jobs(
        posts, people, all_shown, setting, rng, boost=0.1, copy=0.12, promote=0.08
    )
    by_core = shown & is_core[posts.who]
    count = int(by_core.sum())
    become_original(posts, by_core)
    days = rng.integers(setting.start, setting.end, SPIKES) // MINUTES_A_DAY
    spike = rng.random(count) < 0.25
    week = rng.choice(days, count) * MINUTES_A_DAY + rng.integers(0, 7, count)
    at = np.where(spike, week, posts.at[by_core])
    at = office(at, OFFICE_ZONE, QUIET_DAYS, rng)
    posts.at[by_core] = np.where(at > posts.first[by_core], at, posts.at[by_core])
    posts.topic[by_core] = rng.choice([SIDES[0], SIDES[0], SIDES[0], 6, 5], count)
    frames = draw_keys(rng, 40)
    formula = rng.random(count) < 0.3
    posts.frame[by_core] = np.where(
        formula, rng.choice(frames, count), posts.key[by_core]
    )
    posts.tags[by_core] = np.maximum(posts.tags[by_core], rng.integers(0, 3, count))
    boosts = shown & ~is_core[posts.who]
    masters = rng.choice(np.flatnonzero(is_core), (len(people), MASTERS))
    place = np.minimum(rng.geometric(0.4, len(posts)) - 1, MASTERS - 1)
    wanted = masters[posts.who, place][boosts]
    lag = reaction(rng, len(wanted), 45, 1.6)
    become_repost(posts, boosts, wanted, lag)
    posts.shown = all_shown
    evade(posts, people, setting, rng)


def volume(amplifiers_per_core: float) -> tuple[tuple[float, float], ...]:
    """Share of each role and factor of its number of posts."""
    core = 1 / (1 + amplifiers_per_core)
    return ((core, CORE_FACTOR), (1 - core, 1.0))
