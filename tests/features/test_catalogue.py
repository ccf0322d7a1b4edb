from dataclasses import replace

import polars as pl
import pytest

from features import (
    artefacts,
    clock,
    day_curve,
    equalise,
    history,
    measures,
    mixes,
    totals,
)
from features.catalogue import (
    CATALOGUE,
    DIRECTION,
    FEATURES,
    as_markdown,
    feature,
    fingerprint,
    needs,
    rows,
)
from features.feature import FAMILIES

FIRST = FEATURES[0]
OF_POSTS = feature("source_top_share")


def test_names_are_unique():
    assert len({measure.name for measure in FEATURES}) == len(FEATURES)


def test_families_are_known():
    assert {measure.family for measure in FEATURES} <= set(FAMILIES)


def test_features_are_found_by_name():
    assert feature(FIRST.name) is FIRST
    with pytest.raises(KeyError):
        feature("no_such_feature")


def test_every_feature_says_what_a_reviewer_needs():
    for measure in FEATURES:
        for text in (measure.description, measure.limitation, measure.missing):
            assert text.endswith("."), measure.name
        assert measure.label, measure.name
        assert measure.unit, measure.name


VERDICTS = ("bot", "fake", "suspicious", "inauthentic", "automated", "troll", "spam")


def accuse(text: str) -> bool:
    return any(word.strip(".,;:") in VERDICTS for word in text.lower().split())


def test_descriptions_give_no_verdict():
    assert [f.name for f in FEATURES if accuse(f"{f.label} {f.description}")] == []


def test_a_verdict_is_noticed():
    assert accuse("Share of posts that look automated.")


@pytest.mark.parametrize(
    "other",
    [
        replace(FIRST, name=f"{FIRST.name}_2"),
        replace(FIRST, expr=FIRST.expr * 2),
        replace(FIRST, dtype=pl.Boolean()),
        replace(OF_POSTS, min_posts=11),
        replace(OF_POSTS, counted="own"),
        replace(OF_POSTS, among=None),
        replace(
            OF_POSTS,
            full_history=True,
            reasons=(*OF_POSTS.reasons, "history_incomplete"),
        ),
    ],
)
def test_the_fingerprint_changes_with_what_decides_values(other):
    original = FIRST if other.name.startswith(FIRST.name) else OF_POSTS

    assert fingerprint([other]) != fingerprint([original])


def test_the_fingerprint_changes_with_the_order():
    assert fingerprint(FEATURES[::-1]) != fingerprint(FEATURES)


def test_the_fingerprint_stays_with_words():
    assert fingerprint([replace(FIRST, label="Other")]) == fingerprint([FIRST])


def test_the_fingerprint_changes_with_every_entry_of_a_list():
    def among(*hosts):
        return fingerprint([replace(FIRST, expr=pl.col("url").is_in(hosts))])

    assert among(*"abcde") != among(*"abxde")


@pytest.mark.parametrize("name", ["LEAST", "FEWEST", "_UNIT"])
def test_the_fingerprint_changes_with_the_distance_from_the_usual_day(
    name, monkeypatch
):
    before = fingerprint([FIRST])

    monkeypatch.setattr(day_curve, name, getattr(day_curve, name) * 2)

    assert fingerprint([FIRST]) != before


def test_the_fingerprint_changes_with_how_tables_are_asked(monkeypatch):
    before = fingerprint()

    monkeypatch.setattr(artefacts, "plan", lambda: "another way")

    assert fingerprint() != before


@pytest.mark.parametrize("sign", equalise._SIGNS)
def test_the_fingerprint_changes_with_every_sign_that_is_repaired(sign, monkeypatch):
    before = fingerprint()

    monkeypatch.setitem(equalise._SIGNS, sign, "something else")

    assert fingerprint() != before


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("POLARS_FMT_TABLE_CELL_LIST_LEN", "5"),
        ("POLARS_FMT_TABLE_FORMATTING", "ASCII_FULL"),
        ("POLARS_FMT_STR_LEN", "5"),
    ],
)
def test_the_fingerprint_does_not_depend_on_the_environment(name, value, monkeypatch):
    before = fingerprint()

    monkeypatch.setenv(name, value)

    assert fingerprint() == before


def test_the_fingerprint_changes_with_measures_and_repairs(monkeypatch):
    before = fingerprint()

    with monkeypatch.context() as other:
        other.setattr(history, "HISTORY_CAP", 200)
        assert fingerprint() != before
    with monkeypatch.context() as other:
        stages = ({"minute": pl.col("posted_at").dt.epoch("s")},)
        other.setattr(measures, "_STAGES", stages)
        assert fingerprint() != before
    for module, name, other_value in (
        (totals, "SUMS", {**totals.SUMS, "gap_sum": pl.col("gap").max()}),
        (mixes, "MIXES", {**mixes.MIXES, "hours": pl.col("hour") // 2}),
        (clock, "FEWEST", clock.FEWEST + 1),
    ):
        with monkeypatch.context() as other:
            other.setattr(module, name, other_value)
            assert fingerprint() != before
    assert fingerprint() == before


def test_a_number_of_posts_is_said_only_where_posts_are_counted():
    assert needs(feature("timing_memory")) == "20 posts with a time"
    # Ten halves of texts are five posts.
    assert needs(feature("coactivity_text_ratio")) == "what Missing names"


def test_rows_are_plain_values_in_column_order():
    found = rows()

    assert [row["name"] for row in found] == [f.name for f in FEATURES]
    assert all(
        isinstance(value, str | int | bool | list)
        for row in found
        for value in row.values()
    )


def test_the_page_has_every_feature_and_what_is_excluded():
    page = as_markdown({FEATURES[3].name: "nobody has one"})

    assert all(f"(`{measure.name}`)" in page for measure in FEATURES)
    assert page.count("- Shown by posts: yes") == sum(
        measure.evidence is not None for measure in CATALOGUE
    )
    for direction, words in DIRECTION.items():
        declared = [f for f in CATALOGUE if f.direction == direction]
        assert page.count(f"- Expected: {words}\n") == len(declared) > 0
    said = "- Tells nothing in the demo world: "
    assert page.count(said) == page.count(f"{said}nobody has one\n") == 1
    assert "## Features excluded, and why" in page
    assert page.endswith("|\n")
