"""What a source declares in params.yaml, and what a reader gives back."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Final, Literal

import polars as pl
from pydantic import AfterValidator, Field, model_validator

from pipeline.section import Moment, Section

# Stands in a proposed block where only the user knows the fact; no value may be it.
FILL_IN: Final = "FILL_IN"


def _filled_in(text: str) -> str:
    if FILL_IN in text:
        raise ValueError(f"write what holds in the place of {FILL_IN}")
    return text


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Share = Annotated[float, Field(gt=0, le=1)]
# Kind of the labels that come from reviewers' verdicts.
REVIEWER: Final = "reviewer"
LabelKind = Literal["platform", "purchase", "honeypot", "expert", "weak", "reviewer"]


class Positives(Section):
    """Declaration of the accounts of a source that were labelled as inauthentic."""

    # null: the format itself names the campaign of each account (`group`).
    campaign: Name | None
    operator: Name
    kind: LabelKind
    strength: Share
    disclosed_at: Moment | None
    # False: shown, but kept out of mean, worst and bars, for the reason given.
    in_headline: bool
    reason: str | None


class Controls(Section):
    """Declaration of the ordinary accounts of a source."""

    # Name of the control source in reports and in the source diagnostic.
    name: Name
    kind: LabelKind
    strength: Share
    # Operators whose held-out fold the accounts leave with: share of each, by hash.
    blocks: dict[Name, Share]
    # Look-alike slice that all of these accounts belong to, or null.
    slice: Name | None

    @model_validator(mode="after")
    def _shares_sum_to_one(self) -> "Controls":
        if abs(sum(self.blocks.values()) - 1) > 1e-9:
            raise ValueError("the shares of blocks must sum to 1")
        return self


class AsOf(Section):
    """Moment at which the accounts of a source are judged."""

    # last_post: own last post + 1 minute; column: the format has an observation
    # time; constant: `at` for every account.
    rule: Literal["last_post", "column", "constant"]
    # The constant; with last_post, the moment for accounts without a dated post
    # (null: the last post of the account's label in this source + 1 minute).
    at: Moment | None

    @model_validator(mode="after")
    def _constant_is_given(self) -> "AsOf":
        if self.rule == "constant" and self.at is None:
            raise ValueError("rule constant needs `at`")
        return self


class Source(Section):
    """One archive of a world: its files and the facts that they do not state."""

    name: Name
    format: Name
    # Kind of file -> file names or globs below data/<world>/raw, as the format asks.
    files: dict[Name, list[str]]
    positives: Positives | None
    controls: Controls | None
    as_of: AsOf
    # Order of day and month in dates with slashes; null: the format has none.
    date_order: Literal["month_first", "day_first", "mixed"] | None
    # Zone of times that state none; null: the format states it.
    zone: Literal["UTC"] | None
    encoding: Literal["utf-8", "latin-1"]
    # True: every public post of the account up to as_of is in the archive.
    history_complete: bool
    # Accounts created before this day cannot be: the start of the platform.
    platform_start: Moment
    # Accounts without a single post are rejected as `no_evidence` if true.
    needs_posts: bool
    # Terms of use, as the user declares them.
    terms: Annotated[str, AfterValidator(_filled_in)]
    # Word of a label -> class, where words or numbers do not say it of themselves.
    polarity: dict[str, Literal["positives", "controls"]] | None = None

    @property
    def needs_labels(self) -> bool:
        """Whether accounts without a label are of no use."""
        return True

    @property
    def left_to_reviewers(self) -> bool:
        """Whether the labels of its accounts come from reviewers' verdicts alone."""
        declared = (self.positives, self.controls)
        return any(side is not None and side.kind == REVIEWER for side in declared)

    @model_validator(mode="after")
    def _has_a_class(self) -> "Source":
        if self.positives is None and self.controls is None:
            raise ValueError("declare positives, controls, or both")
        return self


class ToScore(Source):
    """An archive to be scored: labels are neither asked for nor read.

    No section of params.yaml can declare it, so that nothing unlabelled is trained on.
    """

    @property
    def needs_labels(self) -> bool:
        """Never: accounts to be scored have none."""
        return False


@dataclass
class FileCount:
    """What became of the rows of one file of one source.

    `read = kept + rejected` always; `repaired` and `nulled` count values among the
    kept, by rule; `rejected` counts rows by rule.
    """

    source: str
    file: str
    table: str
    read: int
    rejected: dict[str, int] = field(default_factory=dict)
    repaired: dict[str, int] = field(default_factory=dict)
    nulled: dict[str, int] = field(default_factory=dict)

    def __add__(self, other: "FileCount") -> "FileCount":
        """Counts of other rows of the same file together with these."""
        verbs = ("rejected", "repaired", "nulled")
        sums = {}
        for verb in verbs:
            some, more = getattr(self, verb), getattr(other, verb)
            rules = sorted({*some, *more})
            sums[verb] = {rule: some.get(rule, 0) + more.get(rule, 0) for rule in rules}
        read = self.read + other.read
        return FileCount(self.source, self.file, self.table, read, **sums)

    @property
    def kept(self) -> int:
        return self.read - sum(self.rejected.values())


@dataclass(frozen=True)
class Tables:
    """What a reader returns.

    accounts: canonical columns that the format has (`as_of` only if the format
        states it), plus `file` str, `row` int (1 = first row of data; for a text
        file the line on which the row begins), `label` 1/0 and `group` str? (the
        format's own name of the campaign). account_id as in the file, no prefix.
    posts: canonical columns that the format has, plus `file` and `row`; null if the
        source has no posts.
    rejected: canonical `rejected` rows.
    counts: one entry a file.
    """

    accounts: pl.DataFrame
    posts: pl.DataFrame | None
    rejected: pl.DataFrame
    counts: list[FileCount]


def as_utc(moment: datetime) -> pl.Expr:
    """Literal of a zoned moment in the canonical time type."""
    return pl.lit(moment).dt.convert_time_zone("UTC").cast(pl.Datetime("ms", "UTC"))
