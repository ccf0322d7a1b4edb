import json
from math import log

import numpy as np
import pytest

from models.drift import Drift, compare_with, profile, worst


def values(seed: int, n: int = 4000, shift: float = 0.0) -> dict[str, np.ndarray]:
    """Three features; the second is missing for one in five, the third moves."""
    generator = np.random.default_rng(seed)
    table = {name: generator.normal(size=n) for name in ("still", "gappy", "moving")}
    table["gappy"][generator.random(n) < 0.2] = np.nan
    table["moving"] += shift
    return table


LABELS = (np.random.default_rng(9).random(4000) < 0.4).astype(np.int8)


def by_name(found: list[Drift]) -> dict[str, Drift]:
    return {one.name: one for one in found}


def test_index_by_hand() -> None:
    frozen = {"a": {"edges": [0.0], "controls": [5, 5, 0], "positives": [0, 0, 0]}}

    [one] = compare_with(frozen, {"a": np.array([1.0, 2.0, 3.0, -1.0])}, 1e-12)

    before = np.array([5.5, 5.5, 0.5]) / 11.5
    now = np.array([1.5, 3.5, 0.5]) / 5.5
    index = sum((q - p) * log(q / p) for p, q in zip(before, now, strict=True))
    assert one.psi == pytest.approx(index, abs=1e-6)
    assert one.chance == pytest.approx(2 * (1 / 4 + 1 / 10), abs=1e-6)
    assert one.ks == pytest.approx(0.5 - 1.5 / 5, abs=1e-6)


def test_a_shift_of_one_feature_is_reported_under_its_name() -> None:
    frozen = profile(values(1), LABELS)

    found = compare_with(frozen, values(2, shift=1.0), 0.4)

    assert [one.name for one in found if one.level != "none"] == ["moving"]
    assert found[0].name == "moving"
    assert found[0].level == worst(found) == "alarm"
    # Normals one apart: largest distance 0.38.
    assert found[0].ks == pytest.approx(0.383, abs=0.05)


@pytest.mark.parametrize("seed", range(3, 9))
def test_nothing_is_reported_where_nothing_moved(seed: int) -> None:
    found = compare_with(profile(values(1), LABELS), values(seed, n=300), 0.4)

    assert worst(found) == "none"
    # As much as chance gives, on the whole.
    assert np.mean([one.psi for one in found]) < 3 * found[0].chance


def test_values_that_go_missing_are_drift() -> None:
    now = values(2)
    now["still"][:2000] = np.nan

    one = by_name(compare_with(profile(values(1), LABELS), now, 0.4))["still"]

    assert one.level == "alarm"
    assert one.missing_before < 0.001
    assert one.missing == pytest.approx(0.5, abs=0.01)
    assert one.ks == pytest.approx(0, abs=0.05)


def test_what_masking_took_in_training_alone_is_no_drift() -> None:
    masked = values(1)
    masked["still"][np.random.default_rng(5).random(4000) < 0.6] = np.nan
    frozen = profile(masked, LABELS)

    unchanged = by_name(compare_with(frozen, values(2), 0.4))["still"]
    moved = values(2)
    moved["still"] += 1.0

    assert unchanged.level == "none"
    assert unchanged.missing_before == pytest.approx(0.6, abs=0.05)
    assert unchanged.missing < 0.001
    assert by_name(compare_with(frozen, moved, 0.4))["still"].level == "alarm"


def test_fewer_positives_alone_are_no_drift() -> None:
    generator = np.random.default_rng(3)
    labels = np.repeat([0, 1], 2000).astype(np.int8)
    frozen = profile({"a": generator.normal(size=4000) + 3 * labels}, labels)
    rare = generator.normal(size=4000) + 3 * (generator.random(4000) < 0.05)

    assert compare_with(frozen, {"a": rare}, 0.05)[0].level == "none"
    assert compare_with(frozen, {"a": rare}, 0.5)[0].level == "alarm"


def test_what_training_never_had_is_left_out_and_what_is_gone_is_not() -> None:
    empty = {"a": np.full(4000, np.nan)}
    known = {"a": np.arange(4000.0)}

    assert compare_with(profile(empty, LABELS), known, 0.4) == []
    [gone] = compare_with(profile(known, LABELS), empty, 0.4)

    assert (gone.level, gone.ks) == ("alarm", None)


def test_a_profile_is_json() -> None:
    frozen = profile(values(1), LABELS)

    again = json.loads(json.dumps(frozen, allow_nan=False))

    assert compare_with(again, values(2), 0.3) == compare_with(frozen, values(2), 0.3)
