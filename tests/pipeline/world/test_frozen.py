"""The knobs were set to the difficulty of published takedowns, and are frozen."""

import pytest

from pipeline.world.settings import CALIBRATED, knobs_digest

from .conftest import make_params


def test_the_committed_knobs_are_the_calibrated_ones():
    assert knobs_digest(make_params()) == CALIBRATED


@pytest.mark.parametrize(
    "change",
    [
        {"quirky_share": 0.29},
        {"volume": {"median": 23}},
        {"collection": {"hidden_positives": 0.01}},
        {"campaigns": {"jetty": {"accounts": 800, "in_profiles": 0.9, "in_posts": 1}}},
    ],
)
def test_a_changed_knob_is_noticed(change):
    assert knobs_digest(make_params(**change)) != CALIBRATED


def test_another_seed_or_scale_is_the_same_world_drawn_again():
    assert knobs_digest(make_params(seed=8, scale=1.0)) == CALIBRATED
