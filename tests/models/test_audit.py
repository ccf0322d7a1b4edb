import numpy as np
import pytest

from models.audit import (
    mask_only_auc,
    separability,
    single_feature_aucs,
    source_diagnostic,
)
from models.missing_gates import mask_gate
from tests.models.builders import LIMITS, make_matrix

ROWS = 1_000


def halves(rows: int = ROWS) -> np.ndarray:
    return (np.arange(rows) % 3 == 0).astype(np.int8)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("missing", [0.02, 0.3, 0.9])
def test_missingness_without_meaning_passes(seed: int, missing: float) -> None:
    matrix = make_matrix(ROWS, 20, seed, missing)

    found = mask_only_auc(matrix, halves(), seed, 8.0)

    assert found is not None
    assert 0.45 <= found <= 0.55
    assert mask_gate({"fold": found}, LIMITS).status == "passed"


@pytest.mark.parametrize("share", [0.2, 1.0])
def test_a_planted_leak_is_refused_by_the_gate(share: float) -> None:
    matrix = make_matrix(ROWS, 20, 5, 0.1)
    labels = halves()
    hit = (labels == 1) & (np.random.default_rng(2).random(ROWS) < share)
    matrix[hit, 4] = np.nan

    found = mask_only_auc(matrix, labels, 1, 8.0)

    assert found is not None
    assert found > 0.55
    gate = mask_gate({"fine": 0.5, "leaky": found}, LIMITS)
    assert gate.status == "failed"
    assert gate.reason is not None
    assert "leaky" in gate.reason


def test_values_do_not_matter_to_the_mask() -> None:
    labels = halves()
    matrix = np.stack([labels * 10.0, np.ones(ROWS)], axis=1).astype(np.float32)

    assert mask_only_auc(matrix, labels, 1, 8.0) == 0.5


def test_too_few_rows_give_null() -> None:
    labels = np.repeat([1, 0], [19, 400]).astype(np.int8)

    assert separability(make_matrix(419, 3), labels, 1) is None


def test_sources_that_differ_are_told_apart() -> None:
    matrix = make_matrix(900, 5, 3)
    sources = np.repeat(["b", "a", "c"], 300)
    matrix[600:, 0] += 3

    found = source_diagnostic(matrix, sources, 1, most_rows=250)

    assert set(found) == {"a against b", "a against c", "b against c"}
    alike, apart = found["a against b"], found["a against c"]
    assert alike is not None
    assert apart is not None
    # Standard error of an area of one half with 250 a side: about .026.
    assert abs(alike - 0.5) < 0.1
    assert apart > 0.9


def test_single_features_are_turned_the_right_way_up() -> None:
    labels = halves()
    matrix = make_matrix(ROWS, 3, 1, 0)
    matrix[:, 1] = -labels
    matrix[20:, 2] = np.nan

    found = single_feature_aucs(matrix, labels, ["noise", "against", "rare"])

    assert found["against"] == 1
    assert 0.5 <= found["noise"] < 0.58
    assert "rare" not in found
