import json
from dataclasses import replace
from typing import Any

import pytest

from models.audit_gates import (
    evasion_gate,
    language_gates,
    origin_gate,
    panel_gate,
    single_feature_gate,
    topic_gate,
)
from models.figure_gates import (
    baseline_gate,
    campaign_slopes_gate,
    floor_gates,
    intervals_gate,
    label_noise_gate,
    slope_gate,
)
from models.gates import (
    Gate,
    Known,
    additivity_gate,
    judged_over,
    naming_gate,
    parity_gate,
    rebuilt_gate,
    required,
)
from models.missing_gates import mask_gate
from tests.models.builders import LIMITS

UNKNOWN = {"fpr": None, "low": None, "reason": "few"}


def block(**figures: float | None) -> dict[str, Any]:
    rows = {
        name: {"in_headline": True, "average_precision": value}
        for name, value in figures.items()
    }
    return {"campaigns": rows}


def lead(ours: float, theirs: float) -> Gate:
    both = block(a=ours, b=0.5), block(a=theirs, b=0.5)
    return baseline_gate(*both, "tree", 0.0, LIMITS)


def floors(**changed: float | None) -> dict[str, Gate]:
    """Gates on figures that all pass, but for those given as `<figure>_<which>`."""
    loco: dict[str, Any] = {
        "auc": {"mean": 0.95, "worst": 0.85},
        "recall_at_fpr_0.01": {"mean": 0.7, "worst": 0.5},
        "brier_skill": {"mean": 0.5, "worst": 0.1},
        "ece": {"mean": 0.03, "worst": 0.1},
    }
    for figure in loco:
        loco[figure] |= {"over": 8, "worst_over": 6, "of": 8, "reason": "no campaign"}
    for key, value in changed.items():
        [figure] = [figure for figure in loco if key.startswith(f"{figure}_")]
        loco[figure][key.removeprefix(f"{figure}_")] = value
    row = {figure: loco[figure]["worst"] for figure in loco}
    gates = floor_gates({**loco, "campaigns": {"fleet": row}}, LIMITS)
    return {gate.code.removeprefix("unseen_"): gate for gate in gates}


def floor(name: str, value: float) -> Gate:
    return floors(**{name: value})[name]


def slope(value: float | None) -> Gate:
    line: dict[str, Any] = {
        "pooled_slope": value,
        "reason": "none",
        "campaigns": {"a": {}, "b": {}},
    }
    return slope_gate(line, "ab", LIMITS)


def slopes(*values: float | None) -> Gate:
    """Of campaigns a, b, c and so on, and of one that is not judged."""
    rows = {"abcdef"[n]: {"slope": value} for n, value in enumerate(values)}
    mine = "abcdef"[: len(values)]
    return campaign_slopes_gate(rows | {"apart": {"slope": 9.0}}, mine, LIMITS)


def intervals(*values: float | None) -> Gate:
    rows = {"abcdef"[n]: {"bins_held": value} for n, value in enumerate(values)}
    mine = "abcdef"[: len(values)]
    return intervals_gate(rows | {"apart": {"bins_held": 0.0}}, mine, LIMITS)


def noise(loss: float | None, folds: str = "abc") -> Gate:
    found = {"share": 0.1, "auc_loss": loss, "reason": "none"}
    curve = [{"folds": list(folds)}]
    return label_noise_gate(found | {"curve": curve}, "abcd", LIMITS)


def single(value: float, block: str = "ring", name: str = "age") -> Gate:
    return single_feature_gate({block: {name: value}}, [block], LIMITS)


def origin(value: float | None) -> Gate:
    return origin_gate({"a against b": 0.5, "a against c": value}, LIMITS)


def panel(low: float, name: str = "ngo") -> Gate:
    return panel_gate({name: {"fpr": low + 0.01, "low": low}}, LIMITS)


def language(low: float | None) -> Gate:
    row = {"ratio": low, "low": low, "most": "x", "least": "y", "reason": "one only"}
    row |= {"folds": 3, "of": 4}
    [gate] = language_gates({"pooled_as_others": [], "fpr_0.1": row}, LIMITS)
    return gate


