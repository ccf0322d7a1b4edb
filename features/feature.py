"""Feature: everything about one number of an account, declared once."""

import re
from dataclasses import dataclass
from typing import Final, Literal

import polars as pl

from features.errors import SchemaError
from features.schema import KINDS

Family = Literal[
    "content",
    "timing",
    "life cycle",
    "amplification",
    "profile",
    "clients",
    "coordination",
]
FAMILIES: Final[tuple[Family, ...]] = (
    "content",
    "timing",
    "life cycle",
    "amplification",
    "profile",
    "clients",
    "coordination",
)

# Why a value is missing. The first that applies is given.
REASONS: Final = {
    "population_absent": "needs a table of the accounts around it, none was given",
    "artefact_absent": "needs a table fitted in training, none was given",
    "field_hashed": "the archive replaced the field by a hash",
    "field_absent": "the field was not given",
    "history_incomplete": "needs every post of the account, not only the latest ones",
    "too_few_posts": "fewer posts than the measure needs",
    "undefined": "the measure has no value here, for example no variation at all",
}

# Sets of an account's posts that a feature may count towards its minimum.
Counted = Literal["all", "dated", "own", "tagged", "signed", "reposts", "replies"]

# What no feature may read, and why; the names are those that sources give it.
EXCLUDED: Final = {
    "ids carry the creation time": ("account_id", "post_id", "row_id"),
    "calendar dates name the campaign or the collector": (
        *("calendar_date", "created_year", "year", "collected_at", "observed_at"),
    ),
    "outcomes are not known at the moment of judging": (
        *("label", "suspended", "suspension_date", "takedown_date", "disclosed_at"),
        *("strength", "role", "slice"),
    ),
    "subjects make a model learn the campaign": (
        *("campaign", "operator", "topic", "ideology", "country", "entities"),
    ),
    "zone and place are unfair, and marks of the collection": (
        *("time_zone", "utc_offset", "geo_enabled"),
    ),
    "the verified mark can be bought": ("verified", "verified_type", "is_verified"),
    "mass reporting would become a weapon": ("reports_received", "blocks_received"),
    "marks of generated text are not reliable": ("generated", "perplexity"),
    "marks of the collection tell the classes apart": (
        *("source", "file", "row", "block", "names_hashed", "second", "time_precision"),
    ),
    "scores of other detectors are circular": ("score", "bot_score", "raw_score"),
}
BANNED_COLUMNS: Final = frozenset(name for names in EXCLUDED.values() for name in names)

# What features read through measures alone: as they stand, these hold what is excluded.
RAW: Final = {
    "dates name the campaign or the collector; read ages and pauses": (
        *("as_of", "created_at", "posted_at", "target_posted_at"),
    ),
    "words make a model learn the subject; read how they are used": (
        *("text", "hashtags", "mentions", "links"),
    ),
    "ids carry the creation time; read whether they are the same": (
        *("target_account_id", "target_post_id"),
    ),
    "an hour since the first post tells nothing alone; read how they spread": ("hour",),
}
_LANGUAGES: Final = frozenset({"language", "declared_language"})
# Measures and totals that are moments of the calendar, unless taken from one another.
MOMENTS: Final = frozenset(
    {
        *("minute", "first_minute", "created_minute", "first_post", "last_post"),
        *("before_end", "after_begin", "first_repost"),
    }
)
# All that a formula over posts may name: any other word is a subject, a site, a person.
_NAMES: Final = frozenset(KINDS)
_COLUMN: Final = re.compile(r'col\("([^"]*)"\)')
_STRING: Final = re.compile(r'"([^"]*)"')


