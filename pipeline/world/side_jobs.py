"""What networks do beside their main job: boost their own, copy, push a link.

Networks differ in their main behaviour and resemble one another here, so that a model
that never saw an operator still has something to go by, though less.
"""

import numpy as np

from pipeline.world.keys import Flags
from pipeline.world.people import SCHEDULERS, People, Setting
from pipeline.world.posts import Posts, become_original, become_repost, copy_press
from pipeline.world.rhythm import at_slots, reaction
from pipeline.world.vocabulary import DOMAINS, NEWS_DOMAINS

BOSSES = 8


def side_jobs(
    posts: Posts,
    people: People,
    shown: Flags,
    setting: Setting,
    rng: np.random.Generator,
    *,
    boost: float,
    copy: float,
    promote: float,
) -> Flags:
    """Posts of `shown` left for the main behaviour; the others are bent here.

    Args:
        posts: changed in place.
        people: their accounts.
        shown: posts that the network controls.
        setting: gives the press.
        rng: source of randomness.
        boost: mean share that reposts one of a few accounts of the network.
        copy: mean share that copies the press without credit.
        promote: mean share that is scheduled with a link.
    """
    total = boost + copy + promote
    weights = np.array([boost, copy, promote, 1 - total])
    shares = rng.gamma(np.maximum(weights, 1e-9) * 3, 1.0, (len(people), 4)) + 1e-9
    shares /= shares.sum(axis=1, keepdims=True)
    levels = np.cumsum(shares, axis=1)[posts.who]
    job = (rng.random(len(posts))[:, None] > levels).sum(axis=1)
    boosts, copies, pushes = (shown & (job == number) for number in range(3))
    bosses = rng.integers(0, len(people), BOSSES)
    count = int(boosts.sum())
    lag = reaction(rng, count, 15, 1.8)
    become_repost(posts, boosts, rng.choice(bosses, count), lag)
    copy_press(posts, copies, people, setting, rng)
    posts.credit[copies] = False
    become_original(posts, pushes)
    domains = rng.integers(NEWS_DOMAINS, len(DOMAINS), (len(people), 3))
    which = rng.integers(0, 3, len(posts))
    posts.domain[pushes] = domains[posts.who, which][pushes]
    scheduler = rng.choice(SCHEDULERS, len(people))
    posts.client[pushes] = scheduler[posts.who[pushes]]
    moved = at_slots(people, posts.who, posts.at, pushes, rng)
    posts.at = np.maximum(moved, posts.first)
    left: Flags = shown & ~(boosts | copies | pushes)
    return left
