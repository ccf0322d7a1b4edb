"""Log-odds of a fold as they are served: those that calibrate stored."""

from dataclasses import replace

import numpy as np
import polars as pl

from models.evidence import STATES
from pipeline.calibrate import CalibrateParams
from pipeline.doubt import doubts
from pipeline.fold_line import FoldLine
from pipeline.values import Values
from pipeline.withheld import Boosters, training_set
from tests.pipeline.conftest import TinyWorld


def test_a_fold_reads_what_calibrate_wrote(tiny_world: TinyWorld) -> None:
    line = FoldLine.read(tiny_world.folder / "calibrated", "harbour")
    written = tiny_world.json("calibrated/tempers")

    assert line.withheld == written["harbour"]
    assert set(line.withheld) <= set(STATES)
    assert "posts 0" in line.withheld
    assert all(0 < temper <= 1 for temper in line.withheld.values())
    # A fold that left nothing out has nobody to serve.
    assert "all" not in written


def test_accounts_as_they_are_keep_their_log_odds(tiny_world: TinyWorld) -> None:
    line = FoldLine.read(tiny_world.folder / "calibrated", "harbour")
    rows = tiny_world.table("calibrated/calibrated").filter(
        model="telltale", protocol="loco", fold="harbour", part="test"
    )
    values = Values.read(tiny_world.folder / "features")
    matrix, n_posts = values.rows(training_set("harbour"), rows["account_id"])
    raw = rows["raw_score"].to_numpy()

    found = line.logits(raw, matrix, n_posts)

    assert np.array_equal(found, rows["logit"].to_numpy())
    # The twin: the same accounts in a state that was judged by withholding it.
    none = np.zeros_like(n_posts)
    planted = replace(line, withheld={"posts 0": 0.25})
    assert np.array_equal(planted.logits(raw, matrix, n_posts), found)
    pulled = planted.logits(raw, matrix, none)
    assert (np.abs(pulled) < np.abs(found)).mean() > 0.9


def test_who_is_left_out_in_a_withheld_state_is_stored_as_served(
    tiny_world: TinyWorld,
) -> None:
    """Planted: accounts of harbour had no posts."""
    stored = tiny_world.table("calibrated/calibrated")
    line = FoldLine.read(tiny_world.folder / "calibrated", "harbour")
    values = Values.read(tiny_world.folder / "features")
    inside = (pl.col("fold") == "harbour") & (pl.col("part") == "test")
    some = stored.filter(inside, model="telltale", protocol="loco").head(9)
    nobody = pl.col("account_id").is_in(some["account_id"].implode())
    none = values.static.with_columns(
        n_posts=pl.when(nobody).then(0).otherwise("n_posts").cast(pl.Int64)
    )
    limits = CalibrateParams(**tiny_world.params["calibrate"]).abstention.limits()

    found, tempers = doubts(
        stored.drop("half_width", "abstained"),
        tiny_world.table("labelled/labels"),
        replace(values, static=none),
        Boosters.read(tiny_world.folder / "trained"),
        {("loco", "harbour"): line.calibrator},
        0.9,
        1e-4,
        limits,
    )

    assert tempers == {"harbour": line.withheld}
    assert line.withheld["posts 0"] < 1
    served = found.filter(inside, model="telltale", protocol="loco")
    was, now = some["logit"].to_numpy(), served["logit"].to_numpy()
    expected = line.calibrator.tempered(was, line.withheld["posts 0"])
    assert np.array_equal(now[:9], expected)
    # Nobody else's score moves.
    others = stored.filter(~inside | ~nobody)["logit"]
    assert found.filter(~inside | ~nobody)["logit"].equals(others)
