import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.catalogue import FEATURES, fingerprint
from features.errors import ArtefactError
from models.bundle import bundle_hash, load_bundle
from tests.models.builders import (
    INTERVALS,
    LENIENT,
    LINE,
    make_matrix,
    rewritten,
    small_booster,
)


@pytest.fixture
def folder(bundle_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundle_folder, tmp_path / "bundle"))


def edit(folder: Path, **values: Any) -> None:
    path = folder / "bundle.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_what_was_saved_is_loaded(folder: Path) -> None:
    bundle = load_bundle(folder)
    matrix = make_matrix(50, len(FEATURES))

    assert bundle.calibrator == LINE
    assert bundle.default_prevalence == 0.05
    assert bundle.description["calibration_prevalence"] == 0.5
    assert bundle.description["fingerprint"] == fingerprint()
    served = np.asarray(bundle.booster.predict(matrix, raw_score=True))
    trained = np.asarray(small_booster().predict(matrix, raw_score=True))
    assert np.array_equal(served, trained)


def test_a_bundle_is_text_only(folder: Path) -> None:
    for path in folder.iterdir():
        assert path.suffix in (".txt", ".json")
        path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name",
    [
        "booster.txt",
        "calibrator.json",
        "artefacts.json",
        "quantiles.json",
        "intervals.json",
        "abstention.json",
        "bundle.json",
    ],
)
def test_a_missing_file_is_named(name: str, folder: Path) -> None:
    (folder / name).unlink()

    with pytest.raises(ArtefactError, match=f"{name}: missing"):
        load_bundle(folder)


