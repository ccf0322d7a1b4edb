"""The bundle: a trained model as a directory of text, without any pickle.

    booster.txt        LightGBM's text, cut to the chosen number of trees
    calibrator.json    slope, intercept, anchor
    bundle.json        features with types, fingerprint, prevalences, versions, hashes;
                       hash of each other file, written last
    artefacts.json     tables of the fitted features
    quantiles.json     feature values of controls by band of posts, for percentiles
    intervals.json     how wide an interval is, by raw score and evidence state, how many
                       operators judged each state, and how far scores are pulled
                       towards the base rate where they did so by withholding it
    abstention.json    limits beyond which no score is given

Loading refuses, by name, what does not match this code.
"""

import hashlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, Final, TypeVar

import lightgbm as lgb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.artefacts import Artefacts
from features.catalogue import FEATURES, fingerprint
from features.errors import ArtefactError
from models.abstention import Abstention, training_ranges
from models.calibrator import Calibrator
from models.intervals import Intervals

FORMAT: Final = 5

_FILES: Final = {
    "booster.txt",
    "calibrator.json",
    "artefacts.json",
    "quantiles.json",
    "intervals.json",
    "abstention.json",
}
T = TypeVar("T")

_REQUIRED: Final = {
    "format",
    "world",
    "fingerprint",
    "feature_names",
    "feature_dtypes",
    "default_prevalence",
    "thresholds",
    "versions",
    "files",
}


@dataclass(frozen=True)
class Bundle:
    """A model as it is served.

    Attributes:
        booster: raw log-odds of a feature matrix.
        calibrator: raw log-odds to calibrated ones.
        artefacts: tables that the fitted features need.
        description: bundle.json: world, features, default_prevalence,
            calibration_prevalence, thresholds, versions, hashes.
        quantiles: band of posts -> feature -> values of controls at even quantiles.
        intervals: how wide an interval is.
        abstention: limits beyond which no score is given.
        ranges: least and greatest value of each feature in training, shape
            (2, n_features); NaN for features without values there.
    """

    booster: lgb.Booster
    calibrator: Calibrator
    artefacts: Artefacts
    description: Mapping[str, Any]
    quantiles: Mapping[str, Mapping[str, Sequence[float]]]
    intervals: Intervals
    abstention: Abstention
    ranges: NDArray[np.float64]

    @property
    def default_prevalence(self) -> float:
        return float(self.description["default_prevalence"])


def describe(
    world: str,
    default_prevalence: float,
    calibrator: Calibrator,
    thresholds: Mapping[str, Any],
    hashes: Mapping[str, str],
) -> dict[str, Any]:
    """Content of bundle.json for the features of this code."""
    return {
        "format": FORMAT,
        "world": world,
        "fingerprint": fingerprint(),
        "feature_names": [f.name for f in FEATURES],
        "feature_dtypes": [str(f.dtype) for f in FEATURES],
        "default_prevalence": default_prevalence,
        "calibration_prevalence": calibrator.anchor,
        "thresholds": dict(thresholds),
        "versions": versions(),
        "hashes": dict(hashes),
    }


