"""Labels are suspected by what scores say of them, and by nothing else."""

import numpy as np
import polars as pl
import pytest

from models.label_errors import summary, suspected, with_scores


def judged(n: int, wrong: float, seed: int = 1) -> pl.DataFrame:
    """Two folds of accounts whose scores are true, with some labels turned round."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 3, n)
    truth = generator.random(n) < 1 / (1 + np.exp(-logits))
    turned = generator.random(n) < wrong
    labels = np.where(turned, ~truth, truth).astype(np.int8)
    folds = np.where(np.arange(n) % 2, "one", "two")
    shares = {fold: labels[folds == fold].mean() for fold in ("one", "two")}
    return pl.DataFrame(
        {
            "account_id": [f"s/{place:06}" for place in range(n)],
            "fold": folds,
            "label": labels,
            "logit": logits,
            "anchor": [shares[fold] for fold in folds],
            "half_width": np.full(n, 0.5),
            "source": np.where(labels == 1, "ring", "people"),
            "kind": "platform",
            "turned": turned,
        }
    )


def test_a_likelihood_is_the_chance_of_the_own_label_at_the_share_of_the_fold() -> None:
    rows = pl.DataFrame(
        {
            "account_id": ["a", "b", "c", "d"],
            "fold": ["f"] * 4,
            "label": [1, 0, 0, 0],
            "logit": [0.0, 0.0, np.log(9), -np.log(9)],
            "anchor": [0.5] * 4,
            "half_width": [np.log(3)] * 4,
        },
        schema_overrides={"label": pl.Int8},
    )

    found = with_scores(rows.reverse())

    # A quarter is positive: the odds of each are a third of what they were at one half.
    assert found["account_id"].to_list() == ["a", "b", "c", "d"]
    assert found["score"].to_list() == pytest.approx(
        [0.25, 0.25, 0.75, 1 / 28], abs=1e-6
    )
    assert found["likelihood"].to_list() == pytest.approx(
        [0.25, 0.75, 0.25, 27 / 28], abs=1e-6
    )
    assert found["interval_low"][0] == pytest.approx(0.1)
    assert found["interval_high"][0] == pytest.approx(0.5)


def test_the_least_likely_come_first_and_no_more_than_asked_of_each_class() -> None:
    rows = with_scores(judged(4_000, 0.05))

    listed = suspected(rows, 0.05, 20)

    assert listed["label"].to_list() == [1] * 20 + [0] * 20
    for label in (1, 0):
        own = rows.filter(label=label).sort("likelihood", "account_id")
        shown = listed.filter(label=label)
        assert shown["account_id"].to_list() == own["account_id"].head(20).to_list()
    shuffled = rows.sample(fraction=1.0, shuffle=True, seed=3)
    assert suspected(shuffled, 0.05, 20).equals(listed)
    assert suspected(rows, 0.05, 0).is_empty()
    assert suspected(rows, 1e-9, 20).is_empty()


def test_as_many_are_suspected_as_expected_where_labels_are_right_and_more_if_not() -> (
    None
):
    """Bound: four standard deviations of as many independent chances."""

    def counts(wrong: float) -> tuple[int, float]:
        rows = with_scores(judged(40_000, wrong))
        found = summary(rows, suspected(rows, 0.05, 10), 0.05)
        blocks = [found["controls"], found["takedown_accounts"]]
        return (
            sum(block["suspected"] for block in blocks),
            sum(block["expected"] for block in blocks),
        )

    right, wrong = counts(0.0), counts(0.02)

    assert abs(right[0] - right[1]) < 4 * np.sqrt(right[1])
    assert wrong[0] > wrong[1] + 4 * np.sqrt(wrong[1])


def test_turned_labels_are_what_is_listed() -> None:
    rows = with_scores(judged(20_000, 0.02))

    listed = suspected(rows, 0.01, 60)

    # One in fifty by chance.
    assert listed["turned"].sum() > listed.height / 2


def test_what_is_listed_is_counted_by_source() -> None:
    rows = with_scores(judged(2_000, 0.1))
    listed = suspected(rows, 0.05, 15)

    found = summary(rows, listed, 0.05)

    for name, label, source in (
        ("controls", 0, "people"),
        ("takedown_accounts", 1, "ring"),
    ):
        own = rows.filter(label=label)
        number = own.filter(pl.col("likelihood") <= 0.05).height
        assert number > 15
        assert found[name]["judged"] == own.height
        assert found[name]["listed"] == 15
        row = {"kind": "platform", "suspected": number, "listed": 15}
        assert found[name]["sources"] == {source: row}


def test_where_no_campaign_counts_nobody_is_suspected() -> None:
    nobody = with_scores(judged(100, 0.0).clear())

    found = summary(nobody, suspected(nobody, 0.05, 10), 0.05)

    nothing = {"judged": 0, "suspected": 0, "expected": 0, "listed": 0, "sources": {}}
    assert found == {"controls": nothing, "takedown_accounts": nothing}
    assert set(with_scores(judged(100, 0.0)).schema.items()) == set(
        nobody.schema.items()
    )