@pytest.mark.parametrize(
    "name",
    [
        "booster.txt",
        "calibrator.json",
        "artefacts.json",
        "quantiles.json",
        "intervals.json",
        "abstention.json",
    ],
)
@pytest.mark.parametrize("damage", ["digit", "half"])
def test_a_damaged_file_is_named(name: str, damage: str, folder: Path) -> None:
    text = (folder / name).read_text()
    place = (
        next(i for i in range(len(text) // 2, len(text)) if text[i].isalnum())
        if (any(c.isalnum() for c in text[len(text) // 2 :]))
        else 0
    )
    other = text[:place] + ("1" if text[place] != "1" else "2") + text[place + 1 :]
    (folder / name).write_text(other if damage == "digit" else text[: len(text) // 2])

    with pytest.raises(ArtefactError, match=f"{name}: not what"):
        load_bundle(folder)


@pytest.mark.parametrize("text", ["", "[]", "{", "{}", '{"format": 1}'])
def test_a_damaged_description_is_refused(text: str, folder: Path) -> None:
    (folder / "bundle.json").write_text(text)

    with pytest.raises(ArtefactError, match=r"bundle\.json"):
        load_bundle(folder)


def test_features_that_differ_are_named(folder: Path) -> None:
    names = [f.name for f in FEATURES]
    edit(folder, feature_names=[*names[:-1], "profile_zodiac_sign"])

    with pytest.raises(ArtefactError, match=rf"{names[-1]}, profile_zodiac_sign"):
        load_bundle(folder)


def test_features_in_another_order_are_refused(folder: Path) -> None:
    names = [f.name for f in FEATURES]
    dtypes = [str(f.dtype) for f in FEATURES]
    edit(folder, feature_names=names[::-1], feature_dtypes=dtypes[::-1])

    with pytest.raises(ArtefactError, match="in another order"):
        load_bundle(folder)


def test_fewer_features_are_named(folder: Path) -> None:
    edit(folder, feature_names=[f.name for f in FEATURES[:-1]])

    with pytest.raises(ArtefactError, match=FEATURES[-1].name):
        load_bundle(folder)


def test_another_type_is_named(folder: Path) -> None:
    edit(folder, feature_dtypes=["Int8", *(str(f.dtype) for f in FEATURES[1:])])

    with pytest.raises(ArtefactError, match=f"features: {FEATURES[0].name};"):
        load_bundle(folder)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"fingerprint": "0"}, "formula of a feature has changed"),
        ({"format": 1}, "format 1"),
        ({"versions": {"lightgbm": "3.1.0", "polars": "2.1.0"}}, "lightgbm 3.1.0"),
        ({"versions": {}}, "lightgbm None"),
        ({"versions": []}, "damaged"),
        ({"files": []}, "damaged"),
        ({"files": {}}, "not what bundle.json says"),
    ],
)
def test_what_does_not_match_is_named(
    values: dict[str, Any], message: str, folder: Path
) -> None:
    edit(folder, **values)

    with pytest.raises(ArtefactError, match=message):
        load_bundle(folder)


@pytest.mark.parametrize(
    "line",
    [
        {"slope": -1.0, "intercept": 0.0, "anchor": 0.5},
        {"slope": 1.0, "intercept": float("nan"), "anchor": 0.5},
        {"slope": 1.0, "intercept": 0.0, "anchor": 1.0},
        {"slope": "steep", "intercept": 0.0, "anchor": 0.5},
        {"slope": 1.0, "anchor": 0.5},
    ],
)
def test_an_unsound_line_is_refused(line: dict[str, Any], folder: Path) -> None:
    rewritten(folder, "calibrator.json", line)

    with pytest.raises(ArtefactError, match=r"calibrator\.json"):
        load_bundle(folder)


WIDTHS = INTERVALS.to_dict()


@pytest.mark.parametrize(
    "value",
    [
        [],
        {k: v for k, v in WIDTHS.items() if k != "knots"},
        WIDTHS | {"confidence": 1.0},
        WIDTHS | {"confidence": True},
        WIDTHS | {"knots": []},
        WIDTHS | {"knots": [0.0]},
        WIDTHS | {"knots": [1.0, 1.0]},
        WIDTHS | {"spread": [0.1, -0.1]},
        WIDTHS | {"spread": [0.1, float("nan")]},
        WIDTHS | {"spread": ["wide", 0.1]},
        WIDTHS | {"spread": 3},
        WIDTHS | {"states": {"posts 0": 0.1}},
        WIDTHS | {"states": WIDTHS["states"] | {"posts 0": -1.0}},
        WIDTHS | {"operators": {"posts 0": 1}},
        WIDTHS | {"operators": WIDTHS["operators"] | {"posts 0": -1}},
        WIDTHS | {"operators": WIDTHS["operators"] | {"posts 0": 1.5}},
        WIDTHS | {"operators": WIDTHS["operators"] | {"posts 0": None}},
        {k: v for k, v in WIDTHS.items() if k != "withheld"},
        WIDTHS | {"withheld": {"without a name": 0.8}},
        WIDTHS | {"withheld": ["without profile"]},
        WIDTHS | {"withheld": {"without profile": 1.01}},
        WIDTHS | {"withheld": {"without profile": 0.0}},
        WIDTHS | {"withheld": {"without profile": -0.8}},
        WIDTHS | {"withheld": {"without profile": float("nan")}},
        WIDTHS | {"withheld": {"without profile": None}},
        WIDTHS | {"withheld": {"without profile": True}},
        WIDTHS | {"withheld": "without profile"},
        WIDTHS | {"withheld": None},
        WIDTHS | {"operators": WIDTHS["operators"] | {"without profile": 0}},
    ],
)
def test_unsound_intervals_are_refused(value: Any, folder: Path) -> None:
    with pytest.raises(ArtefactError, match=r"intervals\.json"):
        load_bundle(rewritten(folder, "intervals.json", value))


@pytest.mark.parametrize(
    "value",
    [
        {},
        LENIENT.to_dict() | {"more": 1},
        LENIENT.to_dict() | {"least_posts": -1},
        LENIENT.to_dict() | {"least_posts": 2.5},
        LENIENT.to_dict() | {"least_posts": True},
        LENIENT.to_dict() | {"least_operators": -1},
        {k: v for k, v in LENIENT.to_dict().items() if k != "least_operators"},
        LENIENT.to_dict() | {"widest": 1.5},
        LENIENT.to_dict() | {"most_outside": "few"},
    ],
)
def test_unsound_limits_are_refused(value: Any, folder: Path) -> None:
    with pytest.raises(ArtefactError, match=r"abstention\.json"):
        load_bundle(rewritten(folder, "abstention.json", value))


def test_sound_limits_and_intervals_are_loaded(folder: Path) -> None:
    rewritten(folder, "abstention.json", LENIENT.to_dict() | {"least_posts": 3})
    rewritten(folder, "intervals.json", WIDTHS | {"confidence": 0.5})

    bundle = load_bundle(folder)

    assert bundle.abstention.least_posts == 3
    assert bundle.intervals.confidence == 0.5


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="missing or unreadable"):
        load_bundle(tmp_path / "none")


def test_the_hash_follows_names_and_contents(folder: Path) -> None:
    before = bundle_hash(folder)
    edit(folder, world="other")

    assert bundle_hash(folder) != before
