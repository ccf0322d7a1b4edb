from typing import Any

import numpy as np
import polars as pl
import pytest

from pipeline.calibrate import CalibrateParams
from pipeline.proofs.states import ALL, STATES, scores_by_state, served
from pipeline.rescoring import Stored
from tests.features.builders import make_account, make_posts
from tests.pipeline.conftest import TinyWorld

# State -> what is known in it, of accounts and of posts, beside ids and moments.
KNOWN: dict[str, tuple[set[str], set[str] | None]] = {
    "profile alone": ({"bio", "followers"}, None),
    "posts alone": (set(), {"text", "kind", "client", "posted_at", "target_posted_at"}),
    "texts alone": (set(), {"text", "kind"}),
    "no times": ({"bio", "followers"}, {"text", "kind", "client"}),
    "no applications": (
        {"bio", "followers"},
        {"text", "kind", "posted_at", "target_posted_at"},
    ),
}


def known(frame: pl.DataFrame, columns: set[str]) -> set[str]:
    return {c for c in columns if frame[c].null_count() < frame.height}


@pytest.mark.parametrize("state", sorted(KNOWN))
def test_nothing_is_left_of_what_a_state_lacks(state: str) -> None:
    accounts = make_account(account_id="a", bio="about", followers=3)
    moment = accounts["as_of"][0]
    posts = make_posts(
        [
            {
                "account_id": "a",
                "text": "hello",
                "client": "web",
                "kind": "repost",
                "posted_at": moment,
                "target_posted_at": moment,
            }
        ]
    )
    of_account, of_posts = KNOWN[state]

    left, written = STATES[state](accounts, posts)

    assert known(left, {"bio", "followers"}) == of_account
    assert known(left, {"account_id", "as_of"}) == {"account_id", "as_of"}
    assert left.schema == accounts.schema
    assert written.schema == posts.schema
    columns = {"text", "kind", "client", "posted_at", "target_posted_at"}
    assert (known(written, columns) if written.height else None) == of_posts


@pytest.fixture(scope="module")
def by_state(tiny_world: TinyWorld) -> pl.DataFrame:
    names = ("canonical", "labelled", "features", "trained", "calibrated")
    stored = Stored(**{name: tiny_world.folder / name for name in names})
    sample = unseen(tiny_world).filter(pl.col("fold").is_in(["jetty", "orchard"]))
    params = CalibrateParams(**tiny_world.params["calibrate"])
    return scores_by_state(stored, sample.select("account_id", "fold"), params)


def unseen(world: TinyWorld) -> pl.DataFrame:
    return world.table("calibrated/calibrated").filter(
        model="telltale", protocol="loco", part="test"
    )


def test_with_everything_known_scores_and_abstentions_are_the_stored_ones(
    tiny_world: TinyWorld, by_state: pl.DataFrame
) -> None:
    stored = unseen(tiny_world).select(
        "account_id", pl.col("logit").alias("kept"), pl.col("abstained").alias("why")
    )
    compared = by_state.join(stored, on="account_id")

    whole = compared.filter(state=ALL)
    assert whole.height > 100
    assert (whole["logit"] == whole["kept"]).all()
    assert (whole["abstained"] == whole["why"]).all()
    assert (whole["abstained"] == "").any()
    for state in KNOWN:
        less = compared.filter(state=state)
        assert less.height == whole.height
        if state != "no applications":
            assert (less["logit"] != less["kept"]).any()
        # No account of this world is like that. One part withheld judges them, two that
        # were withheld one by one, profile and times, do not.
        assert (less["temper"].to_numpy().max() < 1) == (state == "profile alone")
        why = set(less["abstained"])
        together = state == "texts alone"
        assert ("" in why) == (not together)
        if together:
            assert "unjudged_evidence" in why


def judged(**changed: Any) -> pl.DataFrame:
    """Two folds of 40 accounts of each class; the lowest positive is below a control."""
    labels = np.tile(np.repeat([1, 0], 40), 2).astype(np.int8)
    logits = np.where(labels == 1, 2.0, -2.0)
    logits[[0, 40]] = [-3.0, 3.0]
    columns: dict[str, Any] = {
        "fold": ["a"] * 80 + ["b"] * 80,
        "label": labels,
        "logit": logits,
    }
    why = ["", "unjudged_evidence", "", "wide_interval"] * 40
    columns |= {"anchor": 0.5, "half_width": 0.1, "abstained": why, "threshold": 0.0}
    columns["temper"] = [1.0, 0.5] * 80
    return pl.DataFrame(columns | changed, schema_overrides={"threshold": pl.Float64})


def test_figures_by_hand() -> None:
    found = served(judged(), 0.9)

    # Of 40 x 40 pairs of fold a, 40 with the odd takedown account are wrong, 39 more
    # with the odd control.
    wrong = 79 / 1600
    assert found.auc == pytest.approx((1 - wrong / 2, 1 - wrong))
    assert found.rates == pytest.approx((79 / 80, 1 / 80))
    assert (found.unjudged, found.scored, found.temper) == (0.25, 0.5, 0.75)
    assert found.calibration.n == 160
    assert found.calibration.size == pytest.approx((158 * 2 + 6) / 160)


def test_those_with_a_number_are_told_beside_all() -> None:
    found = served(judged(), 0.9)

    # Every other account, both odd ones among them.
    assert found.kept_rates == pytest.approx((39 / 40, 1 / 40))
    assert found.kept_calibration.n == 80
    assert found.kept_calibration.slope is not None
    nobody = served(judged(abstained="unjudged_evidence"), 0.9)
    assert (nobody.unjudged, nobody.scored) == (1.0, 0.0)
    assert nobody.kept_rates == (None, None)
    assert nobody.kept_calibration.slope is None
    # What is told of all does not depend on who gets a number.
    assert (nobody.auc, nobody.rates) == (found.auc, found.rates)
    assert nobody.calibration == found.calibration


def test_scores_turned_round_and_a_fold_without_a_line_are_told() -> None:
    upside_down = served(judged(logit=-judged()["logit"].to_numpy()), 0.9)
    without = served(judged(threshold=[0.0] * 80 + [None] * 80), 0.9)

    assert upside_down.auc[1] < 0.06
    assert without.rates == (None, None)


def test_whether_intervals_of_those_with_a_number_held() -> None:
    everyone = [""] * 160
    wide = served(judged(abstained=everyone, half_width=30.0), 0.9)
    # All takedown accounts as sure as controls, and no width.
    wrong = judged(abstained=everyone, logit=-judged()["logit"].to_numpy())
    narrow = served(wrong.with_columns(half_width=0.0), 0.9)

    assert wide.kept_held == pytest.approx((1.0, 1.0), abs=1e-6)
    held, width = narrow.kept_held
    assert held is not None
    assert held < 0.2
    assert width == 0.0
    # Twenty of each class with a number are too few for bins.
    assert served(judged(), 0.9).kept_held == (None, None)
