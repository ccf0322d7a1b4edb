"""FEATURES: all features in column order, as rows for documents, the API and pages."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import polars as pl

from features import artefacts, equalise, totals
from features.action import ACTION
from features.audience import AUDIENCE
from features.bio import BIO
from features.bloc import BLOC
from features.change import CHANGE
from features.claim import CLAIM
from features.client import CLIENT
from features.coactivity import COACTIVITY
from features.content import CONTENT
from features.copying import COPYING
from features.days import DAYS
from features.feature import FAMILIES, Feature
from features.handle import HANDLE
from features.language import LANGUAGE
from features.life import LIFE
from features.link import LINK
from features.name import NAME
from features.profile import PROFILE
from features.reaction import REACTION
from features.rhythm import RHYTHM
from features.source import SOURCE
from features.style import STYLE
from features.tag import TAG
from features.timing import TIMING
from features.wording import WORDING

FEATURES: Final[tuple[Feature, ...]] = (
    *PROFILE,
    *BIO,
    *AUDIENCE,
    *NAME,
    *HANDLE,
    *TIMING,
    *RHYTHM,
    *DAYS,
    *LIFE,
    *CHANGE,
    *ACTION,
    *SOURCE,
    *REACTION,
    *BLOC,
    *CONTENT,
    *WORDING,
    *COPYING,
    *STYLE,
    *LINK,
    *TAG,
    *LANGUAGE,
    *CLAIM,
    *CLIENT,
)

# With those that need a population: computed where one is given, described with the
# others, and not read by the model (docs/decisions/0012-co-activity.md).
CATALOGUE: Final[tuple[Feature, ...]] = (*FEATURES, *COACTIVITY)

_BY_NAME: Final = {feature.name: feature for feature in CATALOGUE}
if len(_BY_NAME) != len(CATALOGUE):
    raise AssertionError("two features share a name")


def feature(name: str) -> Feature:
    """The feature of that name.

    Raises:
        KeyError: there is none.
    """
    return _BY_NAME[name]


def rows() -> list[dict[str, Any]]:
    """Every feature as plain values, in column order."""
    return [
        {
            "name": f.name,
            "group": f.group,
            "family": f.family,
            "label": f.label,
            "description": f.description,
            "unit": f.unit,
            "range": list(f.range),
            "direction": f.direction,
            "limitation": f.limitation,
            "missing": f.missing,
            "reasons": list(f.reasons),
            "counted": f.counted,
            "min_posts": f.min_posts,
            "full_history": f.full_history,
            "shown_by_posts": f.evidence is not None,
            "cost": f.cost,
            "tier": f.tier,
            "source": f.source,
        }
        for f in FEATURES
    ]


def fingerprint(features: Sequence[Feature] = FEATURES) -> str:
    """Hash of what decides the values.

    Names, types, formulas, minima and order of the features, the measures that they
    are made of, the repairs before them, and the tables that some are looked up in.
    """
    # Else of a list only the first entries and the last are printed, or as many as the
    # environment says.
    with pl.Config(fmt_table_cell_list_len=-1):
        lines = [
            f"{f.name}|{f.dtype}|{f.table}|{f.expr}|{f.among}|{f.counted}|"
            f"{f.min_posts}|{f.full_history}"
            for f in features
        ]
        plans = [totals.plan(), equalise.plan(), artefacts.plan()]
        text = "\n".join([*lines, *plans])
    return hashlib.sha256(text.encode()).hexdigest()


_EXCLUDED: Final = (
    ("Ids of accounts and posts, or hashes of them", "They carry the creation time."),
    (
        "Calendar dates and years: of creation, posts, collection",
        "They name the campaign or the collector. Ages and pauses do not.",
    ),
    (
        "Suspension, date of a takedown, counts read later",
        "Outcomes, not known at the moment of judging.",
    ),
    (
        "What posts are about: words, hashtags, topics, names, ideology, country",
        "A model learns the campaign and then accuses activists and journalists.",
    ),
    (
        "Which language or time zone",
        "Unfair, and a mark of the collection. Only mix and change are measured.",
    ),
    ("The verified mark", "Its meaning changed when it could be bought."),
    ("Hard rules", "Nothing goes past the calibrated model."),
    ("Reports and blocks received", "Mass reporting would become a weapon."),
    ("Marks of generated text", "They are not reliable."),
    (
        "Hashed fields, file names, order of rows, precision of times, seconds",
        "They tell who collected the account, and thereby the class.",
    ),
    ("Scores of other detectors", "Circular."),
)

_COUNTED: Final = {
    "all": "posts",
    "dated": "posts with a time",
    "own": "posts of its own with text",
    "tagged": "posts with a language",
    "signed": "posts with a client",
    "reposts": "reposts",
    "replies": "replies",
}
COST: Final = ("free", "cheap", "dear", "practically fixed")
DIRECTION: Final = {
    1: "takedown accounts higher",
    -1: "takedown accounts lower",
    0: "neither way",
}


def needs(feature: Feature) -> str:
    """What an account must have for a value, in words."""
    if feature.table == "population":
        # Minutes, different links, halves of texts: no number of posts.
        return "what Missing names"
    posts = "no posts"
    if feature.min_posts:
        posts = f"{feature.min_posts} {_COUNTED[feature.counted]}"
    return posts + (", with full history" if feature.full_history else "")


def as_markdown(unsimulated: Mapping[str, str]) -> str:
    """The catalogue page: a table a family, generated and never edited by hand.

    Args:
        unsimulated: name -> why it tells nothing in the demo world, of those that do not.
    """
    lines = [
        "# Feature catalogue",
        "",
        "Generated from the features by `make catalogue`; do not edit.",
        "",
        f"{len(FEATURES)} features, and {len(COACTIVITY)} more (tier P) that the model "
        "does not read. A value is null where it could not be measured, never filled "
        "in. Tier S needs the account alone, F a table fitted on training accounts, P "
        "a table of the accounts around it. Cost is what it takes to change the value.",
    ]
    for family in FAMILIES:
        members = [f for f in CATALOGUE if f.family == family]
        if not members:
            continue
        lines += ["", f"## {family.capitalize()}", ""]
        for f in members:
            low, high = (
                "no limit" if bound is None else f"{bound:g}" for bound in f.range
            )
            lines += [
                f"### {f.label} (`{f.name}`)",
                "",
                f.description,
                "",
                f"- Unit: {f.unit}, from {low} to {high}; needs {needs(f)}; tier {f.tier}; "
                f"{COST[f.cost]} to change",
                f"- Expected: {DIRECTION[f.direction]}",
                f"- Shown by posts: {'no' if f.evidence is None else 'yes'}",
                f"- Limitation: {f.limitation}",
                f"- Missing: {f.missing} ({', '.join(f.reasons)})",
                *(
                    [f"- Tells nothing in the demo world: {why}"]
                    if (why := unsimulated.get(f.name))
                    else []
                ),
                *([f"- Source: {f.source}"] if f.source else []),
                "",
            ]
    lines += [
        "## Features excluded, and why",
        "",
        "| Never a feature | Reason |",
        "|---|---|",
        *(f"| {what} | {why} |" for what, why in _EXCLUDED),
    ]
    return "\n".join(lines) + "\n"
