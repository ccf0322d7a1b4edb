"""Drawings of the data report: inline SVG that reads in light and in dark."""

from collections.abc import Sequence
from datetime import datetime
from math import log10
from typing import Any, Final

from pipeline.markup import Html, text

_WIDTH: Final = 720
_LEFT: Final = 190
_ROW: Final = 22
_RIGHT: Final = 20


def spans(rows: Sequence[dict[str, Any]]) -> Html:
    """A bar a group from the 5 % to the 95 % point of its posts; a tick at the middle.

    Args:
        rows: of data_facts.groups.
    """
    dated = [row for row in rows if row["first"] is not None]
    if not dated:
        return Html("<p>No post bears a time.</p>")
    start = min(row["first"] for row in dated).year
    end = max(row["last"] for row in dated).year + 1
    low, high = (_seconds(year) for year in (start, end))

    def place(moment: datetime) -> float:
        return _spread((moment.timestamp() - low) / (high - low))

    step = max(1, -(-(end - start) // 6))
    ticks = [
        (_spread((_seconds(year) - low) / (high - low)), str(year))
        for year in range(start, end + 1, step)
    ]
    bars = [
        _bar(number, row, place(row["first"]), place(row["last"]), place(row["middle"]))
        for number, row in enumerate(dated)
    ]
    return _drawn("When the posts of each group were written", bars, ticks)


def volumes(rows: Sequence[dict[str, Any]]) -> Html:
    """A bar a group from 5 % to 95 % of posts an account, on a logarithmic scale.

    Args:
        rows: of data_facts.groups.
    """
    most = max((row["q4"] for row in rows), default=0) or 1
    decades = max(1, int(log10(most)) + 1)

    def place(count: float) -> float:
        return _spread(log10(max(count, 1)) / decades)

    ticks = [(_spread(n / decades), f"{10**n:,}") for n in range(decades + 1)]
    bars = [
        _bar(number, row, place(row["q0"]), place(row["q4"]), place(row["q2"]))
        for number, row in enumerate(rows)
    ]
    return _drawn("Posts an account in each group", bars, ticks)


def _seconds(year: int) -> float:
    return datetime.fromisoformat(f"{year}-01-01T00:00:00+00:00").timestamp()


def _spread(share: float) -> float:
    return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)


def _bar(
    number: int, row: dict[str, Any], first: float, last: float, middle: float
) -> str:
    top = number * _ROW
    name = row["name"] if len(row["name"]) < 27 else f"{row['name'][:25]}…"
    side = "one" if row["label"] == 1 else "two"
    return (
        f'<text x="{_LEFT - 8}" y="{top + 15}" text-anchor="end">{text(name)}</text>'
        f'<rect class="{side}" x="{first}" y="{top + 6}" opacity=".55" '
        f'width="{max(round(last - first, 1), 2)}" height="10"/>'
        f'<rect class="{side}" x="{middle - 1.5}" y="{top + 3}" width="3" height="16"/>'
    )


def _drawn(label: str, bars: list[str], ticks: list[tuple[float, str]]) -> Html:
    height = len(bars) * _ROW
    axis = "".join(
        f'<line class="axis" x1="{x}" x2="{x}" y1="0" y2="{height}"/>'
        f'<text class="quiet-text" x="{x}" y="{height + 15}" text-anchor="middle">'
        f"{text(word)}</text>"
        for x, word in ticks
    )
    return Html(
        f'<div class="wide"><svg role="img" aria-label="{text(label)}" '
        f'width="{_WIDTH}" height="{height + 22}" '
        f'viewBox="0 0 {_WIDTH} {height + 22}">{axis}{"".join(bars)}</svg></div>'
    )
