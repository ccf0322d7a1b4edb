"""What a source looks like after reading: sizes, times, hashes, accidents of its text."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import polars as pl

from pipeline.sources.source import FileCount, Tables

# A hash of the archive is far longer than any handle, which is at most 15 characters:
# where the handle itself is the id of an account, nothing is hashed.
_SHORTEST_HASH = 30

# Traces that a release left in its texts. None is repaired by guess; entities are
# decoded in features.equalise, for training and for requests alike.
ACCIDENTS: dict[str, pl.Expr] = {
    "mojibake": pl.col("text").str.contains(
        "Ã[\u0080-\u00bf]|â€|ðŸ|Â[\u00a0-\u00bf]|[\u0080-\u009f]"
    ),
    "replacement_character": pl.col("text").str.contains("\ufffd", literal=True),
    "entity_escaped": pl.col("text").str.contains(r"&(amp|lt|gt);"),
    "entity_other": pl.col("text").str.contains(r"&(quot|apos|nbsp|#\d+);"),
    "spreadsheet_apostrophe": pl.col("text").str.contains(r"^'[@=+]"),
    "cut_with_ellipsis": pl.col("text").str.contains(r"…\s*$"),
    "cut_link": pl.col("text").str.contains(r"https?:?/{0,2}…|https?:?/{0,2}$"),
    "doubled_quotes": pl.col("text").str.contains('""', literal=True),
    "line_break": pl.col("text").str.contains(r"[\r\n]"),
    # Not an accident where present: an archive without a single one lost its emoji.
    "emoji": pl.col("text").str.contains("[\U00010000-\U0010ffff]"),
}
# Every text with a trace has one of these, and most texts have none: looking for them
# first takes a fifth of the time.
_SIGN: Final = r"[^ !#-%'-~]|^'|[:/sp]$"


@dataclass(frozen=True)
class Measures:
    """Numbers of some accounts of a source, which add up over its parts.

    labels: label -> accounts. traces: label -> posts and posts with each trace.
    """

    labels: dict[int, int]
    hashed: int
    posts: int
    first: datetime | None
    last: datetime | None
    nonzero_seconds: int
    traces: dict[int, dict[str, int]]

    def __add__(self, other: "Measures") -> "Measures":
        firsts = [time for time in (self.first, other.first) if time]
        lasts = [time for time in (self.last, other.last) if time]
        labels = sorted({*self.traces, *other.traces})
        return Measures(
            _added(self.labels, other.labels),
            self.hashed + other.hashed,
            self.posts + other.posts,
            min(firsts, default=None),
            max(lasts, default=None),
            self.nonzero_seconds + other.nonzero_seconds,
            {
                label: _added(self.traces.get(label, {}), other.traces.get(label, {}))
                for label in labels
            },
        )


def measure(tables: Tables) -> Measures:
    """Count what `describe` and `text_accidents` tell."""
    accounts, posts = tables.accounts, tables.posts
    own = pl.col("account_id")
    hashed = (pl.col("handle") == own) & (own.str.len_chars() >= _SHORTEST_HASH)
    labels = accounts.group_by("label").len().sort("label")
    first = last = None
    seconds = 0
    if posts is not None:
        first, last, seconds = posts.select(
            pl.col("posted_at").min().alias("first"),
            pl.col("posted_at").max().alias("last"),
            (pl.col("posted_at").dt.second() != 0).sum().alias("seconds"),
        ).row(0)
    return Measures(
        dict(labels.iter_rows()),
        accounts.select(hashed.sum()).item(),
        0 if posts is None else posts.height,
        first,
        last,
        seconds,
        _traces(tables),
    )


def _traces(tables: Tables) -> dict[int, dict[str, int]]:
    if tables.posts is None:
        return {}
    labels = tables.accounts.select("account_id", "label").lazy()
    posts = tables.posts.lazy()
    heights = posts.group_by("account_id").agg(pl.len().alias("posts"))
    found = (
        posts.filter(pl.col("text").str.contains(_SIGN))
        .group_by("account_id")
        .agg(trace.sum().alias(name) for name, trace in ACCIDENTS.items())
    )
    counted = (
        heights.join(found, on="account_id", how="left")
        .join(labels, on="account_id")
        .group_by("label")
        .agg(pl.col("posts", *ACCIDENTS).sum())
        .sort("label")
        .collect()
    )
    return {row.pop("label"): row for row in counted.to_dicts()}


def _added(some: dict[Any, int], more: dict[Any, int]) -> dict[Any, int]:
    names = dict.fromkeys([*some, *more])
    return {name: some.get(name, 0) + more.get(name, 0) for name in names}


def describe(measures: Measures) -> dict[str, Any]:
    """Sizes, time range and the shares that tell one collection from another."""
    accounts = sum(measures.labels.values())
    first, last = measures.first, measures.last
    seconds = _share(measures.nonzero_seconds, measures.posts)
    return {
        "accounts": accounts,
        "accounts_by_label": {str(k): n for k, n in sorted(measures.labels.items())},
        "posts": measures.posts,
        "first_post": first and first.isoformat(timespec="milliseconds"),
        "last_post": last and last.isoformat(timespec="milliseconds"),
        "hashed_share": _share(measures.hashed, accounts),
        "nonzero_seconds_share": None if first is None else seconds,
    }


def text_accidents(measures: Measures) -> dict[str, dict[str, int]]:
    """Posts with each trace, by label: a trace of one label only is the label."""
    return {str(label): found for label, found in sorted(measures.traces.items())}


def as_rows(counts: list[FileCount]) -> list[dict[str, Any]]:
    """File counts for JSON."""
    return [
        {
            "source": count.source,
            "file": count.file,
            "table": count.table,
            "read": count.read,
            "kept": count.kept,
            "rejected": count.rejected,
            "repaired": count.repaired,
            "nulled": count.nulled,
        }
        for count in counts
    ]


def totals(files: list[dict[str, Any]]) -> dict[str, Any]:
    """Sums over all files, by rule."""
    summed: dict[str, Any] = {
        "read": sum(file["read"] for file in files),
        "kept": sum(file["kept"] for file in files),
    }
    for verb in ("rejected", "repaired", "nulled"):
        rules: dict[str, int] = {}
        for file in files:
            for rule, count in file[verb].items():
                rules[rule] = rules.get(rule, 0) + count
        summed[verb] = dict(sorted(rules.items()))
    return summed


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None