def topic(shift: float | None) -> Gate:
    return topic_gate({"shift_95": shift, "reason": "no words"}, LIMITS)


def evasion(share: float | None) -> Gate:
    counts = {"folds": 3, "of": 4, "reason": "no threshold"}
    return evasion_gate({"free_share": share} | counts, LIMITS)


@pytest.mark.parametrize(
    ("passing", "failing"),
    [
        (additivity_gate(1e-6, 60, LIMITS), additivity_gate(2e-6, 60, LIMITS)),
        (lead(0.7, 0.6), lead(0.6, 0.7)),
        (lead(0.7, 0.6), lead(0.6, 0.6)),
        (mask_gate({"a": 0.55}, LIMITS), mask_gate({"a": 0.5, "b": 0.5501}, LIMITS)),
        (mask_gate({"a": 0.45}, LIMITS), mask_gate({"a": 0.5, "b": 0.4499}, LIMITS)),
        (parity_gate(0, 60), parity_gate(1, 60)),
        (naming_gate(0, 60), naming_gate(1, 60)),
        (rebuilt_gate({}, 60), rebuilt_gate({"profile_age": 2}, 60)),
        (floor("auc_mean", 0.9), floor("auc_mean", 0.8999)),
        (floor("auc_worst", 0.8), floor("auc_worst", 0.7999)),
        (floor("recall_at_fpr_0.01_mean", 0.6), floor("recall_at_fpr_0.01_mean", 0.59)),
        (floor("brier_skill_worst", 0.0), floor("brier_skill_worst", -0.001)),
        (floor("ece_mean", 0.07), floor("ece_mean", 0.0701)),
        (floor("ece_worst", 0.16), floor("ece_worst", 0.1601)),
        (slope(0.8), slope(0.7999)),
        (slope(1.25), slope(1.2501)),
        (slopes(0.5, 1.0, 2.0, 9.0), slopes(0.49, 1.0, 2.01, 0.5)),
        (slopes(1.0, 1.0, 1.0, None), slopes(1.0, 1.0, None, None)),
        (intervals(0.8, 1.0, 0.9, 0.1), intervals(0.79, 1.0, 0.9, 0.1)),
        (intervals(0.8, 1.0, 1.0, None), intervals(0.79, None)),
        (noise(0.02), noise(0.0201)),
        (single(0.95), single(0.9501)),
        (origin(0.75), origin(0.7501)),
        (panel(0.02), panel(0.0201)),
        (language(1.25), language(1.2501)),
        (topic(0.5), topic(0.5001)),
        (evasion(0.9), evasion(0.8999)),
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
        baseline_gate(block(a=0.7), {"not_applicable": "no columns"}, "x", 0.0, LIMITS),
        baseline_gate(block(a=0.7), block(b=0.1), "x", 0.0, LIMITS),
        baseline_gate(block(a=None), block(a=0.1), "x", 0.0, LIMITS),
        floors(auc_worst=None)["auc_worst"],
        floors(ece_mean=None)["ece_mean"],
        floors(**{"recall_at_fpr_0.01_mean": None})["recall_at_fpr_0.01_mean"],
        additivity_gate(0.0, 0, LIMITS),
        parity_gate(0, 0),
        naming_gate(0, 0),
        rebuilt_gate({}, 0),
        slope(None),
        slopes(),
        intervals(None),
        noise(None),
        single_feature_gate({"ring": {"age": 1.0}}, ["other"], LIMITS),
        origin_gate({}, LIMITS),
        panel_gate({}, LIMITS),
        panel_gate({"ngo": UNKNOWN}, LIMITS),
        panel_gate({"ngo": UNKNOWN, "fandom": {"fpr": 0.3, "low": 0.3}}, LIMITS),
        language(None),
        topic(None),
        evasion(None),
    ],
)
def test_what_cannot_be_measured_is_no_pass(gate: Gate) -> None:
    assert gate.status == "not_applicable"
    assert gate.value is None
    assert gate.reason


