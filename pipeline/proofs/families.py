"""The families of the features that a model may read, sorted."""

from typing import Final

from features.catalogue import FEATURES

FAMILIES: Final = sorted({feature.family for feature in FEATURES})
