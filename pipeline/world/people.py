"""Ordinary people: what every account of the world is before an operator bends it."""

from dataclasses import dataclass

import numpy as np

from pipeline.world.keys import MINUTES_A_DAY, Flags, Floats, Ints, Texts
from pipeline.world.press import AUTHORS, Press

ORIGINAL, REPOST, REPLY, QUOTE = range(4)
CLIENTS = (
    "Twitter for Android", "Twitter for iPhone", "Twitter Web App",
    "Twitter Web Client", "TweetDeck", "Hootsuite Inc.", "Buffer", "IFTTT", "dlvr.it",
    "Plainvoice Reader",
)  # fmt: skip
SCHEDULERS = (5, 6, 7, 8)
ASSISTIVE = 9
NO_BIO, WORD_BIO, SENTENCE_BIO, LONG_BIO = range(4)
# Shares of those among ordinary people.
BIOS = (0.3, 0.2, 0.35, 0.15)
CIRCLE = 8
FRIENDS = 5
QUIRKS = (
    "scheduled", "reposter", "newcomer", "copier", "eager", "unheard", "surge",
    "sleeper", "fan", "desk",
)  # fmt: skip


@dataclass(frozen=True)
class Setting:
    """Facts that an operator's campaigns and its controls share.

    `volume` holds, per role, the share of accounts and the factor of their number of
    posts; controls draw from the same mixture. Times are minutes since 1970. The two
    strengths are a campaign's own: how far it departs from ordinary people in its
    profiles and in its posts, 0 to 1. `evading` is the share of its accounts that hide
    the cheap traces.
    """

    start: int
    end: int
    languages: tuple[int, ...]
    weights: tuple[float, ...]
    volume: tuple[tuple[float, float], ...]
    posts_median: float
    posts_sigma: float
    posts_cap: int
    quirky_share: float
    press: Press
    in_profiles: float = 0.0
    in_posts: float = 0.0
    evading: float = 0.0


@dataclass
class People:
    """One value an account in each array; behaviours change them in place."""

    role: Texts
    language: Ints
    zone: Ints  # minutes ahead of UTC
    created: Ints  # days since 1970
    followers: Ints
    following: Ints
    posts: Ints
    peak: Floats  # local hour around which the day turns
    spread: Floats  # hours
    weekend: Floats  # activity of a day off against a working day
    session: Floats  # posts in one sitting
    mix: Floats  # (n, 4): original, repost, reply, quote
    inside: Floats  # share of reposts, replies and quotes that stay in the archive
    eager: Floats  # share of reactions within minutes
    client: Ints
    client2: Ints
    second: Floats  # share of posts by the second client
    attention: Floats  # engagement received, as a factor
    links: Floats
    tags: Floats
    copies: Floats  # share of originals taken from the press
    slots: Floats  # share of posts at fixed minutes
    interest: Ints  # favourite topic
    style: Ints
    circle: Ints  # (n, CIRCLE): press authors, the favourite first
    friends: Ints  # (n, FRIENDS): accounts of the archive
    filled: Floats  # chance that place and link of the profile are filled
    bio: Ints  # kind of its bio
    intensity: Floats  # share of posts that follow the behaviour of the role
    sleeper: Flags  # back after a long silence, unchanged

    def __len__(self) -> int:
        return len(self.role)


def ordinary_people(rng: np.random.Generator, count: int, setting: Setting) -> People:
    """Accounts with heavy-tailed volume and audience, a few of them with a quirk."""
    language = rng.choice(setting.languages, count, p=setting.weights)
    first_day = setting.start // MINUTES_A_DAY
    last_day = setting.end // MINUTES_A_DAY - 40
    oldest = first_day - 2600
    back = (rng.beta(1.1, 1.5, count) * (last_day - oldest)).astype(np.int64)
    followers = np.exp(rng.normal(5.0, 1.75, count)).astype(np.int64)
    wish = np.exp(rng.normal(0.0, 0.7, count))
    phone = rng.choice(2, count)
    people = People(
        role=np.full(count, "ordinary", dtype=object),
        language=language,
        zone=language * 180 + rng.choice([-120, -60, 0, 60, 120], count),
        created=last_day - back,
        followers=followers,
        following=(wish * usual_following(followers)).astype(np.int64),
        posts=draw_volume(rng, role_factors(rng, count, setting), setting),
        peak=rng.normal(15.5, 2.6, count) % 24,
        spread=rng.uniform(2.4, 5.0, count),
        weekend=rng.uniform(0.5, 1.7, count),
        session=1 + rng.exponential(1.6, count),
        mix=np.array([0.38, 0.32, 0.23, 0.07]) * 3,
        inside=rng.beta(2.2, 2.6, count),
        eager=rng.beta(0.7, 4.0, count),
        client=phone,
        client2=rng.choice([0, 1, 2, 3, 4, 5, 6, ASSISTIVE], count),
        second=rng.beta(0.5, 3.0, count),
        attention=np.exp(rng.normal(-0.3, 1.0, count)),
        links=rng.beta(1.0, 5.0, count),
        tags=rng.beta(1.0, 3.0, count),
        copies=rng.beta(0.4, 12.0, count),
        slots=np.zeros(count),
        interest=rng.choice(10, count),
        style=rng.choice(8, count),
        circle=_circles(rng, language),
        friends=_friends(rng, language),
        filled=rng.beta(3.0, 2.0, count),
        bio=rng.choice(4, count, p=BIOS),
        intensity=np.zeros(count),
        sleeper=np.zeros(count, dtype=bool),
    )
    people.mix = _mixes(rng, people.mix, count)
    desk = rng.random(count) < 0.2
    people.client[desk] = rng.choice([2, 3, 4], int(desk.sum()))
    _give_quirks(people, rng, setting)
    return people


