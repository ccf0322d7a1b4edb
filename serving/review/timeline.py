"""Posts over time as bars: counts a day, a week or longer, own posts and reposts."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from serving.review.quantities import moment

_DAY: Final = 86_400_000
_MOST_BARS: Final = 180
# Days a bar, and what such a bar is called; longer ones where these do not reach.
_STEPS: Final = ((1, "day"), (7, "week"), (28, "four weeks"), (364, "year of 52 weeks"))


@dataclass(frozen=True)
class Bar:
    """A bar of the drawing, whose height is 100.

    Attributes:
        own: height of what the account wrote.
        reposts: height of what it passed on, above that.
    """

    place: int
    own: float
    reposts: float


@dataclass(frozen=True)
class Timeline:
    """A drawing and the words that say the same.

    Attributes:
        bars: those that are not empty.
        width: of the drawing, in bars.
        step: time that a bar covers.
        most: posts of the tallest bar.
        busiest: first day of it.
    """

    bars: list[Bar]
    width: int
    step: str
    first: str
    last: str
    total: int
    reposts: int
    most: int
    busiest: str


def timeline(posts: Iterable[tuple[int, bool]]) -> Timeline | None:
    """Bars of posts given as (milliseconds, is a repost); null if there are none."""
    times = sorted(posts)
    if not times:
        return None
    start = times[0][0] // _DAY
    days = times[-1][0] // _DAY - start + 1
    step, name = next(
        ((step, name) for step, name in _STEPS if days <= step * _MOST_BARS),
        (-(-days // _MOST_BARS), "bar"),
    )
    counts: dict[int, list[int]] = {}
    for at, repost in times:
        counts.setdefault((at // _DAY - start) // step, [0, 0])[repost] += 1
    most, place = max((sum(both), -place) for place, both in counts.items())
    if name == "bar":
        name = f"{step:,} days"
    return Timeline(
        bars=[
            Bar(place, 100 * own / most, 100 * passed / most)
            for place, (own, passed) in sorted(counts.items())
        ],
        width=max(-(-days // step), 12),
        step=name,
        first=_date(times[0][0]),
        last=_date(times[-1][0]),
        total=len(times),
        reposts=sum(repost for _, repost in times),
        most=most,
        busiest=_date((start - place * step) * _DAY),
    )


def _date(milliseconds: int) -> str:
    return moment(milliseconds).split(" ")[0]
