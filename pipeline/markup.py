"""HTML of our own making: every value is escaped where it enters, and nowhere else."""

from collections.abc import Sequence
from html import escape
from typing import Final, NewType

# Text that is HTML already; everything else is not, and is escaped.
Html = NewType("Html", str)

STYLE: Final = """
:root { color-scheme: light dark; --page: #fff; --text: #1b1f24; --quiet: #57606a;
  --line: #d3d9df; --soft: #f4f6f8; --one: #a8480a; --two: #1f5fa8; --mark: #fff3d1;
  --mark-text: #5c4200; }
@media (prefers-color-scheme: dark) { :root { --page: #14171b; --text: #e6e9ed;
  --quiet: #a3adb8; --line: #363d45; --soft: #1d2228; --one: #f2a35e; --two: #7db4f5;
  --mark: #3a2f10; --mark-text: #ffdf94; } }
* { box-sizing: border-box; }
html { font: 100%/1.5 system-ui, sans-serif; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--text); }
main { padding: 1rem max(1rem, calc((100% - 80rem) / 2)) 3rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: .5rem 0; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; padding-top: 1rem;
  border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.5rem 0 .25rem; }
p, li { max-width: 44rem; overflow-wrap: anywhere; }
p { margin: .5rem 0; }
.quiet { color: var(--quiet); font-size: .875rem; }
.world { background: var(--mark); color: var(--mark-text); padding: .5rem .75rem;
  font-weight: 600; }
.wide { overflow-x: auto; margin: .5rem 0; }
table { border-collapse: collapse; font-size: .875rem; }
th, td { padding: .3rem 1rem .3rem 0; text-align: start; vertical-align: top;
  border-bottom: 1px solid var(--line); font-weight: 400; }
thead th { color: var(--quiet); vertical-align: bottom; }
tbody th { min-width: 11.5rem; max-width: 18rem; overflow-wrap: anywhere; }
td { white-space: nowrap; }
td.long { white-space: normal; min-width: 10rem; max-width: 24rem;
  overflow-wrap: anywhere; }
td.number, th.number { text-align: end; font-variant-numeric: tabular-nums; }
td.marked { background: var(--mark); color: var(--mark-text); }
svg { display: block; width: 100%; height: auto; min-width: 40rem; max-width: 56rem; }
svg text { fill: var(--text); font: 12px system-ui, sans-serif; }
svg .axis { stroke: var(--line); }
svg .quiet-text { fill: var(--quiet); font-size: 11px; }
.one { fill: var(--one); color: var(--one); }
.two { fill: var(--two); color: var(--two); }
.verdict { font-weight: 600; font-size: 1.0625rem; }
details { margin: .5rem 0; }
summary { cursor: pointer; }
.grid { display: flex; flex-wrap: wrap; gap: 1rem; margin: .5rem 0; }
.grid figure { margin: 0; width: 9.5rem; }
figcaption { font-size: .875rem; overflow-wrap: anywhere; }
.grid svg, .chart svg { min-width: 0; }
.chart { max-width: 36rem; margin: .5rem 0; }
svg .trace { fill: none; stroke: currentColor; stroke-width: 2; }
.three { fill: var(--text); color: var(--text); }
caption { text-align: start; color: var(--quiet); font-size: .875rem; padding: .25rem 0; }
.key { display: inline-block; width: .75rem; height: .75rem; background: currentColor;
  margin-inline-end: .25rem; }
"""


class Marked(float):
    """A number that the reader should look at."""


class MarkedText(str):
    """Words, or a number written out, that the reader should look at."""


Cell = str | int | float | None


def text(value: object) -> Html:
    """A value as text, escaped, bidirectional marks shown as what they are."""
    shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in str(value))
    return Html(escape(shown, quote=True))


def number(value: float | int | None, digits: int = 2) -> Html:
    """A number for people: thousands apart, a dash where it is not known."""
    if value is None:
        return Html("&ndash;")
    if isinstance(value, int):
        return Html(f"{value:,}")
    return Html(f"{value:.{digits}f}")


def table(
    head: Sequence[str], rows: Sequence[Sequence[Cell]], caption: str | None = None
) -> Html:
    """A table whose first column names its rows; numbers are aligned at the end."""
    if not rows:
        return Html("<p>None.</p>")
    numeric = [
        all(row[place] is None or isinstance(row[place], (int, float)) for row in rows)
        for place in range(len(head))
    ]
    titles = "".join(
        f'<th scope="col"{_class(numeric[place])}>{text(title)}</th>'
        for place, title in enumerate(head)
    )
    body = "".join(
        f'<tr><th scope="row">{_shown(row[0])}</th>'
        + "".join(
            _cell(value, right)
            for value, right in zip(row[1:], numeric[1:], strict=True)
        )
        + "</tr>"
        for row in rows
    )
    told = "" if caption is None else f"<caption>{text(caption)}</caption>"
    # Focusable, so that the arrow keys reach what lies beyond a narrow screen.
    return Html(
        f'<div class="wide" role="group" tabindex="0" aria-label="Table by {text(head[0])}">'
        f"<table>{told}<thead><tr>{titles}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def _class(numeric: bool) -> str:
    return ' class="number"' if numeric else ""


def _shown(value: Cell) -> Html:
    if value is None or isinstance(value, (int, float)):
        return number(value)
    return text(value)


def _cell(value: Cell, right: bool) -> str:
    kinds = ["number"] if right else []
    if isinstance(value, (Marked, MarkedText)):
        kinds.append("marked")
    if isinstance(value, str) and len(value) > 28:
        kinds.append("long")
    words = f' class="{" ".join(kinds)}"' if kinds else ""
    return f"<td{words}>{_shown(value)}</td>"


def section(title: str, intro: str, *parts: Html) -> Html:
    """A part of the page with its heading and a sentence on how to read it."""
    return Html(
        f"<section><h2>{text(title)}</h2><p>{text(intro)}</p>{''.join(parts)}</section>"
    )


def heading(title: str) -> Html:
    """A heading within a section."""
    return Html(f"<h3>{text(title)}</h3>")


def folded(title: str, *parts: Html) -> Html:
    """What is shown only when the reader opens it, without a script."""
    return Html(f"<details><summary>{text(title)}</summary>{''.join(parts)}</details>")


def page(title: str, notice: str, *parts: Html) -> Html:
    """A whole page that needs nothing else: no script, no font, no image."""
    return Html(
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(title)}</title><style>{STYLE}</style></head><body><main>"
        f'<h1>{text(title)}</h1><p class="world">{text(notice)}</p>'
        f"{''.join(parts)}</main></body></html>\n"
    )
