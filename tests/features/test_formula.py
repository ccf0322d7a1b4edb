import polars as pl
import pytest

from features import clock, mixes, schema
from features.applications import SCHEDULERS
from features.catalogue import FEATURES, feature
from features.feature import Feature
from features.formula import VALUE, formula
from tests.features.builders import planted

# Made before any expression: by arrays, by tables, and the repairs of both tables.
NAMED = {
    *clock.CLOCK,
    *mixes._SUMS,
    *("handle_bigram_loglik", "circadian_distance", "copied", "client_rarity"),
}


def unexplained(measure: Feature) -> set[str]:
    """Columns that a formula names and does not say."""
    written = formula(measure)
    lines = "\n".join(written.values())
    read = {part.split('")')[0] for part in lines.split('col("')[1:]}
    return read - {*written, *schema.POSTS, *schema.ACCOUNTS, *NAMED}


def test_a_total_is_said_down_to_the_post():
    found = formula(feature("timing_same_minute_share"))

    assert next(iter(found)) == VALUE
    assert 'col("minute")' in found["gap"]
    assert 'col("posted_at")' in found["minute"]


def test_what_is_counted_by_kind_is_said():
    found = formula(feature("bloc_step_repeat_share"))

    assert found[VALUE] == 'col("steps_repeat")'
    assert 'of the counts of each col("step")' in found["steps_repeat"]
    assert "kind_code" in found["step"]


@pytest.mark.parametrize("measure", FEATURES, ids=lambda f: f.name)
def test_every_formula_goes_down_to_canonical_columns(measure):
    assert VALUE in formula(measure)
    assert unexplained(measure) == set()


def test_lists_are_said_to_their_end(monkeypatch):
    # A list of one entry, but for what the formula asks for itself.
    monkeypatch.setenv("POLARS_FMT_TABLE_CELL_LIST_LEN", "1")

    found = formula(feature("client_scheduler_share"))["scheduled"]

    assert all(f'"{name}"' in found for name in SCHEDULERS)
    assert "…" not in found


def test_a_column_that_nothing_says_is_named():
    assert unexplained(planted(pl.col("invented"))) == {"invented"}
