"""What every operator behaviour is made of, and the bends that several share."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.world.actions import Actions
from pipeline.world.keys import MINUTES_A_DAY, Flags, Floats
from pipeline.world.people import People, Setting, create_in_bursts, usual_following
from pipeline.world.posts import Posts

WEEK = 7


@dataclass(frozen=True)
class Behaviour:
    """A way in which a network departs from ordinary life.

    cast: gives accounts their roles and bends their profiles.
    act: bends the posts that show it, and marks them as shown.
    families: by role, the families of evidence that it leaves: the truth.
    report: what its accounts do against others, beside what people do; null: nothing.
    """

    cast: Callable[[People, Setting, np.random.Generator], None]
    act: Callable[[Posts, People, Setting, np.random.Generator], None]
    families: dict[str, tuple[str, ...]]
    report: Callable[[Posts, People, Setting, np.random.Generator], Actions] | None = (
        None
    )


@dataclass(frozen=True)
class Signature:
    """Profiles as a network's accounts were made: narrow, and its own.

    followers: median, and spread of the logarithm.
    surplus: how many times as many accounts they follow as people with such an audience
        do: median, and spread of the logarithm.
    bios: shares of the kinds of bio.
    """

    followers: tuple[float, float]
    surplus: tuple[float, float]
    bios: tuple[float, float, float, float]


def make_profiles(
    people: People,
    rows: Flags,
    setting: Setting,
    rng: np.random.Generator,
    signature: Signature,
) -> None:
    """Give most of the chosen accounts counts and bios after their network's signature.

    How many is the strength in profiles; the others keep the profile of a person.
    """
    made = rows & (rng.random(len(people)) < setting.in_profiles)
    count = int(made.sum())

    def around(middle: tuple[float, float]) -> Floats:
        median, spread = middle
        return median * np.exp(rng.normal(0, spread, count))

    followers = around(signature.followers).astype(np.int64)
    people.followers[made] = followers
    usual = usual_following(followers)
    people.following[made] = (usual * around(signature.surplus)).astype(np.int64)
    people.bio[made] = rng.choice(4, count, p=signature.bios)
    # A few were bought with their audience: else only controls would have names.
    bought = rows & (rng.random(len(people)) < 0.025)
    large = np.exp(rng.normal(9.2, 0.7, int(bought.sum())))
    people.followers[bought] = large.astype(np.int64)


def first_of(count: int, share: float) -> Flags:
    """That share of the accounts, three at the least: whom the others follow."""
    return np.arange(count) < max(3, round(count * share))


def intensities(rng: np.random.Generator, count: int, setting: Setting) -> Floats:
    """Share of posts that follow the behaviour: 40 to 100 % at full strength."""
    return rng.uniform(0.4, 1.0, count) * setting.in_posts


def chosen(posts: Posts, people: People, rng: np.random.Generator) -> Flags:
    """Posts that follow the behaviour, drawn by each account's intensity."""
    flags: Flags = rng.random(len(posts)) < people.intensity[posts.who]
    return flags


def create_in_waves(
    people: People,
    rows: Flags,
    setting: Setting,
    rng: np.random.Generator,
    *,
    waves: int,
    days: int,
    share: float,
) -> None:
    """Create the given share of the chosen accounts on the days of a few waves."""
    wave = rows & (rng.random(len(people)) < share * setting.in_profiles)
    born = create_in_bursts(rng, setting, waves, days)
    people.created[wave] = rng.choice(born, int(wave.sum()))


def lose_attention(
    people: People,
    rows: Flags,
    setting: Setting,
    rng: np.random.Generator,
    *,
    attention: float,
    talk: float,
) -> None:
    """Bend the attention and the talk of the chosen accounts towards factors.

    Args:
        people: changed in place.
        rows: which accounts.
        setting: its strength in posts scales the exponents of both factors.
        rng: spreads the factor of attention, so that classes overlap.
        attention: median factor on engagement received.
        talk: factor on replies; what they lose goes to the rest of the mix.
    """
    count = int(rows.sum())
    people.attention[rows] *= attention ** (
        setting.in_posts * rng.uniform(0.4, 1.6, count)
    )
    mix = people.mix[rows]
    mix[:, 2] *= talk**setting.in_posts
    people.mix[rows] = mix / mix.sum(axis=1, keepdims=True)


def in_rallies(
    posts: Posts, rows: Flags, setting: Setting, rng: np.random.Generator, share: float
) -> None:
    """Move a share of the chosen originals into the few weeks that the operator calls.

    The hour stays that of the account; nothing moves before its account was there.
    """
    weeks = rng.integers(setting.start, setting.end, 8) // MINUTES_A_DAY
    called = rows & (rng.random(len(posts)) < share)
    day = rng.choice(weeks, len(posts)) + rng.integers(0, WEEK, len(posts))
    at = day * MINUTES_A_DAY + posts.at % MINUTES_A_DAY
    called &= (at > posts.first) & (at < setting.end)
    posts.at[called] = at[called]
