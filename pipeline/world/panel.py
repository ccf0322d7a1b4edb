"""The look-alike panel: fourteen kinds of honest accounts, easily mistaken for networks.

Scored, never trained on (docs/decisions/0011-demo-world.md).
"""

from collections.abc import Callable

import numpy as np

from pipeline.world import panel_desks, panel_people
from pipeline.world.behaviour import Behaviour, first_of
from pipeline.world.keys import MINUTES_A_DAY
from pipeline.world.people import LONG_BIO, NO_BIO, People, Setting, draw_volume
from pipeline.world.reactivation import be_old

Cast = Callable[[People, Setting, np.random.Generator], None]

LEADER_SHARE = 0.04
LEADER_FACTOR = 4.0


def known(followers: tuple[float, float], attention: float) -> Cast:
    """Accounts whose audience is larger than most and does listen.

    Args:
        followers: least and largest factor on followers.
        attention: factor on engagement received.
    """

    def cast(people: People, setting: Setting, rng: np.random.Generator) -> None:
        count = len(people)
        people.intensity = rng.uniform(0.4, 1.0, count)
        factor = rng.uniform(*followers, count)
        people.followers = (people.followers * factor + 20).astype(np.int64)
        people.following = (people.following * factor**0.45).astype(np.int64)
        people.attention *= attention
        people.bio[rng.random(count) < 0.5] = LONG_BIO

    return cast


def led(audience: float) -> Cast:
    """A crowd around a few leaders, who are what `friends[:, 0]` names.

    Args:
        audience: factor on the engagement that everybody receives.
    """

    def cast(people: People, setting: Setting, rng: np.random.Generator) -> None:
        count = len(people)
        leader = first_of(count, LEADER_SHARE)
        factors = np.where(leader, LEADER_FACTOR, 1.2)
        people.posts = draw_volume(rng, factors, setting)
        people.intensity = np.where(leader, 0.0, rng.uniform(0.4, 1.0, count))
        people.followers[leader] = people.followers[leader] * 30 + 6000
        people.mix[leader] = [0.7, 0.1, 0.15, 0.05]
        people.attention *= rng.uniform(0.8, 1.2, count) * audience
        leaders = np.flatnonzero(leader)
        people.friends[:, 0] = leaders[np.arange(count) % len(leaders)]

    return cast


def plain(people: People, setting: Setting, rng: np.random.Generator) -> None:
    """Profiles like anybody's."""
    people.intensity = rng.uniform(0.3, 0.9, len(people))


def new(people: People, setting: Setting, rng: np.random.Generator) -> None:
    """Weeks old: few followers, no bio, few posts."""
    count = len(people)
    last = setting.end // MINUTES_A_DAY - 40
    people.created = last - rng.integers(0, 120, count)
    people.followers //= 12
    people.following //= 2
    people.attention *= 0.3
    people.bio[rng.random(count) < 0.6] = NO_BIO
    people.posts = np.maximum(people.posts // 2, 1)


def joined_together(people: People, setting: Setting, rng: np.random.Generator) -> None:
    """Created on the two days after one piece of news."""
    plain(people, setting, rng)
    width = (setting.end - setting.start) // MINUTES_A_DAY
    day = setting.start // MINUTES_A_DAY + int(width * rng.uniform(0.4, 0.7))
    people.created = day + rng.integers(0, 2, len(people))
    people.followers //= 6
    people.following //= 2


def old(people: People, setting: Setting, rng: np.random.Generator) -> None:
    """Created long before the window."""
    be_old(people, np.ones(len(people), dtype=bool), setting, rng)


def foreign(people: People, setting: Setting, rng: np.random.Generator) -> None:
    """The clock of one place, the language of another."""
    plain(people, setting, rng)
    people.zone = people.zone + rng.choice([-360, -240, 240, 360], len(people))


PANEL: dict[str, Behaviour] = {
    name: Behaviour(cast=cast, act=act, families={name: families})
    for name, cast, act, families in (
        ("journalist", known((2, 12), 1.5), panel_desks.act_journalist, ("timing",)),
        ("politician_staff", led(1.5), panel_desks.act_staff, ("amplification",)),
        (
            "newsroom_feed",
            known((1, 9), 1.0),
            panel_desks.act_newsroom,
            ("content", "timing", "clients"),
        ),
        ("ngo", known((1, 6), 1.2), panel_desks.act_ngo, ("content", "timing")),
        (
            "protest_activist",
            led(1.2),
            panel_people.act_protest,
            ("amplification", "timing", "content"),
        ),
        ("fandom", led(1.8), panel_people.act_fandom, ("amplification", "timing")),
        (
            "scheduled_business",
            known((0.5, 3), 0.8),
            panel_desks.act_business,
            ("content", "timing", "clients"),
        ),
        (
            "good_bot",
            known((0.3, 3), 0.8),
            panel_desks.act_good_bot,
            ("content", "timing", "clients"),
        ),
        ("newcomer", new, panel_people.act_nothing, ("profile",)),
        ("second_language", foreign, panel_people.act_second_language, ("content",)),
        ("assistive_client", plain, panel_people.act_assistive, ("clients",)),
        ("returning_sleeper", old, panel_people.act_sleeper, ("life cycle",)),
        (
            "sponsored_influencer",
            known((5, 40), 2.0),
            panel_people.act_influencer,
            ("content",),
        ),
        (
            "news_day_joiner",
            joined_together,
            panel_people.act_news_day,
            ("life cycle", "profile"),
        ),
    )
}
