"""Polars keeps the latest 32 compiled patterns of a thread. With one more, in turn, it
compiles each of them for each account that is scored alone: tenths of milliseconds to
milliseconds apiece, where looking for it takes hundredths."""

import json
from collections.abc import Iterable
from typing import Any

import polars as pl
import pytest

from features import equalise, measures
from features.catalogue import FEATURES

KEPT = 32
# Of the repairs before all measures.
REPAIRS = {
    *(equalise.HASHED, equalise.MENTION, *equalise.FROM_TEXT.values()),
    *(
        equalise.DAMAGED,
        equalise.REPOST_PREFIX,
        equalise.PLAIN_SCHEME,
        equalise._NO_LANGUAGE,
        r"^([a-z]+)",
    ),
}
LOOKS = ("Contains", "CountMatches", "Replace", "Extract", "ExtractAll")

pytestmark = pytest.mark.filterwarnings("ignore:'json' serialization format")


def patterns(exprs: Iterable[pl.Expr]) -> set[str]:
    """Regular expressions that some expressions look for."""
    found: set[str] = set()

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if "input" in node and "function" in node:
                look(node)
            for child in node.values():
                walk(child)
        elif isinstance(node, list):
            for child in node:
                walk(child)

    def look(node: dict[str, Any]) -> None:
        told = node["function"]
        kind = told.get("StringExpr") if isinstance(told, dict) else None
        name = kind if isinstance(kind, str) else next(iter(kind or {}), None)
        options = kind.get(name) if isinstance(kind, dict) else None
        literal = options is True or (
            isinstance(options, dict) and options.get("literal", False)
        )
        # What a text may contain is kept even where it is no pattern.
        if name in LOOKS and (not literal or name == "Contains"):
            found.add(node["input"][1]["Literal"]["Scalar"]["String"])

    for expr in exprs:
        walk(json.loads(expr.meta.serialize(format="json")))
    return found


def test_patterns_are_found():
    text = pl.col("text")

    assert patterns([text.str.contains("a"), text.str.replace_all("b", "c")]) == {
        "a",
        "b",
    }
    assert patterns([text.str.count_matches("a"), text.str.extract("(b)")]) == {
        "a",
        "(b)",
    }
    assert patterns([text.str.extract_all("a") != text.str.extract_all("b")]) == {
        "a",
        "b",
    }
    assert patterns([text.str.contains("a", literal=True)]) == {"a"}
    assert patterns([text.str.count_matches("a", literal=True)]) == set()
    assert patterns([text.str.replace_all("a", "b", literal=True)]) == set()


def test_no_more_patterns_than_are_kept():
    of_posts = [expr for stage in measures._STAGES for expr in stage.values()]
    found = patterns([*of_posts, *(f.expr for f in FEATURES)]) | REPAIRS

    assert len(found) <= KEPT, sorted(found)
    assert len(found) > len(REPAIRS) + 10