@pytest.mark.parametrize(
    ("gate", "counted"),
    [
        (mask_gate({"a": 0.5, "b": None}, LIMITS), "judged 1 of 2 folds"),
        (
            single_feature_gate({"a": {"age": 0.9}, "b": {}}, ["a", "b"], LIMITS),
            "judged 1 of 2 blocks",
        ),
        (
            origin_gate({"a against b": 0.5, "a against c": None}, LIMITS),
            "judged 1 of 2 pairs",
        ),
        (intervals(1.0, 1.0, None, None), "judged 2 of 4 campaigns"),
        (
            campaign_slopes_gate({"a": {"slope": 1.0}}, "ab", LIMITS),
            "judged 1 of 2 campaigns",
        ),
        (
            slope_gate(
                {"pooled_slope": 1.0, "campaigns": {"a": {}, "apart": {}}}, "ab", LIMITS
            ),
            "judged 1 of 2 campaigns",
        ),
        (
            baseline_gate(block(a=0.7, b=0.7), block(a=0.1), "x", 0.0, LIMITS),
            "judged 1 of 2 campaigns",
        ),
        (
            evasion_gate({"free_share": 1.0, "folds": 1, "of": 2}, LIMITS),
            "judged 1 of 2 folds",
        ),
        *(
            (gate, "judged 1 of 2 folds")
            for gate in language_gates(
                {
                    "fpr_0.1": {"ratio": 1.0, "low": 1.0, "most": "x", "least": "y"}
                    | {"folds": 1, "of": 2}
                },
                LIMITS,
            )
        ),
        (
            floors(**{"recall_at_fpr_0.01_over": 1})["recall_at_fpr_0.01_mean"],
            "judged 1 of 8 campaigns",
        ),
        (floors(auc_worst_over=2)["auc_worst"], "judged 2 of 8 campaigns"),
        (noise(0.0, "a"), "judged 1 of 4 folds"),
    ],
)
def test_too_few_folds_with_a_figure_are_no_pass(gate: Gate, counted: str) -> None:
    assert gate.status == "not_applicable"
    assert gate.value is None
    assert gate.limit.endswith(counted)
    assert "have a figure, 0.75 of them needed" in str(gate.reason)
    assert required([gate], [])[0].status == "failed"


def test_enough_folds_pass_and_say_how_many_they_were() -> None:
    gate = mask_gate({"a": 0.5, "b": 0.5, "c": 0.5, "d": None}, LIMITS)

    assert gate.status == "passed"
    assert gate.limit.endswith("in every fold; judged 3 of 4 folds")


def test_the_very_share_that_is_needed_is_enough() -> None:
    """Of every share that can be written with two digits, as numbers are stored."""
    passed = Gate("code", "passed", 0.5, "limit", None)

    for percent in range(1, 101):
        for known in (percent, percent - 1):
            found = judged_over(passed, known, 100, "folds", percent / 100)
            assert (found.status == "passed") == (known == percent), percent
    assert judged_over(passed, 11, 20, "folds", 0.55).status == "passed"


def test_what_fails_fails_however_few_folds_have_the_figure() -> None:
    gate = mask_gate({"a": 0.9, "b": None, "c": None}, LIMITS)

    assert (gate.status, gate.value) == ("failed", 0.9)
    assert gate.limit.endswith("judged 1 of 3 folds")


@pytest.mark.parametrize(
    ("passing", "failing", "name"),
    [
        (single(0.99, "fleet"), single(0.9901, "fleet"), "fleet/age"),
        (panel(0.3, "fandom"), panel(0.3001, "fandom"), "fandom"),
    ],
)
def test_what_passes_by_an_exception_says_so(
    passing: Gate, failing: Gate, name: str
) -> None:
    assert passing.status == "passed"
    assert passing.reason == f"only by exceptions: {name}"
    assert failing.status == "failed"