def code_hash() -> str:
    """SHA-256 of the modules of features and models that are loaded: what scores."""
    digest = hashlib.sha256()
    for name, module in sorted(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if path and name.split(".")[0] in ("features", "models"):
            digest.update(name.encode() + b"\0" + Path(path).read_bytes() + b"\0")
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """Versions of the libraries that decide the numbers."""
    return {"lightgbm": lgb.__version__, "polars": pl.__version__}


def save_bundle(
    directory: Path,
    booster_text: str,
    calibrator: Calibrator,
    artefacts: Artefacts,
    description: Mapping[str, Any],
    quantiles: Mapping[str, Any],
    intervals: Intervals,
    abstention: Abstention,
) -> None:
    """Write the files of a bundle into an existing directory.

    bundle.json comes last and holds the hashes of the others, so that a directory that
    was left half-way, or changed since, does not load.
    """
    texts = {
        "booster.txt": booster_text,
        "calibrator.json": _json(calibrator.to_dict()),
        "artefacts.json": artefacts.to_json() + "\n",
        "quantiles.json": _json(quantiles),
        "intervals.json": _json(intervals.to_dict()),
        "abstention.json": _json(abstention.to_dict()),
    }
    files = {name: _sha256(text) for name, text in texts.items()}
    texts["bundle.json"] = _json({**description, "files": files})
    for name, text in texts.items():
        (directory / name).write_text(text, encoding="utf-8")


def load_bundle(directory: Path) -> Bundle:
    """The bundle in a directory.

    Raises:
        ArtefactError: a file is missing or damaged, or the bundle was made by code with
            other features or other libraries; the message names what differs.
    """
    description = _parse(directory / "bundle.json")
    _check(directory, description)
    calibrator = _calibrator(directory / "calibrator.json")
    text = _read(directory / "booster.txt")
    try:
        booster = lgb.Booster(model_str=text)
    except lgb.basic.LightGBMError:
        raise ArtefactError(
            f"{directory}/booster.txt: LightGBM cannot read it; train again"
        ) from None
    if booster.feature_name() != description["feature_names"]:
        raise ArtefactError(
            f"{directory}: booster.txt and bundle.json name different features"
        )
    return Bundle(
        booster,
        calibrator,
        Artefacts.load(directory / "artefacts.json"),
        description,
        _parse(directory / "quantiles.json"),
        _sound(directory / "intervals.json", Intervals.from_dict),
        _sound(directory / "abstention.json", Abstention.from_dict),
        training_ranges(booster),
    )


def _check(directory: Path, description: Mapping[str, Any]) -> None:
    if absent := _REQUIRED - set(description):
        raise ArtefactError(
            f"{directory}/bundle.json: missing {', '.join(sorted(absent))}; train again"
        )
    if description["format"] != FORMAT:
        raise ArtefactError(
            f"{directory}: bundle of format {description['format']}, this code reads "
            f"{FORMAT}; train again"
        )
    files, libraries = description["files"], description["versions"]
    if not (isinstance(files, dict) and isinstance(libraries, dict)):
        raise ArtefactError(f"{directory}/bundle.json: damaged; train again")
    for name in sorted(_FILES):
        if _sha256(_read(directory / name)) != files.get(name):
            raise ArtefactError(
                f"{directory}/{name}: not what bundle.json says it is (damaged, changed, "
                "or of another bundle); train again"
            )
    theirs = dict(
        zip(description["feature_names"], description["feature_dtypes"], strict=False)
    )
    ours = {f.name: str(f.dtype) for f in FEATURES}
    if theirs != ours or list(theirs) != list(ours):
        differing = sorted(
            name for name in theirs | ours if theirs.get(name) != ours.get(name)
        )
        shown = ", ".join(differing[:5]) or "the same ones in another order"
        more = f" and {len(differing) - 5} more" if len(differing) > 5 else ""
        raise ArtefactError(
            f"{directory}: made for other features: {shown}{more}; train again"
        )
    if description["fingerprint"] != fingerprint():
        raise ArtefactError(
            f"{directory}: the formula of a feature has changed since this bundle was "
            "made; train again"
        )
    for library, version in versions().items():
        made_with = str(libraries.get(library))
        if made_with.split(".")[:2] != version.split(".")[:2]:
            raise ArtefactError(
                f"{directory}: made with {library} {made_with}, this is {version}; "
                "install from the lock, or train again"
            )


def _calibrator(path: Path) -> Calibrator:
    """The line in a file, refused if it would turn the order of accounts round."""
    line = _parse(path)
    try:
        calibrator = Calibrator(**{k: float(v) for k, v in line.items()})
    except (TypeError, ValueError):
        raise ArtefactError(f"{path}: not a calibrator; train again") from None
    sound = calibrator.slope > 0 and 0 < calibrator.anchor < 1
    if not (sound and isfinite(calibrator.slope) and isfinite(calibrator.intercept)):
        raise ArtefactError(
            f"{path}: slope must be above 0 and anchor between 0 and 1; train again"
        )
    return calibrator


def _sound(path: Path, make: Callable[[Mapping[str, Any]], T]) -> T:
    """What a file holds, refused if its numbers cannot be used."""
    try:
        return make(_parse(path))
    except (ValueError, TypeError, AttributeError) as error:
        raise ArtefactError(f"{path}: {error}; train again") from None


def bundle_hash(directory: Path) -> str:
    """SHA-256 over the names and contents of the bundle's files."""
    digest = hashlib.sha256()
    for path in sorted(directory.iterdir()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ArtefactError(f"{path}: missing or unreadable; train again") from None


def _parse(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(_read(path))
    except json.JSONDecodeError:
        raise ArtefactError(f"{path}: not JSON; train again") from None
    if not isinstance(value, dict):
        raise ArtefactError(f"{path}: not a JSON object; train again")
    return value
