import json
from typing import Any

import pytest

from models.gates import (
    Gate,
    Limits,
    additivity_gate,
    baseline_gate,
    mask_gate,
    parity_gate,
)

LIMITS = Limits(
    additivity=1e-6, baseline_lead=0.0, mask_only_low=0.45, mask_only_high=0.55
)


def block(**figures: float | None) -> dict[str, Any]:
    rows = {
        name: {"in_headline": True, "average_precision": value}
        for name, value in figures.items()
    }
    return {"campaigns": rows}


def lead(ours: float, theirs: float) -> Gate:
    return baseline_gate(block(a=ours, b=0.5), block(a=theirs, b=0.5), "tree", LIMITS)


@pytest.mark.parametrize(
    ("passing", "failing"),
    [
        (additivity_gate(1e-6, LIMITS), additivity_gate(2e-6, LIMITS)),
        (lead(0.7, 0.6), lead(0.6, 0.7)),
        (lead(0.7, 0.6), lead(0.6, 0.6)),
        (mask_gate({"a": 0.55}, LIMITS), mask_gate({"a": 0.5, "b": 0.5501}, LIMITS)),
        (mask_gate({"a": 0.45}, LIMITS), mask_gate({"a": 0.5, "b": 0.4499}, LIMITS)),
        (parity_gate(0, 60), parity_gate(1, 60)),
    ],
)
def test_a_gate_passes_and_its_twin_fails(passing: Gate, failing: Gate) -> None:
    assert passing.status == "passed"
    assert passing.reason is None
    assert failing.status == "failed"
    assert failing.reason
    assert passing.code == failing.code
    for gate in (passing, failing):
        keys = {"code", "status", "value", "limit", "reason"}
        assert set(json.loads(json.dumps(gate.to_dict()))) == keys


@pytest.mark.parametrize(
    "gate",
    [
        mask_gate({"a": None}, LIMITS),
        baseline_gate(block(a=0.7), {"not_applicable": "no columns"}, "x", LIMITS),
        baseline_gate(block(a=0.7), block(b=0.1), "x", LIMITS),
        baseline_gate(block(a=None), block(a=0.1), "x", LIMITS),
    ],
)
def test_what_cannot_be_measured_is_no_pass(gate: Gate) -> None:
    assert gate.status == "not_applicable"
    assert gate.value is None
    assert gate.reason
