"""Honest people whose circumstances look like a network: crowds, newcomers, returners."""

import numpy as np

from pipeline.world.behaviour import chosen
from pipeline.world.keys import MINUTES_A_DAY, Ints, draw_keys
from pipeline.world.people import ASSISTIVE, People, Setting
from pipeline.world.posts import (
    Posts,
    aim_at_press,
    become_original,
    become_repost,
    retime,
)
from pipeline.world.reactivation import split_lives
from pipeline.world.rhythm import reaction
from pipeline.world.vocabulary import DOMAINS, LANGUAGES, NEWS_DOMAINS, SIDES


def act_fandom(
    posts: Posts, people: People, setting: Setting, rng: np.random.Generator
) -> None:
    """Bursts of reposts of one idol, minutes after the idol has written."""
    shown = chosen(posts, people, rng) & (rng.random(len(posts)) < 0.9)
    lag = reaction(rng, int(shown.sum()), 7, 1.3)
    become_repost(posts, shown, people.friends[posts.who, 0][shown], lag)
    posts.shown = shown


def act_protest(
    posts: Posts, people: People, setting: Setting, rng: np.random.Generator
) -> None:
    """Two weeks of marches: tags, the same slogans, reposts of those who organise."""
    shown = chosen(posts, people, rng)
    _in_days(posts, shown, people, setting, rng, days=14)
    boosts = shown & (rng.random(len(posts)) < 0.5)
    lag = reaction(rng, int(boosts.sum()), 20, 1.5)
    become_repost(posts, boosts, people.friends[posts.who, 0][boosts], lag)
    slogans = shown & ~boosts & (rng.random(len(posts)) < 0.5)
    become_original(posts, slogans)
    posts.topic[slogans] = SIDES[0]
    posts.frame[slogans] = rng.choice(draw_keys(rng, 30), int(slogans.sum()))
    posts.tags[slogans] = 2
    posts.shown = shown


def act_influencer(
    posts: Posts, people: People, setting: Setting, rng: np.random.Generator
) -> None:
    """Paid posts for a few shops, tagged, between a life of their own."""
    shown = chosen(posts, people, rng) & (rng.random(len(posts)) < 0.6)
    become_original(posts, shown)
    shops = rng.integers(NEWS_DOMAINS, len(DOMAINS), (len(people), 3))
    posts.domain[shown] = shops[posts.who, rng.integers(0, 3, len(posts))][shown]
    posts.topic[shown] = 8 + posts.domain[shown] % 2
    posts.tags[shown] = 2
    posts.shown = shown


def act_news_day(
    posts: Posts, people: People, setting: Setting, rng: np.random.Generator
) -> None:
    """Joined on a day of news, and shared what the press wrote about it."""
    shown = chosen(posts, people, rng)
    joined = (people.created[posts.who] + 1) * MINUTES_A_DAY
    at = joined + rng.exponential(5 * MINUTES_A_DAY, len(posts)).astype(np.int64)
    at = at // MINUTES_A_DAY * MINUTES_A_DAY + posts.at % MINUTES_A_DAY
    retime(posts, shown, np.minimum(at, setting.end - 1), people, setting, rng)
    shares = shown & (posts.kind == 1)
    aim_at_press(posts, shares, people, setting, rng)
    posts.shown = shown


def act_second_language(
    posts: Posts, people: People, setting: Setting, rng: np.random.Generator
) -> None:
    """Half of their own posts in another language than their profile's."""
    own = (posts.author == -1) & chosen(posts, people, rng)
    second = (people.language + 1 + rng.integers(0, 3, len(people))) % len(LANGUAGES)
    posts.language[own] = second[posts.who[own]]
    posts.shown = own


def act_assistive(
    posts: Posts, people: People, setting: Setting, rng: np.random.Generator
) -> None:
    """Posts through a client that reads aloud, and short ones."""
    shown = chosen(posts, people, rng)
    posts.client[shown] = ASSISTIVE
    posts.shown = shown


def act_sleeper(
    posts: Posts, people: People, setting: Setting, rng: np.random.Generator
) -> None:
    """Back after a year or more: the same language, clients and hours as before."""
    everyone = np.ones(len(people), dtype=bool)
    posts.shown = split_lives(posts, people, everyone, setting, rng)


def act_nothing(
    posts: Posts, people: People, setting: Setting, rng: np.random.Generator
) -> None:
    """Ordinary posts: what is odd about these accounts is their profile."""


def _in_days(
    posts: Posts,
    rows: np.ndarray[tuple[int], np.dtype[np.bool_]],
    people: People,
    setting: Setting,
    rng: np.random.Generator,
    days: int,
) -> None:
    """Move the chosen posts into the same days; nothing before its account was there."""
    width = (setting.end - setting.start) // MINUTES_A_DAY
    begun = setting.start // MINUTES_A_DAY + int(width * rng.uniform(0.5, 0.9))
    day: Ints = begun + rng.integers(0, days, len(posts))
    at = day * MINUTES_A_DAY + posts.at % MINUTES_A_DAY
    there = rows & (at > posts.first)
    retime(posts, there, at, people, setting, rng)
