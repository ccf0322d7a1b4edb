"""Honest accounts that publish for a living: desks, staff, shops and declared bots."""

import numpy as np

from pipeline.world.behaviour import chosen
from pipeline.world.keys import Flags, draw_keys, pick
from pipeline.world.people import SCHEDULERS, People, Setting
from pipeline.world.posts import Posts, become_original, become_repost, copy_press
from pipeline.world.rhythm import at_slots, office, reaction
from pipeline.world.vocabulary import DOMAINS, NEWS_DOMAINS

DESK = 4
OFFICE_QUIET = (5, 6)


def act_newsroom(
    posts: Posts, people: People, setting: Setting, rng: np.random.Generator
) -> None:
    """Scheduled news by many clients, which names its source and links to it."""
    shown = chosen(posts, people, rng)
    fixed = shown & (rng.random(len(posts)) < 0.7)
    moved = at_slots(people, posts.who, posts.at, fixed, rng)
    posts.at = np.maximum(moved, posts.first)
    copy_press(posts, shown, people, setting, rng)
    posts.credit[shown] = rng.random(int(shown.sum())) < 0.85
    posts.noise[shown] = 0
    posts.loose[shown] = posts.key[shown]
    posts.domain[shown] = posts.author[shown] % NEWS_DOMAINS
    desk = rng.choice([*SCHEDULERS, 2, DESK], (len(people), 3))
    posts.client[shown] = desk[posts.who, pick(posts.key, 41, 3)][shown]
    posts.shown = shown


def act_journalist(
    posts: Posts, people: People, setting: Setting, rng: np.random.Generator
) -> None:
    """Own lines with a link to the own paper, at a desk, in office hours."""
    shown = chosen(posts, people, rng) & (rng.random(len(posts)) < 0.6)
    become_original(posts, shown)
    paper = rng.integers(0, NEWS_DOMAINS, len(people))
    posts.domain[shown] = paper[posts.who[shown]]
    posts.client[shown] = DESK
    _in_office(posts, shown, rng)
    posts.shown = shown


def act_staff(
    posts: Posts, people: People, setting: Setting, rng: np.random.Generator
) -> None:
    """Reposts of one principal within the hour, and party lines in office hours."""
    shown = chosen(posts, people, rng)
    written = shown & (rng.random(len(posts)) < 0.4)
    become_original(posts, written)
    lines = rng.choice(draw_keys(rng, 60), int(written.sum()))
    posts.frame[written] = lines
    posts.tags[written] = 1
    _in_office(posts, written, rng)
    boosts = shown & ~written
    lag = reaction(rng, int(boosts.sum()), 35, 1.3)
    become_repost(posts, boosts, people.friends[posts.who, 0][boosts], lag)
    posts.shown = shown


def act_ngo(
    posts: Posts, people: People, setting: Setting, rng: np.random.Generator
) -> None:
    """Appeals in the same words with the own link and tag, in office hours."""
    shown = chosen(posts, people, rng) & (rng.random(len(posts)) < 0.7)
    become_original(posts, shown)
    own = rng.integers(0, len(DOMAINS), len(people))
    posts.domain[shown] = own[posts.who[shown]]
    appeals = draw_keys(rng, len(people) * 4)
    which = posts.who[shown] * 4 + rng.integers(0, 4, int(shown.sum()))
    posts.frame[shown] = appeals[which]
    posts.tags[shown] = 2
    _in_office(posts, shown, rng)
    posts.shown = shown


def act_business(
    posts: Posts, people: People, setting: Setting, rng: np.random.Generator
) -> None:
    """One shop's offers in a few templates, at slots, from one scheduler."""
    shown = chosen(posts, people, rng)
    become_original(posts, shown)
    own = rng.integers(NEWS_DOMAINS, len(DOMAINS), len(people))
    scheduler = rng.choice(SCHEDULERS, len(people))
    posts.domain[shown] = own[posts.who[shown]]
    posts.client[shown] = scheduler[posts.who[shown]]
    posts.frame[shown] = draw_keys(rng, len(people) * 5)[
        posts.who[shown] * 5 + rng.integers(0, 5, int(shown.sum()))
    ]
    moved = at_slots(people, posts.who, posts.at, shown, rng)
    posts.at = np.maximum(moved, posts.first)
    posts.shown = shown


def act_good_bot(
    posts: Posts, people: People, setting: Setting, rng: np.random.Generator
) -> None:
    """One sentence with changing values, day by day, by a machine that says so."""
    shown = chosen(posts, people, rng)
    become_original(posts, shown)
    posts.frame[shown] = draw_keys(rng, len(people))[posts.who[shown]]
    posts.topic[shown] = people.interest[posts.who[shown]]
    posts.client[shown] = 7
    moved = at_slots(people, posts.who, posts.at, shown, rng)
    posts.at = np.maximum(moved, posts.first)
    posts.shown = shown


def _in_office(posts: Posts, rows: Flags, rng: np.random.Generator) -> None:
    at = office(posts.at[rows], 120, OFFICE_QUIET, rng)
    posts.at[rows] = np.where(at > posts.first[rows], at, posts.at[rows])