def test_what_failed_is_named() -> None:
    assert "campaign fleet" in str(floor("auc_worst", 0.5).reason)
    assert "age alone tells the classes of ring apart" in str(single(1.0).reason)
    assert slopes(0.1, None, 1.0).reason == "not so in a, b"
    assert intervals(0.1, 1.0, 0.2).reason == "not so in a, c"
    assert "a against c" in str(origin(0.9).reason)
    assert "of the kind ngo" in str(panel(0.5).reason)
    assert "write x are flagged more often than those who write y" in str(
        language(2.0).reason
    )
    assert "profile_age" in str(rebuilt_gate({"profile_age": 2}, 60).reason)


def test_all_that_is_beyond_its_limit_is_named_at_once() -> None:
    ring = {"age": 0.97, "wait": 0.99, "gap": 0.9501, "size": 0.94}
    gate = single_feature_gate({"ring": ring}, ["ring"], LIMITS)
    slices = {n: {"fpr": low, "low": low} for n, low in {"a": 0.3, "b": 0.4}.items()}

    assert str(gate.reason).startswith("wait alone")
    assert str(gate.reason).endswith("too: ring/age 0.97, ring/gap 0.95")
    assert str(panel_gate(slices, LIMITS).reason).endswith("too: a 0.3")
    assert "too:" not in str(single(1.0).reason)


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"ring": {"age": 0.96}}, "age alone tells the classes of ring apart"),
        ({"fleet": {"wait": 0.96}}, "wait alone tells the classes of fleet apart"),
    ],
)
def test_an_exception_holds_for_its_own_block_and_feature_alone(
    other: dict[str, dict[str, float]], reason: str
) -> None:
    strongest = {"fleet": {"age": 0.98} | other.get("fleet", {})}
    strongest |= {name: found for name, found in other.items() if name != "fleet"}

    gate = single_feature_gate(strongest, ["fleet", "ring"], LIMITS)

    assert gate.status == "failed"
    assert gate.value == 0.96
    assert "fleet/age 0.99" in gate.limit
    assert reason in str(gate.reason)


def test_an_own_limit_may_be_stricter_than_the_common_one() -> None:
    known = {"fandom": Known(0.01, "fans were told apart before")}
    strict = replace(LIMITS, panel_known=known)

    def gate(low: float) -> Gate:
        return panel_gate({"fandom": {"fpr": 0.05, "low": low}}, strict)

    assert (gate(0.01).status, gate(0.011).status) == ("passed", "failed")


def test_a_slice_beyond_its_limit_fails_whatever_is_not_known_of_others() -> None:
    gate = panel_gate({"ngo": {"fpr": 0.3, "low": 0.2}, "fandom": UNKNOWN}, LIMITS)

    assert gate.status == "failed"
    assert "of the kind ngo" in str(gate.reason)


def test_a_figure_that_must_be_there_fails_without() -> None:
    gates = required([panel_gate({}, LIMITS), evasion(None)], LIMITS.may_not_apply)

    assert [gate.status for gate in gates] == ["not_applicable", "failed"]
    assert gates[1].reason == "not measured: no threshold"
    assert required([evasion(0.95)], []) == [evasion(0.95)]


def test_limits_of_a_slice_do_not_loosen_the_others() -> None:
    strict = replace(LIMITS, panel_known={})

    both = {"fandom": {"fpr": 0.2, "low": 0.1}, "ngo": {"fpr": 0.05, "low": 0.03}}

    assert "of the kind ngo" in str(panel_gate(both, LIMITS).reason)
    assert "of the kind fandom" in str(panel_gate(both, strict).reason)


def test_a_pass_shows_the_highest_figure_exceptions_included() -> None:
    slices = {"fandom": {"fpr": 0.3, "low": 0.2}, "ngo": {"fpr": 0.03, "low": 0.019}}

    gate = panel_gate(slices, LIMITS)

    assert (gate.status, gate.value) == ("passed", 0.2)
    assert "fandom 0.3" in gate.limit
    both = {"fleet": {"age": 0.98}, "ring": {"age": 0.95}}
    assert single_feature_gate(both, ["fleet", "ring"], LIMITS).value == 0.98
