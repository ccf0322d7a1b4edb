"""Personas that copy prominent posts of both sides word for word, with no audience."""

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
from pipeline.world.keys import draw_keys
from pipeline.world.people import People, Setting
from pipeline.world.posts import Posts, copy_press, use_words
from pipeline.world.press import AUTHORS
from pipeline.world.rhythm import reaction
from pipeline.world.side_jobs import side_jobs

BATCHES = 14
MODELS_A_BATCH = 9
# Invented places and lives: a bio of sentences, and nobody who reads it.
SIGNATURE = Signature((14, 0.6), (5.5, 0.3), (0.02, 0.03, 0.5, 0.45))


def cast(people: People, setting: Setting, rng: np.random.Generator) -> None:
    """Batches of personas, each batch with the same prominent accounts to copy."""
    count = len(people)
    everyone = np.ones(count, dtype=bool)
    people.role[:] = "persona"
    people.intensity = intensities(rng, count, setting)
    create_in_waves(people, everyone, setting, rng, waves=4, days=10, share=0.6)
    make_profiles(people, everyone, setting, rng, SIGNATURE)
    lose_attention(people, everyone, setting, rng, attention=0.08, talk=0.5)
    people.filled = people.filled ** (1 - 0.6 * setting.in_profiles)


def act(
    posts: Posts, people: People, setting: Setting, rng: np.random.Generator
) -> None:
    """Copies of the posts of a batch's models, hours to days after them."""
    all_shown = chosen(posts, people, rng)
    shown = side_jobs(
        posts, people, all_shown, setting, rng, boost=0.15, copy=0.0, promote=0.06
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
    loose = posts.loose[shown] != posts.key[shown]
    use_words(posts, shown, setting)
    reworded = draw_keys(rng, count)
    posts.loose[shown] = np.where(loose, reworded, posts.key[shown])
    posts.credit[shown] = False
    posts.shown = all_shown
    evade(posts, people, setting, rng)


BEHAVIOUR = Behaviour(
    cast=cast,
    act=act,
    families={"persona": ("content", "profile", "life cycle", "coordination")},
)
