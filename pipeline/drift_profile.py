"""The frozen profile of a bundle: how its features and scores lay in training."""

from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from features.catalogue import FEATURES
from features.errors import ArtefactError
from models.bundle import Bundle
from models.drift import SCORE, profile
from models.matrix import to_matrix
from models.training import Floats, Labels
from pipeline.files import read_json
from pipeline.run_record import content_hash

PROFILE: Final = "profile.json"


def training_profile(
    values: pl.DataFrame, labels: Labels, logits: Floats
) -> dict[str, Any]:
    """Profile of training accounts, to be frozen with the bundle.

    Args:
        values: a column a feature, rows as in `labels`.
        labels: 1 or 0.
        logits: calibrated scores, at the anchor, by boosters that did not see them.
    """
    return profile(columns(values, logits), labels)


def load_profile(folder: Path, bundle: Bundle) -> dict[str, Any]:
    """The profile frozen with a bundle.

    Raises:
        ArtefactError: there is none, or it is not the one that belongs to the bundle.
    """
    path = folder / PROFILE
    expected = bundle.description.get("hashes", {}).get("profile")
    if not path.exists() or content_hash(path) != expected:
        raise ArtefactError(f"{path}: missing, or not that of this bundle; train again")
    found: dict[str, Any] = read_json(path)
    return found


def columns(values: pl.DataFrame, logits: Floats) -> dict[str, Floats]:
    """A column a feature, NaN where it has no value, and one of the score."""
    matrix = to_matrix(values, FEATURES).astype(np.float64)
    return {f.name: matrix[:, place] for place, f in enumerate(FEATURES)} | {
        SCORE: logits
    }
