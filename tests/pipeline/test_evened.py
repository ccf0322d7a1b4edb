"""Values that were taken to make gaps alike, and another value that shows it."""

import json
from dataclasses import replace
from typing import Any

import lightgbm as lgb
import numpy as np
import polars as pl
import pytest

from features.catalogue import FEATURES
from models.evened import Evened, evened_block, evened_gate
from models.matrix import to_matrix
from models.nested import Data
from models.training import train_booster
from models.training_sets import set_key
from pipeline.evened import evened
from pipeline.gaps import as_seen, even_missingness
from tests.models.builders import LIMITS, RECIPE
from tests.pipeline.conftest import TinyWorld

OPERATORS, EACH, TREES = ("ann", "bob", "cat", "dan"), 900, 15
COUNTED, AIMED, NOISE = [f for f in FEATURES if f.dtype == pl.Float32()][:3]
READ = [COUNTED, AIMED, NOISE]


def make_accounts(shows: bool) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Values of accounts of four operators, and their labels.

    Nine of ten ordinary accounts reply, three of ten takedowns. Whom they answer nobody
    knows, so that AIMED is 0 where nobody is answered and null elsewhere. COUNTED says
    who replies, or if nothing shows it, is drawn anew.
    """
    generator = np.random.default_rng(5)
    size = len(OPERATORS) * EACH
    label = (np.arange(size) % 3 == 0).astype(np.int8)
    replies = generator.random(size) < np.where(label == 1, 0.3, 0.9)
    counted = replies if shows else generator.permutation(replies)
    ids = [f"a/{place:05}" for place in range(size)]
    values = pl.DataFrame(
        {
            "account_id": ids,
            "n_posts": [200] * size,
            COUNTED.name: counted.astype(np.float32),
            AIMED.name: np.where(replies, np.nan, 0).astype(np.float32),
            NOISE.name: generator.normal(size=size).astype(np.float32),
        }
    ).with_columns(pl.col(AIMED.name).fill_nan(None))
    block = np.repeat(OPERATORS, EACH)
    return values, pl.DataFrame({"account_id": ids, "block": block, "label": label})


def judge(shows: bool) -> dict[str, Any]:
    """The block of boosters that read evened values of the other three operators."""
    values, labels = make_accounts(shows)
    even = even_missingness(values, labels, READ)

    def data(known: pl.DataFrame) -> Data:
        whole = known.with_columns(
            pl.lit(None, f.dtype).alias(f.name) for f in FEATURES if f not in READ
        )
        ones = np.ones(labels.height)
        return Data(
            labels["account_id"].to_list(),
            labels["label"].to_numpy(),
            labels["block"].to_numpy().astype(str),
            ones,
            lambda key: whole,
        )

    judged, seen = data(even.values), data(as_seen(even.values, even.taken))
    boosters: dict[str, lgb.Booster] = {}
    for operator in OPERATORS:
        other = (judged.blocks != operator).nonzero()[0]
        boosters[set_key("loco", operator, None)] = train_booster(
            to_matrix(judged.values(""), FEATURES)[other],
            judged.labels[other],
            np.ones(len(other)),
            [judged.ids[row] for row in other],
            FEATURES,
            replace(RECIPE, family_dropout=0.0),
        )
    trees = {f"loco/{operator}": TREES for operator in OPERATORS}
    tested = labels.rename({"block": "fold"})
    return evened(tested, judged, seen, boosters.__getitem__, trees, 20)


def test_what_was_taken_and_another_value_shows_is_refused() -> None:
    block = judge(shows=True)

    gate = evened_gate(block, LIMITS)

    assert gate.status == "failed"
    assert gate.value == block["lent"] > 0.02
    assert "train.unread" in str(gate.reason)
    assert gate.limit.endswith("judged 4 of 4 folds")


def test_what_was_taken_and_nothing_shows_passes() -> None:
    gate = evened_gate(judge(shows=False), LIMITS)

    assert gate.status == "passed"


def test_means_are_of_the_folds_that_have_accounts_enough() -> None:
    block = evened_block(
        {"a": Evened(0.9, 0.8), "b": Evened(0.7, 0.7), "c": None, "d": None}
    )

    assert (block["judged"], block["seen"]) == (0.8, 0.75)
    assert block["lent"] == pytest.approx(0.05)
    assert block["folds"]["c"] == {"judged": None, "seen": None, "lent": None}
    json.dumps(block, allow_nan=False)
    assert evened_gate(block, replace(LIMITS, evened_auc_lent=0.04)).status == "failed"
    few = evened_gate(block, replace(LIMITS, evened_auc_lent=0.06, judged_share=0.6))
    assert few.status == "not_applicable"
    assert few.limit.endswith("judged 2 of 4 folds")


def test_a_world_without_folds_is_not_passed() -> None:
    block = evened_block({"a": None})

    assert block["lent"] is None
    assert evened_gate(block, LIMITS).status == "not_applicable"


def test_the_stored_world_says_how_its_accounts_were_seen(
    tiny_world: TinyWorld,
) -> None:
    block = tiny_world.metrics["audit"]["evened"]

    known = [row for row in block["folds"].values() if row["lent"] is not None]
    assert len(known) >= 2
    for row in known:
        assert row["lent"] == pytest.approx(row["judged"] - row["seen"], abs=2e-6)
    # Two campaigns of bureau are judged together here, and apart there.
    campaigns = tiny_world.metrics["loco"]["campaigns"]
    for operator in set(campaigns) & set(block["folds"]):
        if (auc := block["folds"][operator]["judged"]) is not None:
            assert auc == pytest.approx(campaigns[operator]["auc"], abs=1e-6)
