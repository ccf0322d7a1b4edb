"""Matched controls are like the takedown accounts; the balance table says how like."""

import numpy as np
import polars as pl
import pytest

from pipeline.masking import observe
from pipeline.matching import (
    NUMBERS,
    MatchingRules,
    balance,
    covariates,
    match_controls,
)
from tests.models.builders import make_accounts, make_labels, make_posts
from tests.pipeline.conftest import TinyWorld

OFF = MatchingRules(enabled=False, bands=3, controls_each=2)
ON = MatchingRules(enabled=True, bands=3, controls_each=2)


def unlike() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Controls that are older, post more, and speak another language half the time."""
    labels = make_labels(("one", "two"), positives=200, controls=2_000)
    generator = np.random.default_rng(3)
    control = labels["label"].to_numpy() == 0
    count = labels.height
    facts = labels.select("account_id").with_columns(
        pl.Series(
            "language", np.where(control & (generator.random(count) < 0.5), "b", "a")
        ),
        **{name: pl.Series(generator.normal(0.8 * control, 1.0)) for name in NUMBERS},
    )
    return labels, facts


def test_matching_brings_the_classes_together() -> None:
    labels, facts = unlike()

    matched = match_controls(labels, facts, ON)

    before, after = balance(labels, facts), balance(matched, facts)
    assert [row["block"] for row in after] == ["one", "two"]
    for one, other in zip(before, after, strict=True):
        assert other["language"] < 0.1 < one["language"]
        for name in NUMBERS:
            assert abs(one[name]) > 0.6
            assert abs(other[name]) < 0.65 * abs(one[name])
    fewer = match_controls(labels, facts, ON.model_copy(update={"controls_each": 1}))
    for row in balance(fewer, facts):
        assert all(abs(row[name]) < 0.35 for name in NUMBERS)


def test_takedown_accounts_all_stay_and_controls_are_not_too_many() -> None:
    labels, facts = unlike()

    matched = match_controls(labels, facts, ON)

    taken = labels.filter(label=1)["account_id"]
    assert set(matched.filter(label=1)["account_id"]) == set(taken)
    assert matched.filter(label=0).height <= 2 * len(taken)
    assert matched.filter(label=0).height > len(taken)
    assert matched["account_id"].is_in(labels["account_id"].implode()).all()


def test_look_alikes_stay_and_are_no_part_of_the_classes() -> None:
    labels, facts = unlike()
    other = labels.filter(label=0)[:300].with_columns(
        pl.concat_str(pl.lit("look/"), "account_id").alias("account_id"),
        slice=pl.lit("fandom"),
    )
    spoken = facts.head(300).with_columns(other["account_id"], language=pl.lit("c"))
    everybody, known = pl.concat([labels, other]), pl.concat([facts, spoken])

    matched = match_controls(everybody, known, ON)

    assert matched.filter(slice="fandom").equals(other)
    assert matched.head(-300).equals(match_controls(labels, facts, ON))
    assert balance(everybody, known) == balance(labels, facts)
    # As controls they would be left out, and the classes differ the more for them.
    plain = everybody.with_columns(slice=pl.lit(None, pl.String()))
    assert match_controls(plain, known, ON).height < matched.height
    assert balance(plain, known) != balance(labels, facts)


def test_off_leaves_everybody_and_rows_in_any_order_match_alike() -> None:
    labels, facts = unlike()

    assert match_controls(labels, facts, OFF).equals(labels)
    backwards = match_controls(labels[::-1], facts[::-1], ON).sort("account_id")
    assert backwards.equals(match_controls(labels, facts, ON))


def test_a_block_without_any_like_control_keeps_them() -> None:
    labels, facts = unlike()
    taken = pl.col("account_id").is_in(labels.filter(label=1)["account_id"].implode())
    apart = facts.with_columns(
        language=pl.when(taken).then(pl.lit("c")).otherwise("language")
    )

    assert match_controls(labels, apart, ON).equals(labels)


def test_unknown_numbers_are_a_band_of_their_own() -> None:
    labels, facts = unlike()
    unknown = facts.with_columns(age=pl.lit(None, pl.Float64))

    matched = match_controls(labels, unknown, ON)

    assert matched.filter(label=0).height > 200
    assert {row["age"] for row in balance(matched, unknown)} == {None}


def test_a_difference_is_in_standard_deviations() -> None:
    labels = make_labels(("one",), positives=2, controls=2)
    facts = pl.DataFrame(
        {
            "account_id": labels["account_id"],
            "language": ["a", "a", "a", "b"],
            # Controls 0 and 2, takedown accounts 3 and 5: both have variance 1.
            "window": [0.0, 2.0, 3.0, 5.0],
            "volume": [1.0, 1.0, 1.0, 1.0],
            "age": [None, None, 1.0, 2.0],
        }
    )

    (row,) = balance(labels, facts)

    assert row["window"] == 3.0
    assert row["volume"] == 0.0
    assert row["age"] is None
    # Shares 0 and 1/2: variances 0 and 1/4.
    assert row["language"] == pytest.approx(0.5 / (0.125**0.5), abs=1e-4)


def test_covariates_are_read_from_posts_and_profile() -> None:
    accounts = make_accounts(3, declared_language="FR")
    posts = make_posts(accounts[:2], each=4).with_columns(
        language=pl.Series(["en", "EN", "de", None, *["und"] * 2, None, None])
    )

    facts = covariates(accounts, posts.lazy(), observe(accounts, posts.lazy()))

    assert facts["language"].to_list() == ["en", "und", "fr"]
    assert facts["volume"].to_list() == pytest.approx([np.log(5)] * 2 + [0.0])
    assert facts["window"].is_null().to_list() == [False, False, True]
    assert facts["age"][0] == pytest.approx(np.log1p(2343))


def test_the_report_of_the_world_shows_the_balance(tiny_world: TinyWorld) -> None:
    report = tiny_world.json("labelled/report")

    assert report["accounts"]["unmatched"] == 0
    # Nothing was matched, so nothing changed.
    assert report["balance"]["before"] == report["balance"]["after"]
    assert [row["block"] for row in report["balance"]["before"]] == sorted(
        tiny_world.table("labelled/labels")["block"].unique()
    )
