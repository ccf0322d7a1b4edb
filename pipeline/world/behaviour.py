"""What every operator behaviour is made of, and the bends that several share."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.world.keys import Flags, Floats
from pipeline.world.people import People, Setting, create_in_bursts
from pipeline.world.posts import Posts


@dataclass(frozen=True)
class Behaviour:
    """A way in which a network departs from ordinary life.

    cast: gives accounts their roles and bends their profiles.
    act: bends the posts that show it, and marks them as shown.
    families: by role, the families of evidence that it leaves: the truth.
    """

    cast: Callable[[People, Setting, np.random.Generator], None]
    act: Callable[[Posts, People, Setting, np.random.Generator], None]
    families: dict[str, tuple[str, ...]]


def intensities(rng: np.random.Generator, count: int, setting: Setting) -> Floats:
    """Share of posts that follow the behaviour: 30 to 100 % at full separability."""
    return rng.uniform(0.3, 1.0, count) * setting.separability


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
    wave = rows & (rng.random(len(people)) < share * setting.separability)
    born = create_in_bursts(rng, setting, waves, days)
    people.created[wave] = rng.choice(born, int(wave.sum()))


def lose_audience(
    people: People,
    rows: Flags,
    setting: Setting,
    rng: np.random.Generator,
    *,
    followers: float,
    attention: float,
    talk: float,
) -> None:
    """Bend audience, attention and talk of the chosen accounts towards factors.

    Args:
        people: changed in place.
        rows: which accounts.
        setting: its separability scales the exponents of all three factors.
        rng: spreads the factors, so that classes overlap.
        followers: median factor on followers.
        attention: median factor on engagement received.
        talk: factor on replies; what they lose goes to the rest of the mix.
    """
    count = int(rows.sum())
    strength = setting.separability * rng.uniform(0.2, 1.8, (2, count))
    bent = people.followers[rows] * followers ** strength[0]
    # A few were bought with their audience: else only controls would have names.
    bought = rng.random(count) < 0.025
    large = np.exp(rng.normal(9.2, 0.7, count))
    people.followers[rows] = np.where(bought, large, bent).astype(np.int64)
    people.attention[rows] *= attention ** strength[1]
    mix = people.mix[rows]
    mix[:, 2] *= talk**setting.separability
    people.mix[rows] = mix / mix.sum(axis=1, keepdims=True)
