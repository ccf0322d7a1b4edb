from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from features import schema
from pipeline.conflicts import CONFLICTS, ConflictRules, resolve
from pipeline.label_report import count_conflicts

RULES = ConflictRules(both_classes="quarantine", two_releases="first_disclosed")


def row(account_id: str, label: int, **columns: Any) -> dict[str, Any]:
    source = account_id.partition("/")[0]
    return {
        "account_id": account_id,
        "source": source,
        "kind": "platform",
        "label": label,
        "strength": 1.0,
        "block": "op",
    } | columns


def table(*rows: dict[str, Any]) -> pl.DataFrame:
    types: dict[str, pl.DataType] = {"label": pl.Int8(), "disclosed_at": schema.TIME}
    frame = pl.DataFrame(rows, infer_schema_length=None, schema_overrides=types)
    return schema.conform(frame, "labels")


def kept(labels: pl.DataFrame, rules: ConflictRules = RULES, **spaces: str) -> set[str]:
    found = resolve(labels, rules, spaces)
    out = found.conflicts.filter(~pl.col("kept"))["account_id"]
    # Nothing is lost: what came in stays, or stands among what was left out.
    assert sorted([*found.labels["account_id"], *out]) == sorted(labels["account_id"])
    assert found.conflicts.schema == CONFLICTS
    return set(found.labels["account_id"])


def test_an_account_in_both_classes_is_left_out() -> None:
    labels = table(row("a/1", 1), row("b/1", 0, strength=0.1), row("b/2", 0))

    assert kept(labels) == {"b/2"}


def test_the_stronger_label_stays_if_the_rule_says_so() -> None:
    rules = RULES.model_copy(update={"both_classes": "stronger"})
    labels = table(
        *(row("a/1", 1, strength=0.9), row("b/1", 0, strength=0.8)),
        *(row("a/2", 1, strength=0.9), row("b/2", 0, strength=0.9)),
        *(row("a/3", 1, strength=0.1), row("b/3", 0, strength=0.8), row("c/3", 0)),
    )

    assert kept(labels, rules) == {"a/1", "c/3"}


def day(number: int) -> datetime:
    return datetime(2020, 1, number, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rule", "stay"),
    [
        ("first_disclosed", {"b/1"}),
        ("stronger", {"c/1"}),
        ("keep_all", {"a/1", "b/1", "c/1"}),
    ],
)
def test_of_two_releases_one_stays_by_rule(rule: str, stay: set[str]) -> None:
    labels = table(
        row("a/1", 1, strength=0.9),
        row("b/1", 1, strength=0.5, disclosed_at=day(2)),
        row("c/1", 1, disclosed_at=day(3)),
    )
    rules = RULES.model_copy(update={"two_releases": rule})

    assert kept(labels, rules) == stay


def test_equal_ids_of_two_spaces_are_two_accounts() -> None:
    labels = table(row("a/1", 1), row("b/1", 0))

    assert kept(labels, a="a") == {"a/1", "b/1"}
    assert kept(labels, a="one", b="one") == set()


def test_conflicts_are_counted() -> None:
    labels = table(row("a/1", 1), row("b/1", 0), row("a/2", 1), row("b/2", 1))

    counted = count_conflicts(resolve(labels, RULES, {}).conflicts)

    assert counted == {
        "both_classes": {"accounts": 1, "rows": 2, "left_out": 2},
        "two_releases": {"accounts": 1, "rows": 2, "left_out": 1},
    }


def test_the_order_of_rows_changes_nothing() -> None:
    labels = table(
        *(row("a/1", 1), row("b/1", 0), row("a/2", 1), row("b/2", 1)),
        *(row("a/3", 0), row("c/3", 0)),
    )

    one, other = resolve(labels, RULES, {}), resolve(labels[::-1], RULES, {})

    assert one.conflicts.equals(other.conflicts)
    assert one.labels.equals(other.labels.sort("account_id").select(one.labels.columns))
