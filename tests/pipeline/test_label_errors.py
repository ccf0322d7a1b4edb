"""The list of suspected labels and every number of its summary, derived again."""

import copy
from typing import Any

import numpy as np
import polars as pl
import pytest

from features import schema
from pipeline.label_errors import COLUMNS
from tests.pipeline.conftest import TinyWorld
from tests.pipeline.recomputed import differing
from tests.pipeline.test_report_figures import at_own_share, chances, scored

CLASSES = {"takedown_accounts": 1, "controls": 0}


def by_hand(world: TinyWorld) -> pl.DataFrame:
    """Every account judged, with the chance of its label; all campaigns count."""
    test = scored(world, "loco").filter(part="test").sort("account_id")
    parts = []
    for fold in test["fold"].unique().sort():
        rows = test.filter(fold=fold)
        logits, labels = at_own_share(rows)
        half = rows["half_width"].to_numpy()
        parts.append(
            rows.with_columns(
                score=chances(logits),
                interval_low=chances(logits - half),
                interval_high=chances(logits + half),
                likelihood=np.where(labels == 1, chances(logits), chances(-logits)),
            )
        )
    extra = world.table("labelled/labels").select("account_id", "kind", "strength")
    return pl.concat(parts).join(extra, on="account_id")


def worked_out(rows: pl.DataFrame, params: dict[str, Any]) -> dict[str, Any]:
    cut, most = params["least_likely"], params["most_listed"]
    found: dict[str, Any] = dict(params)
    for name, label in CLASSES.items():
        own = rows.filter(label=label)
        below = own.filter(pl.col("likelihood") <= cut).sort("likelihood", "account_id")
        chance = rows["score"].to_numpy() if label else 1 - rows["score"].to_numpy()
        listed = below.head(most)
        found[name] = {
            "judged": own.height,
            "suspected": below.height,
            "expected": round(sum(c for c in chance if c <= cut), 2),
            "listed": listed.height,
            "sources": {
                source: {
                    "suspected": below.filter(source=source).height,
                    "listed": listed.filter(source=source).height,
                }
                for source in below["source"].unique()
            },
        }
    return found


@pytest.fixture(scope="module")
def expected(tiny_world: TinyWorld) -> dict[str, Any]:
    params = tiny_world.params["evaluate"]["label_errors"]
    return worked_out(by_hand(tiny_world), params)


def test_every_number_of_the_summary_follows(
    tiny_world: TinyWorld, expected: dict[str, Any]
) -> None:
    stored = tiny_world.metrics["label_errors"]

    assert sum(stored[name]["suspected"] for name in CLASSES) > 0
    assert differing(stored, expected, {"expected": 0.011}) == []
    typed = copy.deepcopy(stored)
    typed["controls"]["suspected"] += 1
    typed["takedown_accounts"]["expected"] += 0.5
    assert len(differing(typed, expected, {"expected": 0.011})) == 2


def test_the_list_is_of_the_least_likely_labels_and_holds_no_text(
    tiny_world: TinyWorld,
) -> None:
    listed = tiny_world.table("label_errors")
    params = tiny_world.params["evaluate"]["label_errors"]
    rows = by_hand(tiny_world).filter(pl.col("likelihood") <= params["least_likely"])

    assert tuple(listed.columns) == COLUMNS
    assert not {"text", *schema.ACCOUNTS} & set(COLUMNS) - {"account_id"}
    for label in (1, 0):
        own = rows.filter(label=label).sort("likelihood", "account_id")
        shown = listed.filter(label=label)
        known = own.head(params["most_listed"])
        assert set(shown["account_id"]) == set(known["account_id"])
        assert shown["likelihood"].is_sorted()
    # Look-alikes are known to be mistaken, and stand in a section of their own.
    kinds = tiny_world.table("labelled/labels").select("account_id", "slice")
    assert listed.join(kinds, on="account_id")["slice"].null_count() == listed.height
    both = listed.join(rows, on="account_id", suffix="_by_hand")
    assert both.height == listed.height
    for name in ("likelihood", "score", "interval_low", "interval_high", "strength"):
        gap = (both[name] - both[f"{name}_by_hand"]).abs()
        assert gap.max() < 2e-6, name  # type: ignore[operator]
    for name in ("source", "kind", "campaign", "fold", "abstained"):
        assert both[name].eq_missing(both[f"{name}_by_hand"]).all(), name


def test_no_id_stands_in_the_metrics(tiny_world: TinyWorld) -> None:
    text = (tiny_world.folder / "metrics.json").read_text()

    assert not [
        one for one in tiny_world.table("label_errors")["account_id"] if one in text
    ]
