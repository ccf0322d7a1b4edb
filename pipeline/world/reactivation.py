"""Lives in two parts: an early one, a long silence, and a return."""

import numpy as np

from pipeline.world.keys import MINUTES_A_DAY, Flags, Floats
from pipeline.world.people import CLIENTS, People, Setting
from pipeline.world.posts import Posts, retime
from pipeline.world.vocabulary import LANGUAGES

# Where in the window the early life lies, and when the account comes back at the latest.
EARLY = (0.0, 0.25)
RETURN = (0.5, 0.7)
EARLY_SHARE = (0.15, 0.45)


def be_old(
    people: People, rows: Flags, setting: Setting, rng: np.random.Generator
) -> None:
    """Create the chosen accounts long before the window."""
    before = setting.start // MINUTES_A_DAY - 200
    people.created[rows] = before - rng.integers(0, 1800, int(rows.sum()))


def split_lives(
    posts: Posts,
    people: People,
    rows: Flags,
    setting: Setting,
    rng: np.random.Generator,
) -> Flags:
    """Give the chosen accounts an early life and a return; posts of the return.

    Each keeps the hours and the order of its posts; only the days move.

    Args:
        posts: changed in place.
        people: created before the window (`be_old`).
        rows: which accounts.
        setting: the window.
        rng: source of randomness.
    """
    count = len(people)
    share = rng.uniform(*EARLY_SHARE, count)
    back = rng.uniform(*RETURN, count)
    span = np.empty(len(posts))
    order = np.lexsort((posts.at, posts.who))
    size = np.bincount(posts.who, minlength=count)
    start = np.cumsum(size) - size
    rank = np.arange(len(posts)) - start[posts.who[order]]
    span[order] = (rank + 0.5) / size[posts.who[order]]
    early = span < share[posts.who]
    # Place of each post within its part, and of that part within the window.
    own = share[posts.who]
    within: Floats = np.where(early, span / own, (span - own) / (1 - own))
    low = np.where(early, EARLY[0], back[posts.who])
    high = np.where(early, EARLY[1], 1.0)
    place = low + (high - low) * np.clip(within + rng.normal(0, 0.03, len(posts)), 0, 1)
    days = setting.start + place * (setting.end - setting.start - MINUTES_A_DAY)
    at = days.astype(np.int64) // MINUTES_A_DAY * MINUTES_A_DAY
    moved = rows[posts.who]
    retime(posts, moved, at + posts.at % MINUTES_A_DAY, people, setting, rng)
    return moved & ~early


def change_hands(
    posts: Posts,
    people: People,
    returned: Flags,
    rng: np.random.Generator,
    *,
    hours: int,
    speak: bool,
) -> None:
    """Let whoever took the chosen accounts over post with another client and clock.

    Args:
        posts: changed in place.
        people: their accounts.
        returned: posts after the return.
        rng: source of randomness.
        hours: by which the day of the new hands is shifted.
        speak: whether they write another language than the owner did.
    """
    new = (people.client + 1 + rng.integers(0, 3, len(people))) % (len(CLIENTS) - 1)
    posts.client[returned] = new[posts.who[returned]]
    day = posts.at[returned] // MINUTES_A_DAY * MINUTES_A_DAY
    minute = (posts.at[returned] + hours * 60) % MINUTES_A_DAY
    posts.at[returned] = day + minute
    if speak:
        before = (people.language + 1) % len(LANGUAGES)
        earlier = ~returned & np.isin(posts.who, posts.who[returned])
        posts.language[earlier] = before[posts.who[earlier]]
