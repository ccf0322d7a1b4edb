"""Reasons: what each measure adds, by family, and the posts that show it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Any, Final

import polars as pl

from features.artefacts import Artefacts
from features.catalogue import feature
from features.evidence import show_for_each
from features.feature import FAMILIES, REASONS
from serving.contract import TOP
from serving.review.quantities import SMALLEST, measured, moment, raw

MOST_POSTS: Final = 5
# Times listed of a post that stands in the history more than once.
MOST_TIMES: Final = 5
_COST: Final = (
    "free to change",
    "cheap to change",
    "dear to change",
    "practically fixed",
)


@dataclass(frozen=True)
class Reason:
    """One measure of the account, in words.

    Attributes:
        effect: what it adds to the log-odds.
        value: with its unit; null if it could not be measured.
        raw: the same as the model takes it, if that is another number.
        percentile: share of controls whose value is not larger, or null.
        unmeasured: why there is no value, or null.
        needed: what the value would take, or null.
    """

    name: str
    label: str
    family: str
    effect: float
    value: str | None
    raw: str | None
    percentile: float | None
    unmeasured: str | None
    needed: str | None
    description: str
    limitation: str
    cost: str


@dataclass(frozen=True)
class Family:
    """A line of the sum, and what it is made of.

    Attributes:
        effect: exactly the sum of the effects of its parts.
        parts: title and reasons: for, against, not measured; strongest first.
        without: labels of measures that change nothing here.
    """

    name: str
    effect: float
    parts: list[tuple[str, list[Reason]]]
    without: list[str]


@dataclass(frozen=True)
class Quoted:
    """A post as evidence: once, however often the account posted the same words."""

    text: str
    kind: str
    target: str | None
    count: int
    times: list[str]

    @property
    def when(self) -> str:
        """Its latest times, each once."""
        if not self.times:
            return "no time given"
        more = ", and before" if len(self.times) > MOST_TIMES else ""
        return ", ".join(self.times[:MOST_TIMES]) + more


@dataclass(frozen=True)
class Evidence:
    """A reason for, and posts behind it.

    Attributes:
        posts: some of them; null if single posts cannot show this measure.
        total: posts behind it in all.
    """

    reason: Reason
    posts: list[Quoted] | None
    total: int


def reasons_of(explanation: Mapping[str, Any]) -> list[Reason]:
    """Reasons of a full explanation, strongest first, equal ones by name."""
    found = []
    for part in explanation["contributions"]:
        about = feature(part["feature"])
        missing = part["missing_reason"]
        known = part["value"] is not None
        found.append(
            Reason(
                name=about.name,
                label=part["label"],
                family=part["family"],
                effect=part["contribution"],
                value=measured(part["value"], part["unit"]) if known else None,
                raw=raw(part["value"], part["unit"]) if known else None,
                percentile=part["percentile"],
                unmeasured=None if known else REASONS[missing],
                needed=None if known else about.missing,
                description=about.description,
                limitation=about.limitation,
                cost=_COST[about.cost],
            )
        )
    return sorted(found, key=lambda r: (-abs(r.effect), r.name))


def families_of(reasons: Sequence[Reason]) -> list[Family]:
    """Families that have measures, strongest first."""
    found = []
    for name in FAMILIES:
        inside = [reason for reason in reasons if reason.family == name]
        if not inside:
            continue
        telling = [r for r in inside if abs(r.effect) >= SMALLEST]
        parts = [
            ("For", [r for r in telling if r.value is not None and r.effect > 0]),
            ("Against", [r for r in telling if r.value is not None and r.effect < 0]),
            ("Could not be measured", [r for r in telling if r.value is None]),
        ]
        found.append(
            Family(
                name=name,
                effect=fsum(reason.effect for reason in inside),
                parts=[(title, rows) for title, rows in parts if rows],
                without=sorted(r.label for r in inside if abs(r.effect) < SMALLEST),
            )
        )
    return sorted(found, key=lambda family: (-abs(family.effect), family.name))


def strongest(reasons: Sequence[Reason], sign: int) -> list[Reason]:
    """The strongest measured reasons for (1) or against (-1).

    What could not be measured is no evidence, whatever the model makes of its absence.
    """
    chosen = [r for r in reasons if r.value is not None and r.effect * sign > 0]
    # If there is any on this side, one is shown, however small.
    return chosen[:1] + [r for r in chosen[1:TOP] if abs(r.effect) >= SMALLEST]


def evidence_of(
    reasons: Sequence[Reason],
    accounts: pl.DataFrame,
    posts: pl.DataFrame,
    artefacts: Artefacts | None = None,
) -> list[Evidence]:
    """The posts behind each reason: most repeated words first, then the latest."""
    measures = [feature(reason.name) for reason in reasons]
    shown = show_for_each(accounts, posts, measures, artefacts)
    return [
        Evidence(reason, None, 0)
        if measure.evidence is None
        else Evidence(reason, _quoted(found), found.height)
        for reason, measure, found in zip(reasons, measures, shown, strict=True)
    ]


def _quoted(posts: pl.DataFrame) -> list[Quoted]:
    grouped = (
        posts.with_columns(pl.col("text").fill_null(""))
        .group_by("text", "kind", "target_account_id", maintain_order=True)
        .agg(
            pl.len().alias("count"),
            pl.col("posted_at").dt.epoch("ms").sort(descending=True).alias("times"),
        )
        .with_columns(pl.col("times").list.max().alias("latest"))
        .sort("count", "latest", descending=True, nulls_last=True, maintain_order=True)
        .head(MOST_POSTS)
    )
    return [
        Quoted(
            text=row["text"],
            kind=row["kind"],
            target=row["target_account_id"],
            count=row["count"],
            times=list(dict.fromkeys(moment(t) for t in row["times"] if t is not None)),
        )
        for row in grouped.to_dicts()
    ]
