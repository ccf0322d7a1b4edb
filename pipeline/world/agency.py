"""An agency whose accounts post templates with its clients' links from schedulers."""

import numpy as np

from pipeline.world.behaviour import (
    Behaviour,
    Signature,
    chosen,
    create_in_waves,
    intensities,
    lose_attention,
    make_profiles,
)
from pipeline.world.evasion import evade
from pipeline.world.keys import Ints, draw_keys
from pipeline.world.people import SCHEDULERS, People, Setting
from pipeline.world.posts import NOBODY, Posts, become_original
from pipeline.world.rhythm import at_slots
from pipeline.world.side_jobs import side_jobs
from pipeline.world.vocabulary import COMMERCIAL, DOMAINS, SIDES

TEMPLATES = 7
CLIENTS_SERVED = 4
# Followers inflated by the agency's own accounts.
SIGNATURE = Signature((190, 0.4), (6.0, 0.35), (0.05, 0.1, 0.35, 0.5))


def behaviour(clients: tuple[int, ...], political: float) -> Behaviour:
    """The behaviour of one campaign.

    Args:
        clients: domains (indexes) of the clients of this campaign.
        political: share of its posts about the public quarrel, not about wares.
    """

    def act(
        posts: Posts, people: People, setting: Setting, rng: np.random.Generator
    ) -> None:
        all_shown = chosen(posts, people, rng)
        shown = side_jobs(
            posts, people, all_shown, setting, rng, boost=0.2, copy=0.12, promote=0.0
        )
        count = int(shown.sum())
        become_original(posts, shown)
        fixed = shown & (rng.random(len(posts)) < 0.7)
        moved = at_slots(people, posts.who, posts.at, fixed, rng)
        posts.at = np.maximum(moved, posts.first)
        scheduler = rng.choice(SCHEDULERS, len(people))
        posts.client[fixed] = scheduler[posts.who[fixed]]
        served = rng.integers(0, len(clients), (len(people), CLIENTS_SERVED))
        client = served[posts.who, rng.integers(0, CLIENTS_SERVED, len(posts))][shown]
        linked = rng.random(count) < 0.55
        posts.domain[shown] = np.where(linked, np.array(clients)[client], NOBODY)
        templates = draw_keys(rng, len(clients) * TEMPLATES)
        template = templates[client * TEMPLATES + rng.integers(0, TEMPLATES, count)]
        formula = rng.random(count) < 0.6
        posts.frame[shown] = np.where(formula, template, posts.key[shown])
        posts.topic[shown] = _topics(rng, client, political)
        posts.shown = all_shown
        evade(posts, people, setting, rng)

    return Behaviour(
        cast=_cast,
        act=act,
        families={"client": ("content", "timing", "clients", "coordination")},
    )


def _cast(people: People, setting: Setting, rng: np.random.Generator) -> None:
    everyone = np.ones(len(people), dtype=bool)
    people.role[:] = "client"
    people.intensity = intensities(rng, len(people), setting)
    create_in_waves(people, everyone, setting, rng, waves=6, days=15, share=0.3)
    make_profiles(people, everyone, setting, rng, SIGNATURE)
    lose_attention(people, everyone, setting, rng, attention=0.12, talk=0.5)


def _topics(rng: np.random.Generator, client: Ints, political: float) -> Ints:
    """Each client has its ware and, in the quarrel, its side."""
    wares = np.array(COMMERCIAL)[client % len(COMMERCIAL)]
    sides = np.array(SIDES)[client // 2 % len(SIDES)]
    topics: Ints = np.where(rng.random(len(client)) < political, sides, wares)
    return topics


TRADE = behaviour(clients=tuple(range(36, 46)), political=0.2)
POLITICS = behaviour(
    clients=(*range(43, 48), *range(3, 8), len(DOMAINS) - 1), political=0.65
)
