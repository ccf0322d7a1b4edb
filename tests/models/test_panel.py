from typing import Any

import polars as pl
import pytest

from models.panel import panel_block, wilson


def make_scores(controls: int = 300, flagged: int = 3) -> pl.DataFrame:
    """Controls of a fold with logits 1 to n, and 20 fans, some above all of them."""
    rows: list[Any] = [
        ("one", "inner", 0, None, float(n)) for n in range(1, controls + 1)
    ]
    rows += [("one", "inner", 1, None, 1e6)]
    rows += [
        ("one", "panel", 0, "fandom", 1e5 if n < flagged else 0.0) for n in range(20)
    ]
    columns = ["fold", "part", "label", "slice", "logit"]
    frame = pl.DataFrame(rows, columns, orient="row", infer_schema_length=None)
    return frame.with_row_index("account_id")


def test_flagged_are_those_above_the_aim_on_unseen_controls() -> None:
    block = panel_block(make_scores(), 0.95)

    low, high = wilson(3, 20, 0.95)
    assert block == {
        "fandom": {
            "n": 20,
            "flagged": 3,
            "fpr": 0.15,
            "low": round(low, 6),
            "high": round(high, 6),
        }
    }


def test_too_few_controls_set_no_threshold() -> None:
    row = panel_block(make_scores(controls=299), 0.95)["fandom"]

    assert row["n"] == 20
    assert row["fpr"] is None
    assert "too few controls" in row["reason"]


def test_wilson_by_hand() -> None:
    # z = 1.959964: centre (3 + 1.920730) / 23.841459, half width 0.154025.
    low, high = wilson(3, 20, 0.95)

    assert low == pytest.approx(0.052369, abs=1e-5)
    assert high == pytest.approx(0.360419, abs=1e-5)
    assert wilson(0, 20, 0.95)[0] == 0.0
    assert wilson(20, 20, 0.95)[1] == 1.0
