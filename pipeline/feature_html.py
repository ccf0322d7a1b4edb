"""The browsable page of features: one file, no script, nothing from outside."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

from features.catalogue import CATALOGUE, COST, DIRECTION, needs
from features.feature import FAMILIES, Feature
from features.formula import formula
from models.single import Single
from pipeline.unsimulated import UNSIMULATED

_CSS: Final = """
:root { color-scheme: light dark; --page: #fff; --text: #1b1f24; --quiet: #57606a;
  --line: #d3d9df; --soft: #f4f6f8; --link: #0b57a4; --bad: #c2560c; --good: #1f5fa8;
  --note: #fff3d1; --note-text: #5c4200; }
@media (prefers-color-scheme: dark) { :root { --page: #14171b; --text: #e6e9ed;
  --quiet: #a3adb8; --line: #363d45; --soft: #1d2228; --link: #84bcff; --bad: #f2a35e;
  --good: #7db4f5; --note: #3a2f10; --note-text: #ffdf94; } }
* { box-sizing: border-box; }
html { font: 100%/1.5 system-ui, sans-serif; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--text); overflow-wrap: anywhere; }
p.note { max-width: none; margin: 0; padding: .5rem 1rem; background: var(--note); color: var(--note-text);
  font-weight: 600; }
header, main { max-width: 72rem; margin: 0 auto; padding: 1rem; }
h1 { margin: .5rem 0; font-size: 1.75rem; line-height: 1.2; }
h2 { margin: 3rem 0 0; padding-top: 1rem; border-top: 2px solid var(--line);
  font-size: 1.375rem; }
h3 { margin: 0; font-size: 1.0625rem; }
p { margin: .5rem 0; max-width: 44rem; }
section:first-child h2 { margin-top: 0; }
a { color: var(--link); }
code { font-size: .875em; }
.quiet, dt, figcaption, .name { color: var(--quiet); }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; padding: 0; list-style: none; }
article { display: grid; gap: 0 2rem; padding: 1.25rem 0;
  border-bottom: 1px solid var(--line); grid-template-columns: minmax(0, 1fr); }
@media (min-width: 56rem) {
  article { grid-template-columns: minmax(0, 1fr) minmax(0, 26rem); } }
dl { display: grid; grid-template-columns: 7rem minmax(0, 1fr); gap: .125rem .75rem;
  margin: .5rem 0; font-size: .9375rem; }
dd { margin: 0; }
summary { cursor: pointer; color: var(--link); }
details code { display: block; max-height: 12rem; padding: .5rem; overflow: auto;
  background: var(--soft); white-space: pre-wrap; }
figure { margin: .5rem 0 0; font-size: .875rem; }
svg { display: block; width: 100%; height: auto; background: var(--soft); }
svg .good { fill: var(--good); fill-opacity: .4; }
svg .bad { fill: none; stroke: var(--bad); stroke-width: 1.75; }
.ends { display: flex; justify-content: space-between; }
.key i { display: inline-block; width: .9em; height: .9em; margin-right: .3em;
  vertical-align: -.1em; }
.key .good { background: var(--good); opacity: .5; }
.key .bad { border: 2px solid var(--bad); }
table { width: 100%; margin-top: .5rem; border-collapse: collapse; font-size: .875rem;
  font-variant-numeric: tabular-nums; }
th, td { padding: .125rem .5rem .125rem 0; text-align: left; font-weight: 400;
  border-bottom: 1px solid var(--line); }
td { text-align: right; padding-right: 0; }
"""
_WIDTH: Final = 240
_HEIGHT: Final = 72
# As far from 0.5, AUC within a campaign counts as pointing one way.
_CLEAR: Final = 0.1


def as_html(world: str, accounts: tuple[int, int], found: Mapping[str, Single]) -> str:
    """The page.

    Args:
        world: a world of params.yaml.
        accounts: number of controls and of takedown accounts.
        found: name of every feature of the catalogue -> what it tells.
    """
    families = [family for family in FAMILIES if _members(family)]
    note = (
        '<p class="note">A simulated world: figures test the machinery and say nothing '
        "about real accounts.</p>"
        if world == "demo"
        else ""
    )
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>Features, world {escape(world)}</title>",
            f"<style>{_CSS}</style></head><body>{note}<header>",
            f"<h1>Features, world {escape(world)}</h1>",
            f"<p>{len(CATALOGUE)} features over {accounts[1]:,} takedown accounts and "
            f"{accounts[0]:,} controls, masked as in training. No feature is a verdict: "
            "the bars show how far the classes overlap.</p>",
            "<p>AUC of the value alone: 0.5 tells nothing, below 0.5 controls are "
            "higher. <em>Within</em> compares each campaign with the controls of its "
            "operator, which campaigns of one operator share; <em>across</em> compares "
            "all at once, so that what differs between collections counts too. No "
            "figure is given for fewer than 20 known values in a class. Tables of tier F "
            "were counted on these accounts themselves.</p>",
            "<p>A histogram leaves out at each end at most one known value in a hundred "
            "of a class; these are counted in its last bar.</p>",
            '<p class="key"><i class="bad"></i>takedown accounts &nbsp; '
            '<i class="good"></i>controls</p><nav aria-label="Families"><ul>',
            *(
                f'<li><a href="#{_anchor(family)}">{escape(family.capitalize())}</a> '
                f'<span class="quiet">{len(_members(family))}</span></li>'
                for family in families
            ),
            "</ul></nav></header><main>",
            *(
                line
                for family in families
                for line in (
                    f'<section aria-labelledby="{_anchor(family)}">'
                    f'<h2 id="{_anchor(family)}">{escape(family.capitalize())}</h2>',
                    _summary(_members(family), found),
                    *(_article(f, found[f.name], world) for f in _members(family)),
                    "</section>",
                )
            ),
            "</main></body></html>\n",
        ]
    )


def _members(family: str) -> list[Feature]:
    return [f for f in CATALOGUE if f.family == family]


def _anchor(family: str) -> str:
    return family.replace(" ", "-")


def _summary(members: Sequence[Feature], found: Mapping[str, Single]) -> str:
    """How many tell anything, how many point both ways, and which tells most alone."""
    known = [f for f in members if _tells(found[f.name])]
    turned = sum(min(_sides(found[f.name])) > 0 for f in known)
    means = {f: mean for f in known if (mean := _mean(found[f.name])) is not None}
    text = (
        f"{len(members)} features, {len(known)} with different values in this world; of "
        f"these {turned} point one way for some campaigns and the other way for others."
    )
    if means:
        # The first of the furthest from 0.5.
        most = max(means, key=lambda f: abs(means[f] - 0.5))
        text += (
            f' Furthest from 0.5 within campaigns: <a href="#{most.name}">'
            f"{escape(most.label)}</a>, {_number(means[most])}."
        )
    return f'<p class="quiet">{text}</p>'


def _tells(single: Single) -> bool:
    """Whether accounts differ in it."""
    return single.low is not None and single.only is None


def _mean(single: Single) -> float | None:
    known = [value for value in single.within.values() if value is not None]
    return sum(known) / len(known) if known else None


def _sides(single: Single) -> tuple[int, int]:
    """Campaigns whose accounts are higher than controls, and lower, clear of 0.5."""
    known = [value for value in single.within.values() if value is not None]
    return (
        sum(value > 0.5 + _CLEAR for value in known),
        sum(value < 0.5 - _CLEAR for value in known),
    )


def _article(feature: Feature, single: Single, world: str) -> str:
    low, high = ("no limit" if end is None else f"{end:g}" for end in feature.range)
    facts = {
        "Unit": f"{feature.unit or '-'}, from {low} to {high}",
        "Needs": _needs(feature),
        "Expected": DIRECTION[feature.direction],
        "Cost": f"{COST[feature.cost]} to change",
        "Limitation": feature.limitation,
        "Missing": feature.missing,
        "Source": feature.source,
    }
    rows = "".join(
        f"<dt>{name}</dt><dd>{escape(fact)}</dd>"
        for name, fact in facts.items()
        if fact
    )
    lines = "\n".join(f"{name} = {text}" for name, text in formula(feature).items())
    return (
        f'<article id="{feature.name}"><div><h3>{escape(feature.label)}</h3>'
        f'<code class="name">{feature.name}</code><p>{escape(feature.description)}</p>'
        f"<dl>{rows}</dl><details><summary>Formula</summary>"
        f"<code>{escape(lines)}</code></details></div>"
        f"<div>{_figure(feature, single, world)}{_table(single)}</div></article>"
    )


def _needs(feature: Feature) -> str:
    own = f"{needs(feature)}; tier {feature.tier}"
    if feature.tier != "P":
        return own
    return f"{own}: the accounts around it; the model does not read it"


def _figure(feature: Feature, single: Single, world: str) -> str:
    if single.low is None or single.high is None or not _tells(single):
        return f'<p class="quiet">{escape(_nothing_told(feature, single, world))}</p>'
    good, bad = single.shares
    top = max(*good, *bad)
    step = _WIDTH / len(good)
    bars = "".join(
        f'<rect x="{place * step:.1f}" y="{_HEIGHT * (1 - share / top):.1f}" '
        f'width="{step:.1f}" height="{_HEIGHT * share / top:.1f}"/>'
        for place, share in enumerate(good)
    )
    line = "".join(
        f"H{place * step:.1f}V{1 + (_HEIGHT - 2) * (1 - share / top):.1f}"
        for place, share in enumerate(bad)
    )
    return (
        f'<figure><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label='
        f'"Histogram of {escape(feature.label)}, takedown accounts and controls">'
        f'<g class="good">{bars}</g><path class="bad" d="M0 {_HEIGHT - 1}{line}'
        f'H{_WIDTH}V{_HEIGHT - 1}"/></svg><figcaption class="ends">'
        f"<span>{single.low:.3g}</span><span>{single.high:.3g}</span></figcaption>"
        "</figure>"
    )


def _nothing_told(feature: Feature, single: Single, world: str) -> str:
    """Why there is no histogram."""
    alike = f"Every account of this world that has a value has {single.only or 0:.3g}"
    text = "No account of this world has a value" if single.only is None else alike
    if world == "demo" and feature.name in UNSIMULATED:
        return f"{text}: {UNSIMULATED[feature.name]}."
    return f"{text}. {feature.missing}" if single.only is None else f"{text}."


def _table(single: Single) -> str:
    above, below = _sides(single)
    rows = {
        "missing, takedown accounts": f"{single.missing[1]:.0%}",
        "missing, controls": f"{single.missing[0]:.0%}",
        "AUC across": _number(single.across),
        "AUC within, mean": _number(_mean(single)),
        f"campaigns above {0.5 + _CLEAR}, below {0.5 - _CLEAR}": f"{above}, {below}",
        **{f"within {name}": _number(value) for name, value in single.within.items()},
    }
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{value}</td></tr>'
        for name, value in rows.items()
    )
    return f"<table>{body}</table>"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
