"""Personas that copy prominent posts of both sides word for word, with no audience."""

import numpy as np

from pipeline.world.behaviour import (
    Behaviour,
    chosen,
    create_in_waves,
    intensities,
    lose_audience,
)
from pipeline.world.people import People, Setting
from pipeline.world.posts import Posts, copy_press
from pipeline.world.press import AUTHORS
from pipeline.world.rhythm import reaction
from pipeline.world.side_jobs import side_jobs

BATCHES = 14
MODELS_A_BATCH = 9


def cast(people: People, setting: Setting, rng: np.random.Generator) -> None:
    """Batches of personas, each batch with the same prominent accounts to copy."""
    count = len(people)
    everyone = np.ones(count, dtype=bool)
    people.role[:] = "persona"
    people.intensity = intensities(rng, count, setting)
    create_in_waves(people, everyone, setting, rng, waves=4, days=10, share=0.6)
    lose_audience(
        people, everyone, setting, rng, followers=0.12, attention=0.12, talk=0.6
    )
    # Invented places and lives: their profiles are filled a little more often.
    people.filled = people.filled ** (1 - 0.4 * setting.separability)


def act(
    posts: Posts, people: People, setting: Setting, rng: np.random.Generator
) -> None:
    """Copies of the posts of a batch's models, hours to days after them."""
    all_shown = chosen(posts, people, rng)
    shown = side_jobs(
        posts, people, all_shown, setting, rng, boost=0.07, copy=0.0, promote=0.02
    )
    copy_press(posts, shown, people, setting, rng)
    batch = rng.integers(0, BATCHES, len(people))
    models = rng.integers(0, AUTHORS, (BATCHES, MODELS_A_BATCH))
    place = rng.integers(0, MODELS_A_BATCH, len(posts))
    own = shown & (rng.random(len(posts)) < 0.7)
    authors = people.language[posts.who] * AUTHORS + models[batch[posts.who], place]
    posts.author[own] = authors[own]
    count = int(shown.sum())
    lag = reaction(rng, count, 900, 1.2)
    posts.number[shown] = setting.press.latest(
        posts.author[shown], np.maximum(posts.at[shown] - lag, setting.press.start)
    )
    keys = setting.press.keys(posts.author[shown], posts.number[shown])
    posts.key[shown] = posts.frame[shown] = keys
    posts.topic[shown] = setting.press.topics(posts.author[shown], posts.number[shown])
    posts.credit[shown] = False
    posts.shown = all_shown


BEHAVIOUR = Behaviour(
    cast=cast,
    act=act,
    families={"persona": ("content", "profile", "life cycle", "coordination")},
)
