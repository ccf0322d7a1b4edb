"""A ring, created in mass, that reposts a few of its own within a minute."""

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
from pipeline.world.people import People, Setting, draw_volume
from pipeline.world.posts import Posts, become_original, become_repost
from pipeline.world.side_jobs import side_jobs

STAR_SHARE = 0.04
STAR_FACTOR = 3.5
STARS_FOLLOWED = 6
SIGNATURE = Signature((24, 0.5), (9.0, 0.35), (0.5, 0.4, 0.05, 0.05))
VOLUME = ((STAR_SHARE, STAR_FACTOR), (1 - STAR_SHARE, 1.0))


def cast(people: People, setting: Setting, rng: np.random.Generator) -> None:
    """A few stars (role core), the others amplifiers; many follow, few are followed."""
    count = len(people)
    star = first_of(count, STAR_SHARE)
    people.role[:] = np.where(star, "core", "amplifier")
    people.posts = draw_volume(rng, np.where(star, STAR_FACTOR, 1.0), setting)
    people.intensity = intensities(rng, count, setting)
    create_in_waves(people, ~star, setting, rng, waves=3, days=2, share=0.65)
    make_profiles(people, ~star, setting, rng, SIGNATURE)
    lose_attention(people, ~star, setting, rng, attention=0.12, talk=0.5)


def act(
    posts: Posts, people: People, setting: Setting, rng: np.random.Generator
) -> None:
    """Stars write; the others repost them, two in three within a minute."""
    is_star = people.role == "core"
    all_shown = chosen(posts, people, rng)
    shown = side_jobs(
        posts, people, all_shown, setting, rng, boost=0.08, copy=0.12, promote=0.08
    )
    written = shown & is_star[posts.who]
    become_original(posts, written)
    rings = shown & ~is_star[posts.who]
    followed = rng.choice(np.flatnonzero(is_star), (len(people), STARS_FOLLOWED))
    wanted = followed[posts.who, rng.integers(0, STARS_FOLLOWED, len(posts))][rings]
    lag = rng.choice([0, 1, 2, 4, 9], len(wanted), p=[0.4, 0.25, 0.15, 0.1, 0.1])
    become_repost(posts, rings, wanted, lag)
    posts.shown = all_shown
    evade(posts, people, setting, rng)


BEHAVIOUR = Behaviour(
    cast=cast,
    act=act,
    families={
        "core": ("coordination",),
        "amplifier": ("timing", "amplification", "profile", "life cycle"),
    },
)
