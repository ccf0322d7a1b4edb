"""Charts of the evaluation report: inline SVG that reads in light and in dark."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from pipeline.markup import Html, text

_WIDTH: Final = 400
_HEIGHT: Final = 220
_EDGE: Final = 34
_NAMES: Final = 140
_ROW: Final = 20
_SIDE: Final = 150
# Words that fit under a chart.
_WORDS: Final = 6
_COLOURS: Final = ("one", "two", "three")

# x, y and the ends of its interval; null where there is none.
Point = tuple[float, float, float | None, float | None]
Ranged = tuple[str, float | None, float | None, float | None]


def ranges(label: str, rows: Sequence[Ranged]) -> Html:
    """A dot a row with its interval, on a scale that ends at 1.

    Args:
        label: what is shown.
        rows: name, value and ends of the interval; without a value left out.
    """
    known = [(name, v, low, high) for name, v, low, high in rows if v is not None]
    if not known:
        return Html("<p>None is reported.</p>")
    ends = [end for _, *found in known for end in found if end is not None]
    start = min(0.9, int(max(min(ends), 0) * 10) / 10)

    def place(value: float) -> float:
        share = (min(max(value, start), 1) - start) / (1 - start)
        return round(_NAMES + share * (_WIDTH - _NAMES - 16), 1)

    height = len(known) * _ROW
    marks = [start + (1 - start) * n / 4 for n in range(5)]
    parts = [
        f'<line class="axis" x1="{place(mark)}" x2="{place(mark)}" y1="0" '
        f'y2="{height}"/><text class="quiet-text" x="{place(mark)}" y="{height + 14}" '
        f'text-anchor="middle">{mark:.3g}</text>'
        for mark in marks
    ]
    for number, (name, value, low, high) in enumerate(known):
        middle = number * _ROW + _ROW / 2
        shown = name if len(name) < 21 else f"{name[:19]}…"
        parts.append(
            f'<text x="{_NAMES - 10}" y="{middle + 4}" text-anchor="end">'
            f"{text(shown)}</text>"
        )
        if low is not None and high is not None:
            width = max(round(place(high) - place(low), 1), 1)
            parts.append(
                f'<rect class="two" x="{place(low)}" y="{middle - 2}" height="4" '
                f'width="{width}" opacity=".55"/>'
            )
        parts.append(f'<circle class="one" cx="{place(value)}" cy="{middle}" r="4"/>')
    return _chart(label, parts, height + 18)


def _chart(label: str, parts: Sequence[str], height: float) -> Html:
    return Html(
        f'<div class="chart"><svg role="img" aria-label="{text(label)}" '
        f'viewBox="0 0 {_WIDTH} {height}">{"".join(parts)}</svg></div>'
    )


def lines(
    label: str,
    words: Sequence[str],
    series: Mapping[str, Sequence[Point]],
    end: float = 1.0,
) -> Html:
    """Lines over steps of equal width, at most three; from 0.5 if all are above.

    Args:
        label: what is shown.
        words: word under each step.
        series: name -> its points, x the number of a step.
        end: of the scale; what is above is drawn on its edge.
    """
    heights = [y for points in series.values() for _, y, _, _ in points]
    start = 0.5 if min(heights, default=0) >= 0.5 else 0.0

    def up(share: float) -> float:
        inside = (min(max(share, start), end) - start) / (end - start)
        return round(10 + (1 - inside) * (_HEIGHT - 34), 1)

    steps = 5 if start else 4
    marks = [start + (end - start) * n / steps for n in range(steps + 1)]
    parts = [_axes(words, marks, up)]
    names = []
    last = max(len(words) - 1, 1)
    for colour, (name, points) in zip(_COLOURS, series.items(), strict=False):
        placed = [(_across(x / last), up(y), low, high) for x, y, low, high in points]
        path = " ".join(f"{x},{y}" for x, y, _, _ in placed)
        whiskers = "".join(
            f'<line stroke="currentColor" x1="{x}" x2="{x}" y1="{up(low)}" '
            f'y2="{up(high)}"/>'
            for x, _, low, high in placed
            if low is not None and high is not None
        )
        dots = "".join(f'<circle cx="{x}" cy="{y}" r="3"/>' for x, y, _, _ in placed)
        parts.append(
            f'<g class="{colour}"><polyline class="trace" points="{path}"/>'
            f"{whiskers}{dots}</g>"
        )
        names.append(
            f'<span class="{colour}"><span class="key"></span></span>{text(name)}'
        )
    told = Html(f'<p class="quiet">{" &nbsp; ".join(names)}</p>')
    return Html(told + _chart(label, parts, _HEIGHT))


def _axes(
    words: Sequence[str], marks: Sequence[float], up: Callable[[float], float]
) -> str:
    last = max(len(words) - 1, 1)
    step = -(-len(words) // _WORDS) if max(map(len, words), default=0) > 4 else 1
    across = "".join(
        f'<line class="axis" x1="{_EDGE}" x2="{_WIDTH - 12}" y1="{up(share)}" '
        f'y2="{up(share)}"/><text class="quiet-text" x="{_EDGE - 6}" '
        f'y="{up(share) + 4}" text-anchor="end">{share:.3g}</text>'
        for share in marks
    )
    below = "".join(
        f'<text class="quiet-text" x="{_across(place / last)}" y="{_HEIGHT - 4}" '
        f'text-anchor="middle">{text(word)}</text>'
        for place, word in enumerate(words)
        if place % step == 0
    )
    return across + below


def _across(share: float) -> float:
    return round(_EDGE + 10 + share * (_WIDTH - _EDGE - 36), 1)


def reliability(
    drawings: Mapping[str, Sequence[tuple[float, float, int]]],
) -> Html:
    """A small square a campaign: share observed over share predicted, and the diagonal.

    Args:
        drawings: campaign -> mean predicted, share observed and accounts of each bin.
    """
    figures = []
    for name, bins in drawings.items():
        dots = "".join(
            f'<circle class="one" cx="{round(predicted * _SIDE, 1)}" '
            f'cy="{round((1 - observed) * _SIDE, 1)}" r="3.5" opacity=".8"/>'
            for predicted, observed, _ in bins
        )
        figures.append(
            f'<figure><svg role="img" aria-label="Reliability of {text(name)}" '
            f'viewBox="-5 -5 {_SIDE + 10} {_SIDE + 10}">'
            f'<rect class="axis" width="{_SIDE}" height="{_SIDE}" fill="none"/>'
            f'<line class="axis" x1="0" y1="{_SIDE}" x2="{_SIDE}" y2="0"/>{dots}</svg>'
            f"<figcaption>{text(name)}</figcaption></figure>"
        )
    return Html(f'<div class="grid">{"".join(figures)}</div>')
