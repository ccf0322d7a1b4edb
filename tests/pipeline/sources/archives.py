"""Builders of small synthetic archives and of declarations that fit them."""

import csv
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from pipeline.sources import READERS
from pipeline.sources.source import FileCount, Source, Tables

POSITIVES = {
    "campaign": "one",
    "operator": "op",
    "kind": "platform",
    "strength": 1.0,
    "disclosed_at": None,
    "in_headline": True,
    "reason": None,
}
CONTROLS = {
    "name": "people",
    "kind": "expert",
    "strength": 1.0,
    "blocks": {"op": 1.0},
    "slice": None,
}


def make_source(format_: str, files: dict[str, list[str]], **overrides: Any) -> Source:
    value = {
        "name": "src",
        "format": format_,
        "files": files,
        "positives": POSITIVES,
        "controls": None,
        "as_of": {"rule": "constant", "at": "2022-01-01T00:00:00Z"},
        "date_order": None,
        "zone": None,
        "encoding": "utf-8",
        "history_complete": False,
        "platform_start": "2006-03-21T00:00:00Z",
        "needs_posts": False,
        "terms": "synthetic",
    } | overrides
    return TypeAdapter(Source).validate_python(value)


def write_csv(path: Path, rows: list[dict[str, Any]]) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, list(rows[0]), quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(rows)
    return path.name


def read(source: Source, raw: Path) -> Tables:
    tables = READERS[source.format](source, raw)
    for count in tables.counts:
        # Labels are no table of their own: their words stand with the accounts.
        if count.table == "labels":
            continue
        table = tables.accounts if count.table == "accounts" else tables.posts
        assert table is not None
        assert count.kept == table.filter(table["file"] == count.file).height
    assert tables.rejected.height == sum(
        sum(count.rejected.values()) for count in tables.counts
    )
    return tables


def rules(tables: Tables, verb: str, table: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for count in tables.counts:
        if count.table == table:
            for rule, number in getattr(count, verb).items():
                found[rule] = found.get(rule, 0) + number
    return found


def only_count(tables: Tables, table: str) -> FileCount:
    (count,) = [count for count in tables.counts if count.table == table]
    return count
