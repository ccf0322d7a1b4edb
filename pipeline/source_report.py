"""What a source looks like after reading: sizes, times, hashes, accidents of its text."""

from typing import Any

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


def describe(tables: Tables) -> dict[str, Any]:
    """Sizes, time range and the shares that tell one collection from another."""
    accounts, posts = tables.accounts, tables.posts
    own = pl.col("account_id")
    hashed = (pl.col("handle") == own) & (own.str.len_chars() >= _SHORTEST_HASH)
    found: dict[str, Any] = {
        "accounts": accounts.height,
        "accounts_by_label": _by_label(accounts),
        "posts": 0 if posts is None else posts.height,
        "first_post": None,
        "last_post": None,
        "hashed_share": _share(accounts, hashed),
        "nonzero_seconds_share": None,
    }
    if posts is not None and posts["posted_at"].null_count() < posts.height:
        first, last = posts.select(
            pl.col("posted_at").min().dt.to_string("iso:strict").alias("first"),
            pl.col("posted_at").max().dt.to_string("iso:strict").alias("last"),
        ).row(0)
        seconds = pl.col("posted_at").dt.second() != 0
        found |= {
            "first_post": first,
            "last_post": last,
            "nonzero_seconds_share": _share(posts, seconds),
        }
    return found


def text_accidents(tables: Tables) -> dict[str, dict[str, int]]:
    """Posts with each trace, by label: a trace of one label only is the label."""
    if tables.posts is None:
        return {}
    labels = tables.accounts.select("account_id", "label")
    counted = (
        tables.posts.lazy()
        .select("account_id", *(trace.alias(name) for name, trace in ACCIDENTS.items()))
        .join(labels.lazy(), on="account_id")
        .group_by("label")
        .agg(pl.len().alias("posts"), *(pl.col(name).sum() for name in ACCIDENTS))
        .sort("label")
        .collect()
    )
    return {str(row.pop("label")): row for row in counted.to_dicts()}


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


def _by_label(accounts: pl.DataFrame) -> dict[str, int]:
    counted = accounts.group_by("label").len().sort("label")
    return {str(label): count for label, count in counted.iter_rows()}


def _share(frame: pl.DataFrame, condition: pl.Expr) -> float | None:
    share = frame.select(condition.fill_null(False).mean()).item()
    return None if share is None else round(float(share), 6)
