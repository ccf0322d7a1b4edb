"""A network that mass-reports people and shares block lists, to silence them.

Its posts call for it, with a link to the list; its reports hit one opponent after the
other within minutes. Nothing here says anything about those reported.
"""

import numpy as np

from pipeline.world.actions import LIST, OPPONENTS, REPORT, Actions
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
from pipeline.world.keys import Ints, draw_keys
from pipeline.world.people import QUOTE, REPLY, People, Setting
from pipeline.world.posts import Posts, become_original, become_repost
from pipeline.world.press import AUTHORS
from pipeline.world.rhythm import reaction
from pipeline.world.side_jobs import side_jobs

CALLER_SHARE = 0.06
RAIDS = 60
LIST_LENGTH = 25
LIST_DOMAINS = (24, 25)
SIGNATURE = Signature((45, 0.5), (6.0, 0.35), (0.1, 0.1, 0.1, 0.7))


def cast(people: People, setting: Setting, rng: np.random.Generator) -> None:
    """A few who call, many who follow the call."""
    count = len(people)
    everyone = np.ones(count, dtype=bool)
    people.role[:] = np.where(first_of(count, CALLER_SHARE), "core", "amplifier")
    people.intensity = intensities(rng, count, setting)
    create_in_waves(people, everyone, setting, rng, waves=7, days=6, share=0.6)
    make_profiles(people, everyone, setting, rng, SIGNATURE)
    lose_attention(people, everyone, setting, rng, attention=0.12, talk=1.0)


def act(
    posts: Posts, people: People, setting: Setting, rng: np.random.Generator
) -> None:
    """Callers link the list; the others repost them, or answer its victims alike."""
    is_caller = people.role == "core"
    posts.shown = chosen(posts, people, rng)
    shown = side_jobs(
        posts, people, posts.shown, setting, rng, boost=0.1, copy=0.08, promote=0.06
    )
    calls = shown & is_caller[posts.who]
    count = int(calls.sum())
    become_original(posts, calls)
    posts.domain[calls] = rng.choice(LIST_DOMAINS, count)
    posts.frame[calls] = rng.choice(draw_keys(rng, 25), count)
    answers = shown & ~calls & (rng.random(len(posts)) < 0.45)
    victims = rng.integers(0, AUTHORS, 12)
    author = people.language[posts.who] * AUTHORS + rng.choice(victims, len(posts))
    become_original(posts, answers)
    posts.kind[answers] = np.where(rng.random(int(answers.sum())) < 0.7, REPLY, QUOTE)
    posts.author[answers] = author[answers]
    posts.number[answers] = setting.press.latest(author[answers], posts.at[answers])
    posts.frame[answers] = rng.choice(draw_keys(rng, 20), int(answers.sum()))
    boosts = shown & ~calls & ~answers
    callers = rng.choice(np.flatnonzero(is_caller), (len(people), 4))
    wanted = callers[posts.who, rng.integers(0, 4, len(posts))][boosts]
    become_repost(posts, boosts, wanted, reaction(rng, len(wanted), 10, 1.5))
    evade(posts, people, setting, rng)


def report(
    posts: Posts, people: People, setting: Setting, rng: np.random.Generator
) -> Actions:
    """Raids: one opponent, many reporters, minutes; and one list taken over by many."""
    moments = rng.integers(setting.start, setting.end, RAIDS)
    victims = rng.integers(0, OPPONENTS, RAIDS)
    joins = rng.random((len(people), RAIDS)) < 0.15 * people.intensity[:, None]
    born = (people.created[:, None] + 1) * 1440
    who, raid = np.nonzero(joins & (moments[None, :] > born))
    raids = Actions(
        who,
        np.full(len(who), REPORT),
        victims[raid],
        moments[raid] + reaction(rng, len(who), 6, 1.2),
    )
    takers = np.flatnonzero(rng.random(len(people)) < 0.6 * people.intensity)
    listed = np.sort(rng.integers(0, OPPONENTS, LIST_LENGTH))
    begun = (
        _last_posts(posts, len(people))[takers]
        - 60
        - rng.integers(0, 1440, len(takers))
    )
    shared = Actions(
        np.repeat(takers, LIST_LENGTH),
        np.full(len(takers) * LIST_LENGTH, LIST),
        np.tile(listed, len(takers)),
        np.repeat(begun, LIST_LENGTH) + np.tile(np.arange(LIST_LENGTH), len(takers)),
    )
    return raids + shared


def _last_posts(posts: Posts, count: int) -> Ints:
    last = np.zeros(count, dtype=np.int64)
    np.maximum.at(last, posts.who, posts.at)
    return last


BEHAVIOUR = Behaviour(
    cast=cast,
    act=act,
    families={
        "core": ("content", "coordination", "profile"),
        "amplifier": ("amplification", "coordination", "profile", "content"),
    },
    report=report,
)
