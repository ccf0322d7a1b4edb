import json
from functools import partial

import numpy as np
import pytest

from features.catalogue import FEATURES
from models.audit import mask_only_auc
from models.evaluation import Rules
from models.missing_gates import mask_gate, together_gates
from models.missing_together import Gaps, gaps_of_fold, together_block
from models.training import raw_scores, train_booster
from tests.models.builders import LIMITS, RECIPE, make_matrix

RULES = Rules(draws=200, confidence=0.95, seed=1, least_positives=20)
ROWS, COLUMNS, SHARE = 1_500, 6, 0.4


def labels() -> np.ndarray:
    return (np.arange(ROWS) % 3 == 0).astype(np.int8)


def make_archive(seed: int, leak: bool) -> np.ndarray:
    """Values that tell a little; each is missing in the same share of both classes.

    With a leak, takedown accounts lack all of them at once, and ordinary ones this or
    that; without, all accounts do as takedowns.
    """
    generator = np.random.default_rng(seed)
    matrix = make_matrix(ROWS, COLUMNS, seed, missing=0)
    matrix[labels() == 1] += 0.3
    for label in (0, 1):
        rows = np.flatnonzero(labels() == label)
        number = round(SHARE * len(rows))
        together = generator.permutation(rows)[:number]
        for column in range(COLUMNS):
            apart = generator.permutation(rows)[:number]
            gone = apart if leak and label == 0 else together
            matrix[gone, column] = np.nan
    return matrix


def judge(leak: bool) -> dict[str, Gaps | None]:
    """Operators left out in turn, each by a booster of the others."""
    archives = {f"operator {seed}": make_archive(seed, leak) for seed in range(4)}
    found: dict[str, Gaps | None] = {}
    for name, matrix in archives.items():
        others = [other for key, other in archives.items() if key != name]
        truth = np.tile(labels(), len(others))
        booster = train_booster(
            np.vstack(others),
            truth,
            np.ones(len(truth)),
            [str(number) for number in range(len(truth))],
            FEATURES[:COLUMNS],
            RECIPE,
        )
        scores = partial(raw_scores, booster, trees=RECIPE.rounds)
        found[name] = gaps_of_fold(scores, matrix, labels(), 5, 1)
    return found


def test_a_leak_by_values_missing_together_is_refused() -> None:
    block = together_block(judge(leak=True), RULES)

    alone, lent = together_gates(block, LIMITS)

    assert alone.status == lent.status == "failed"
    assert alone.value == block["alone"]["ci_low"] > 0.6
    assert lent.value == block["lent"]["ci_low"] > 0.02
    assert "nothing but the gaps" in str(alone.reason)
    assert "lack together" in str(lent.reason)
    assert lent.limit.endswith("judged 4 of 4 folds")


def test_scores_of_every_deal_count() -> None:
    """Scores that tell the classes in the first deal, and nothing in the other."""
    first = iter([True])

    def scores(matrix: np.ndarray) -> np.ndarray:
        return labels() * float(next(first, False))

    assert gaps_of_fold(scores, make_archive(0, leak=False), labels(), 2, 1).alone == 1


def test_the_gate_that_sees_gaps_one_by_one_does_not_see_that_leak() -> None:
    found = mask_only_auc(make_archive(0, leak=True), labels(), 1, 8.0)

    assert mask_gate({"operator 0": found}, LIMITS).status == "passed"


def test_values_missing_together_in_both_classes_alike_pass() -> None:
    block = together_block(judge(leak=False), RULES)

    gates = together_gates(block, LIMITS)

    assert [gate.status for gate in gates] == ["passed", "passed"]
    assert abs(block["lent"]["mean"]) < 0.01
    assert abs(block["alone"]["mean"] - 0.5) < 0.03


def test_scores_that_read_values_only_are_lent_nothing() -> None:
    matrix = make_archive(3, leak=True)

    def first_known(given: np.ndarray) -> np.ndarray:
        # Its gap is as common in both classes.
        return np.asarray(np.nan_to_num(given[:, 0]), dtype=np.float64)

    found = gaps_of_fold(first_known, matrix, labels(), 20, 1)

    assert abs(found.lent) < 0.01
    assert abs(found.alone - 0.5) < 0.03


def test_scores_that_count_gaps_are_seen_for_what_they_are() -> None:
    def fewest_or_most(given: np.ndarray) -> np.ndarray:
        missing = np.isnan(given).sum(axis=1) - SHARE * COLUMNS
        return np.asarray(np.abs(missing), dtype=np.float64)

    found = gaps_of_fold(fewest_or_most, make_archive(3, leak=True), labels(), 3, 1)

    assert found.alone > 0.9
    assert found.own > found.other + 0.1
    assert found.other == pytest.approx(0.5, abs=0.05)


def test_deals_are_those_of_the_seed() -> None:
    def total(given: np.ndarray) -> np.ndarray:
        return np.asarray(np.nansum(given, axis=1), dtype=np.float64)

    first, again, other = (
        gaps_of_fold(total, make_archive(1, leak=False), labels(), 2, seed)
        for seed in (1, 1, 2)
    )

    assert first == again != other


def test_folds_with_too_few_accounts_are_counted_and_not_passed_over() -> None:
    sound = Gaps(alone=0.5, own=0.8, other=0.8)

    block = together_block({"a": sound, "b": sound, "c": None, "d": None}, RULES)

    assert block["folds"]["c"] == dict.fromkeys(("alone", "own", "other", "lent"))
    for gate in together_gates(block, LIMITS):
        assert gate.status == "not_applicable"
        assert gate.limit.endswith("judged 2 of 4 folds")
    json.dumps(block, allow_nan=False)


def test_one_fold_gives_no_interval() -> None:
    leaking = Gaps(alone=0.9, own=0.9, other=0.5)

    block = together_block({"a": leaking, "b": None}, RULES)

    assert block["lent"] == {"mean": 0.4, "ci_low": None, "ci_high": None}
    for gate in together_gates(block, LIMITS):
        assert gate.status == "not_applicable"
        assert gate.reason == "fewer than two folds have accounts enough"
    assert together_block({}, RULES)["lent"]["mean"] is None
