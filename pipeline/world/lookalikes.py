"""Honest accounts that look like networks: newsroom feeds, and fans of one idol."""

import numpy as np

from pipeline.world.behaviour import Behaviour, chosen
from pipeline.world.keys import pick
from pipeline.world.people import SCHEDULERS, People, Setting, draw_volume
from pipeline.world.posts import Posts, become_repost, copy_press
from pipeline.world.rhythm import at_slots, reaction
from pipeline.world.vocabulary import NEWS_DOMAINS

IDOL_SHARE = 0.04
IDOL_FACTOR = 4.0


def _cast_newsroom(people: People, setting: Setting, rng: np.random.Generator) -> None:
    count = len(people)
    people.role[:] = "newsroom_feed"
    people.intensity = rng.uniform(0.4, 1.0, count)
    people.followers = (people.followers * rng.uniform(1, 9, count)).astype(np.int64)
    people.weekend = rng.uniform(0.8, 1.2, count)


def _act_newsroom(
    posts: Posts, people: People, setting: Setting, rng: np.random.Generator
) -> None:
    """Scheduled news by many clients, which names its source and links to it."""
    shown = chosen(posts, people, rng)
    copy_press(posts, shown, people, setting, rng)
    posts.credit[shown] = rng.random(int(shown.sum())) < 0.85
    posts.noise[shown] = 0
    posts.domain[shown] = posts.author[shown] % NEWS_DOMAINS
    fixed = shown & (rng.random(len(posts)) < 0.7)
    moved = at_slots(people, posts.who, posts.at, fixed, rng)
    # A slot never comes before the news that it carries.
    news = setting.press.at(posts.author, posts.number)
    late = shown & (moved < news)
    posts.number[late] -= 2
    keys = setting.press.keys(posts.author[late], posts.number[late])
    posts.key[late] = posts.frame[late] = keys
    posts.topic[late] = setting.press.topics(posts.author[late], posts.number[late])
    posts.at = np.maximum(moved, posts.first)
    desk = rng.choice([*SCHEDULERS, 2, 4], (len(people), 3))
    posts.client[shown] = desk[posts.who, pick(posts.key, 41, 3)][shown]
    posts.shown = shown


def _cast_fandom(people: People, setting: Setting, rng: np.random.Generator) -> None:
    count = len(people)
    idol = np.arange(count) < max(4, round(count * IDOL_SHARE))
    people.role[:] = "fandom"
    people.posts = draw_volume(rng, np.where(idol, IDOL_FACTOR, 1.2), setting)
    people.intensity = np.where(idol, 0.0, rng.uniform(0.4, 1.0, count))
    people.followers[idol] = people.followers[idol] * 30 + 6000
    people.mix[idol] = [0.7, 0.1, 0.15, 0.05]
    people.attention *= rng.uniform(1.0, 2.5, count)
    idols = np.flatnonzero(idol)
    people.friends[:, 0] = idols[np.arange(count) % len(idols)]


def _act_fandom(
    posts: Posts, people: People, setting: Setting, rng: np.random.Generator
) -> None:
    """Bursts of reposts of one idol, minutes after the idol has written."""
    shown = chosen(posts, people, rng) & (rng.random(len(posts)) < 0.9)
    lag = reaction(rng, int(shown.sum()), 7, 1.3)
    become_repost(posts, shown, people.friends[posts.who, 0][shown], lag)
    posts.shown = shown


NEWSROOM = Behaviour(
    cast=_cast_newsroom,
    act=_act_newsroom,
    families={"newsroom_feed": ("content", "timing", "clients")},
)
FANDOM = Behaviour(
    cast=_cast_fandom,
    act=_act_fandom,
    families={"fandom": ("amplification", "timing")},
)