def usual_following(followers: Ints) -> Floats:
    """How many accounts the middle person with that many followers follows."""
    usual: Floats = (18.0 * np.power(followers + 20.0, 0.45)).astype(np.float64)
    return usual


def _mixes(rng: np.random.Generator, weights: Floats, count: int) -> Floats:
    shares = rng.gamma(weights, 1.0, (count, 4)) + 1e-9
    normal: Floats = shares / shares.sum(axis=1, keepdims=True)
    return normal


def _circles(rng: np.random.Generator, language: Ints) -> Ints:
    return language[:, None] * AUTHORS + rng.integers(
        0, AUTHORS, (len(language), CIRCLE)
    )


def _friends(rng: np.random.Generator, language: Ints) -> Ints:
    """Neighbours in a ring of the same language, so that ties are often mutual."""
    count = len(language)
    order = np.argsort(language, kind="stable")
    place = np.empty(count, dtype=np.int64)
    place[order] = np.arange(count)
    steps = rng.integers(1, 9, (count, FRIENDS)) * rng.choice([-1, 1], (count, FRIENDS))
    friends: Ints = order[(place[:, None] + steps) % count]
    return friends


def role_factors(rng: np.random.Generator, count: int, setting: Setting) -> Floats:
    """Factor of the number of posts, drawn from the operator's roles by their share."""
    shares = np.array([share for share, _ in setting.volume])
    factors = np.array([factor for _, factor in setting.volume])
    return rng.choice(factors, count, p=shares / shares.sum())


def draw_volume(rng: np.random.Generator, factors: Floats, setting: Setting) -> Ints:
    """Heavy-tailed number of posts of each account, at least 1, capped."""
    body = rng.normal(0.0, setting.posts_sigma, len(factors))
    counts = setting.posts_median * factors * np.exp(body)
    return np.clip(counts.astype(np.int64), 1, setting.posts_cap)


def _give_quirks(people: People, rng: np.random.Generator, setting: Setting) -> None:
    count = len(people)
    quirky = rng.random(count) < setting.quirky_share
    quirk = np.where(quirky, rng.integers(0, len(QUIRKS), count), -1)

    def who(name: str) -> Flags:
        flags: Flags = quirk == QUIRKS.index(name)
        return flags

    scheduled = who("scheduled")
    people.slots[scheduled] = rng.uniform(0.3, 1.0, int(scheduled.sum()))
    people.client[scheduled] = rng.choice(SCHEDULERS, int(scheduled.sum()))
    people.links[scheduled] = rng.uniform(0.2, 0.9, int(scheduled.sum()))
    people.mix[who("reposter")] = [0.06, 0.86, 0.05, 0.03]
    people.copies[who("copier")] = rng.uniform(0.1, 0.8, int(who("copier").sum()))
    people.eager[who("eager")] = rng.uniform(0.3, 0.9, int(who("eager").sum()))
    people.attention[who("unheard") | who("newcomer")] *= 0.1
    new = who("newcomer")
    last = setting.end // MINUTES_A_DAY - 60
    people.created[new] = last - rng.integers(0, 300, int(new.sum()))
    people.followers[new] //= 12
    people.following[new] //= 2
    surge = who("surge")
    days = create_in_bursts(rng, setting, 3, 3)
    people.created[surge] = rng.choice(days, int(surge.sum()))
    people.sleeper = who("sleeper")
    fan = who("fan")
    people.friends[fan] = people.friends[fan, :1]
    people.mix[fan] = [0.2, 0.65, 0.1, 0.05]
    people.inside[fan] = rng.uniform(0.5, 0.95, int(fan.sum()))
    people.eager[fan] = rng.uniform(0.1, 0.7, int(fan.sum()))
    desk = who("desk")
    people.weekend[desk], people.spread[desk] = 0.15, 1.8
    people.links[desk] = rng.uniform(0.4, 0.95, int(desk.sum()))
    people.client[desk] = rng.choice([2, 4], int(desk.sum()))
    people.followers[desk] *= 3


def create_in_bursts(
    rng: np.random.Generator, setting: Setting, bursts: int, days: int
) -> Ints:
    """Days of sign-up bursts, in the two years up to the middle of the window."""
    first = setting.start // MINUTES_A_DAY
    middle = (setting.start + setting.end) // 2 // MINUTES_A_DAY
    starts = rng.integers(first - 500, middle, bursts)
    return (starts[:, None] + np.arange(days)).ravel()
