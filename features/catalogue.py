"""FEATURES: all features in column order, as rows for documents, the API and pages."""

import hashlib
from collections.abc import Sequence
from typing import Any, Final

from features.action import ACTION
from features.audience import AUDIENCE
from features.client import CLIENT
from features.content import CONTENT
from features.feature import FAMILIES, Feature
from features.life import LIFE
from features.name import NAME
from features.profile import PROFILE
from features.timing import TIMING

FEATURES: Final[tuple[Feature, ...]] = (
    *PROFILE,
    *AUDIENCE,
    *NAME,
    *TIMING,
    *LIFE,
    *ACTION,
    *CONTENT,
    *CLIENT,
)

_BY_NAME: Final = {feature.name: feature for feature in FEATURES}
if len(_BY_NAME) != len(FEATURES):
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
            "cost": f.cost,
            "tier": f.tier,
            "source": f.source,
        }
        for f in FEATURES
    ]


def fingerprint(features: Sequence[Feature] = FEATURES) -> str:
    """Hash of what decides the values: names, types, formulas, minima, order."""
    text = "\n".join(
        f"{f.name}|{f.dtype}|{f.expr}|{f.counted}|{f.min_posts}|{f.full_history}"
        for f in features
    )
    return hashlib.sha256(text.encode()).hexdigest()


_COST: Final = ("free", "cheap", "dear", "practically fixed")


def as_markdown() -> str:
    """The catalogue page: a table a family, generated and never edited by hand."""
    lines = [
        "# Feature catalogue",
        "",
        "Generated from the features by `make catalogue`; do not edit.",
        "",
        f"{len(FEATURES)} features. A value is null where it could not be measured, "
        "never filled in. Tier S needs the account alone, F a table fitted on training "
        "accounts. Cost is what it takes to change the value.",
    ]
    for family in FAMILIES:
        members = [f for f in FEATURES if f.family == family]
        if not members:
            continue
        lines += ["", f"## {family.capitalize()}", ""]
        for f in members:
            low, high = ("-" if bound is None else f"{bound:g}" for bound in f.range)
            need = f"{f.min_posts} posts ({f.counted})" if f.min_posts else "no posts"
            lines += [
                f"### {f.label} (`{f.name}`)",
                "",
                f.description,
                "",
                f"- Unit: {f.unit}, from {low} to {high}; needs {need}"
                + (", with full history" if f.full_history else "")
                + f"; tier {f.tier}; {_COST[f.cost]} to change",
                f"- Limitation: {f.limitation}",
                f"- Missing: {f.missing} ({', '.join(f.reasons)})",
                *([f"- Source: {f.source}"] if f.source else []),
                "",
            ]
    return "\n".join(lines).rstrip() + "\n"