@dataclass(frozen=True, eq=False)
class Feature:
    """One measure of an account.

    Attributes:
        name: group first, unit or form last; the column name everywhere.
        group: the file that declares it.
        family: one of the seven families shown to reviewers.
        table: "accounts" for a row-wise expression on the equalised accounts table,
            "posts" for one that reduces an account's posts (features.measures) to a
            value, "totals" for a row-wise one on what they come to (features.totals)
            and on the account, "population" for one on what the account shares with
            the accounts around it (features.population). Prefer "totals" where features
            share what is summed.
        expr: the Polars expression; build_features is the only caller.
        evidence: true for the posts that show the value, or null if none do.
        dtype: Float32 or Boolean.
        unit: unit of the value.
        range: least and greatest value, null for unbounded.
        direction: 1 if takedown accounts are expected higher, -1 lower, 0 unknown.
        label: a few words for a reviewer.
        description: what is measured over what; no verdict.
        limitation: when the value misleads.
        missing: what null means here.
        reasons: codes of REASONS that can occur.
        among: the posts that the measure is about. Of nearly all of them the columns
            that it reads must be known; if it has none such, nothing need be known.
            Null: any post that tells the columns is enough.
        counted: which posts count towards `min_posts`: all, dated ones, own ones with
            text, ones tagged with a language, ones signed by a client, reposts, replies.
        min_posts: fewer such posts than this, and the value is null.
        full_history: null unless the account states history_complete and fewer than
            HISTORY_CAP posts count: those before the latest so many are not read.
        cost: to change it: 0 free, 1 cheap, 2 dear, 3 practically fixed.
        tier: S from the account alone, F with fitted tables, P with a population.
        source: where the method was published, empty for our own.
    """

    name: str
    group: str
    family: Family
    table: Literal["accounts", "posts", "totals", "population"]
    expr: pl.Expr
    unit: str
    range: tuple[float | None, float | None]
    direction: Literal[-1, 0, 1]
    label: str
    description: str
    limitation: str
    missing: str
    reasons: tuple[str, ...]
    cost: Literal[0, 1, 2, 3]
    evidence: pl.Expr | None = None
    among: pl.Expr | None = None
    dtype: pl.DataType = pl.Float32()  # noqa: RUF009 - a value, never changed
    counted: Counted = "all"
    min_posts: int = 0
    full_history: bool = False
    tier: Literal["S", "F", "P"] = "S"
    source: str = ""

    def __post_init__(self) -> None:
        if not self.name.startswith(f"{self.group}_"):
            raise SchemaError(
                f"feature {self.name}: name must begin with {self.group}_"
            )
        if self.dtype not in (pl.Float32(), pl.Boolean()):
            raise SchemaError(f"feature {self.name}: {self.dtype} is not numeric")
        if unknown := set(self.reasons) - set(REASONS):
            raise SchemaError(f"feature {self.name}: unknown reason codes {unknown}")
        if silent := self._implied_reasons() - set(self.reasons):
            raise SchemaError(
                f"feature {self.name}: reasons lack {', '.join(sorted(silent))}"
            )
        # A pattern, a place or a type may stand for any column.
        if self.expr.meta.has_multiple_outputs():
            raise SchemaError(f"feature {self.name}: must name the columns it reads")
        if banned := self.inputs() & BANNED_COLUMNS:
            raise SchemaError(
                f"feature {self.name}: may not read {', '.join(sorted(banned))}"
            )
        for why, columns in RAW.items():
            if raw := self.inputs() & set(columns):
                raise SchemaError(
                    f"feature {self.name}: may not read {', '.join(sorted(raw))} as it "
                    f"stands: {why}"
                )
        self._refuse_names()

    def _refuse_names(self) -> None:
        """Refuse what comes in through measures: a language, a subject, a date."""
        text = str(self.expr)
        named = set(_STRING.findall(_COLUMN.sub("", text)))
        if named and self.inputs() & _LANGUAGES:
            raise SchemaError(
                f"feature {self.name}: may not name a language; read mix and change"
            )
        if named and "location" in self.inputs():
            raise SchemaError(
                f"feature {self.name}: may not name a place; read whether one is given"
            )
        if self.table in ("posts", "totals") and (words := named - _NAMES):
            raise SchemaError(
                f"feature {self.name}: may not name {', '.join(sorted(words))}; of posts "
                "only their kinds are named, of words only how they are used"
            )
        moments = [name for name in _COLUMN.findall(text) if name in MOMENTS]
        if len(moments) == 1:
            raise SchemaError(
                f"feature {self.name}: may not read {moments[0]} alone, it is a date; "
                "read how far it lies from another moment"
            )

    def _implied_reasons(self) -> set[str]:
        implied = {
            "too_few_posts": self.min_posts > 0,
            "history_incomplete": self.full_history,
            "artefact_absent": self.tier == "F",
            "population_absent": self.tier == "P",
        }
        return {code for code, can_occur in implied.items() if can_occur}

    def inputs(self) -> set[str]:
        """Names of the columns that the expression reads."""
        return set(self.expr.meta.root_names())
