"""When people post: sittings in a waking day, office clocks, fixed slots."""

import numpy as np

from pipeline.world.keys import MINUTES_A_DAY, Flags, Floats, Ints
from pipeline.world.people import People, Setting

SLOTS_A_DAY = 4


def spans(
    people: People, setting: Setting, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """First and last minute in which each account is active."""
    count = len(people)
    born = (people.created + 1) * MINUTES_A_DAY
    earliest = np.maximum(born, setting.start)
    room = np.maximum(setting.end - earliest, 20 * MINUTES_A_DAY)
    length = (room * (0.15 + 0.85 * rng.beta(1.6, 1.0, count))).astype(np.int64)
    first = earliest + ((room - length) * rng.random(count)).astype(np.int64)
    return first, first + length


def sittings(
    people: People, who: Ints, first: Ints, last: Ints, rng: np.random.Generator
) -> Ints:
    """Minute of each post: bursts of posts in sittings of each account's own day.

    Args:
        people: all accounts.
        who: account of each post.
        first: first minute of each account.
        last: last minute of each account.
        rng: source of randomness.
    """
    number = np.maximum(1, np.rint(people.posts / people.session)).astype(np.int64)
    owner = np.repeat(np.arange(len(people)), number)
    offset = np.cumsum(number) - number
    day = _days(owner, first, last, rng)
    hour = people.peak[owner] + people.spread[owner] * rng.normal(size=len(owner))
    off = (day + 3) % 7 >= 5
    moved = off & (rng.random(len(owner)) > people.weekend[owner])
    day = day - np.where(moved, rng.integers(2, 5, len(owner)), 0)
    start = day * MINUTES_A_DAY + (hour % 24 * 60).astype(np.int64)
    start = start - people.zone[owner]
    chosen = offset[who] + (rng.random(len(who)) * number[who]).astype(np.int64)
    at = start[chosen] + rng.exponential(14, len(who)).astype(np.int64)
    alive: Ints = np.maximum(at, first[who])
    return alive


def _days(owner: Ints, first: Ints, last: Ints, rng: np.random.Generator) -> Ints:
    """Day of each sitting: half of them near one of the account's busy weeks."""
    count = len(owner)
    width = (last - first)[owner].astype(np.float64)
    centre = rng.random((len(first), 4))[owner, rng.integers(0, 4, count)]
    near = centre + rng.laplace(0, 7 * MINUTES_A_DAY, count) / width
    place = np.where(rng.random(count) < 0.5, near, rng.random(count))
    place = np.clip(place, 0, 1)
    days: Ints = (first[owner] + (place * width).astype(np.int64)) // MINUTES_A_DAY
    return days


def office(
    at: Ints, zone: int, quiet: tuple[int, int], rng: np.random.Generator
) -> Ints:
    """The same weeks, in office hours: five days, nine hours, a lunch dip.

    Args:
        at: minutes to move.
        zone: of the office, minutes ahead of UTC.
        quiet: the two days of the week (Monday 0) without work.
        rng: source of randomness.
    """
    count = len(at)
    working = [day for day in range(7) if day not in quiet]
    monday = at // MINUTES_A_DAY - (at // MINUTES_A_DAY + 3) % 7
    day = monday + rng.choice(working, count)
    hours = np.array([0.8, 1.2, 1.3, 1.0, 0.3, 1.1, 1.3, 1.2, 0.8])
    hour = 9 + rng.choice(9, count, p=hours / hours.sum())
    local = day * MINUTES_A_DAY + hour * 60 + rng.integers(0, 60, count)
    moved: Ints = local - zone
    return moved


def at_slots(
    people: People, who: Ints, at: Ints, rows: Flags, rng: np.random.Generator
) -> Ints:
    """Minutes with the chosen posts moved to their account's slots of the day."""
    grid = rng.choice([0, 0, 15, 30, 30, 45], (len(people), SLOTS_A_DAY))
    odd = rng.random(len(people)) < 0.4
    grid[odd] = rng.integers(0, 60, (int(odd.sum()), SLOTS_A_DAY))
    slots = rng.integers(7, 22, (len(people), SLOTS_A_DAY)) * 60 + grid
    account = who[rows]
    minute = slots[account, rng.integers(0, SLOTS_A_DAY, len(account))]
    late = rng.choice([0, 0, 0, 1, 2], len(account))
    moved = at.copy()
    local_day = (at[rows] + people.zone[account]) // MINUTES_A_DAY * MINUTES_A_DAY
    moved[rows] = local_day + minute + late - people.zone[account]
    return moved


def reaction(rng: np.random.Generator, count: int, median: float, sigma: float) -> Ints:
    """Heavy-tailed minutes between a post and a reaction to it."""
    minutes: Floats = np.exp(rng.normal(np.log(median), sigma, count))
    return minutes.astype(np.int64)
