from collections.abc import Sequence

import polars as pl
import pytest

from features.catalogue import feature
from features.feature import Feature
from models.single import BINS, Single, judge

FOLLOWERS = feature("profile_followers_log")
IMAGE = feature("profile_has_default_image")


def judged(
    controls: Sequence[float | None],
    takedown: Sequence[float | None],
    blocks: tuple[str, ...] = ("x",),
    measure: Feature = FOLLOWERS,
) -> Single:
    values = [*controls, *takedown]
    frame = pl.DataFrame(
        {
            measure.name: pl.Series(values, dtype=measure.dtype, strict=False),
            "label": [0] * len(controls) + [1] * len(takedown),
            "block": [blocks[place % len(blocks)] for place in range(len(values))],
            "campaign": [None] * len(controls) + ["x"] * len(takedown),
        }
    )
    return judge(frame, [measure])[measure.name]


LOW = [float(n) for n in range(40)]


def test_a_value_that_separates():
    found = judged(LOW, [n + 100 for n in LOW])

    assert (found.across, found.within) == (1.0, {"x": 1.0})
    assert found.missing == (0.0, 0.0)
    assert [sum(side) for side in found.shares] == [pytest.approx(1)] * 2
    # No bin holds both.
    assert not any(g and b for g, b in zip(*found.shares, strict=True))


def test_values_beyond_the_ends_stand_in_the_last_bars():
    """One account in two hundred of each class lies far out, on either side."""
    controls = [*LOW * 10, -1_000.0, -1_000.0]
    takedown = [*[n + 10 for n in LOW * 10], 9_000.0, 9_000.0]

    found = judged(controls, takedown)

    assert (found.low, found.high) == (0.0, 49.0)
    assert [sum(side) for side in found.shares] == [pytest.approx(1)] * 2


def test_below_a_half_controls_are_higher():
    assert judged([n + 100 for n in LOW], LOW).across == 0.0


def test_within_a_campaign_and_across_all_differ():
    """Two collections: in each the value says nothing, together it tells the larger."""
    frame = pl.DataFrame(
        {
            FOLLOWERS.name: pl.Series([1.0] * 120 + [9.0] * 120, dtype=pl.Float32),
            "label": [0] * 90 + [1] * 30 + [0] * 30 + [1] * 90,
            "block": ["x"] * 120 + ["y"] * 120,
            "campaign": [None] * 90 + ["p"] * 30 + [None] * 30 + ["q"] * 90,
        }
    )

    found = judge(frame, [FOLLOWERS])[FOLLOWERS.name]

    assert found.within == {"p": 0.5, "q": 0.5}
    assert found.across == 0.75


def test_campaigns_of_one_operator_are_told_apart():
    """One above its controls and one below: together they would say nothing."""
    frame = pl.DataFrame(
        {
            FOLLOWERS.name: pl.Series(
                [*[9.0] * 30, *[1.0] * 30, *[5.0] * 30, *[7.0] * 60], dtype=pl.Float32
            ),
            "label": [1] * 60 + [0] * 30 + [0] * 30 + [1] * 30,
            # Controls of another operator do not count.
            "block": ["o"] * 90 + ["other"] * 60,
            "campaign": [
                *["up"] * 30,
                *["down"] * 30,
                *[None] * 60,
                # Also under another operator: against the controls of both.
                *["up"] * 20,
                *[None] * 10,
            ],
        }
    )

    found = judge(frame, [FOLLOWERS])[FOLLOWERS.name]

    # Of "up", 30 stand above all controls, and 20 above half and beside the others.
    assert found.within == {"down": 0.0, "up": pytest.approx((30 + 20 * 0.75) / 50)}


def test_too_few_known_values_give_no_figure():
    found = judged([*LOW, None], [1.0] * 19 + [None] * 19)

    assert (found.across, found.within) == (None, {"x": None})
    assert found.missing == pytest.approx((1 / 41, 0.5))


def test_nothing_known():
    found = judged([None] * 5, [None] * 5)

    assert (found.low, found.high, found.shares) == (None, None, ([], []))
    assert found.only is None


def test_yes_and_no():
    found = judged([0.0] * 30, [1.0] * 30, measure=IMAGE)

    assert (found.low, found.high) == (0.0, 1.0)
    assert found.shares[0][0] == found.shares[1][BINS - 1] == 1.0


def test_one_value_for_all():
    found = judged([3.0] * 30, [3.0] * 30)

    assert (found.low, found.high, found.across) == (3.0, 3.0, 0.5)
    assert found.only == 3.0
    assert [sum(side) for side in found.shares] == [1.0, 1.0]


def test_one_other_value_in_a_thousand_is_another():
    found = judged([3.0] * 999 + [4.0], [3.0] * 30)

    assert (found.low, found.high, found.only) == (3.0, 3.0, None)


def test_extremes_stand_in_the_end_bins():
    found = judged([*LOW, *LOW, *LOW, 1e6], LOW)

    assert found.high == 39.0
    assert sum(found.shares[0]) == pytest.approx(1)
