import polars as pl
import pytest

from models.origin import score_origin


def make_tested(shift: float, controls: int = 30) -> pl.DataFrame:
    """Controls of two sources, those of `b` higher by `shift`, and takedown accounts."""
    rows = [
        (0, source, n + (shift if source == "b" else 0.0), 0.5)
        for source in "ab"
        for n in range(controls)
    ]
    rows += [(1, "b", 1e6, 0.5)] * 50
    return pl.DataFrame(rows, ["label", "source", "logit", "anchor"], orient="row")


@pytest.mark.parametrize(("shift", "auc"), [(0.0, 0.5), (30.0, 1.0), (-30.0, 1.0)])
def test_sources_are_told_apart_by_their_scores(shift: float, auc: float) -> None:
    assert score_origin(make_tested(shift)) == {"a against b": auc}


def test_shares_that_calibrators_hold_at_do_not_count() -> None:
    tested = make_tested(0.0).with_columns(
        pl.when(pl.col("source") == "b").then(0.9).otherwise(0.5).alias("anchor"),
    )
    moved = tested.with_columns(
        pl.col("logit") + (pl.col("anchor") / (1 - pl.col("anchor"))).log()
    )

    assert score_origin(moved) == {"a against b": pytest.approx(0.5, abs=0.02)}


def test_few_controls_tell_nothing() -> None:
    assert score_origin(make_tested(9.0, controls=19)) == {"a against b": None}
