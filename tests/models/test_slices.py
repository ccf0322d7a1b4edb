import numpy as np
import polars as pl
import pytest

from models.metrics import expected_calibration_error
from models.slices import (
    LEAST,
    OTHERS,
    auc_within_folds,
    evidence_state,
    flagged_point,
    pool_small,
    posts_band,
    slice_rows,
)


def judged(n: int = 400, seed: int = 1) -> pl.DataFrame:
    generator = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    logits = generator.normal(size=n) + labels
    return pl.DataFrame(
        {
            "fold": np.where(np.arange(n) < n // 2, "one", "two"),
            "label": pl.Series(labels, dtype=pl.Int8),
            "logit": logits,
            "anchor": np.full(n, 0.5),
            "flagged": logits > 1,
            "language": np.where(generator.random(n) < 0.5, "aa", "bb"),
        }
    )


def test_bands_and_states_are_named() -> None:
    rows = pl.DataFrame(
        {
            "n": [0, 1, 4, 5, 99, 100],
            "has profile": [True, False, True, True, True, False],
            "has posts": [False, False, True, True, True, False],
            "has times": [False] * 6,
            "has clients": [False, False, False, False, True, False],
            "has co-activity": [False] * 6,
        }
    ).select(posts_band("n").alias("band"), evidence_state().alias("state"))

    assert rows["band"].to_list() == ["0", "1-4", "1-4", "5-19", "20-99", "100+"]
    assert rows["state"].to_list()[:2] == ["profile", "nothing"]
    assert rows["state"][4] == "profile, posts, clients"


def test_pairs_are_of_one_fold() -> None:
    """A fold whose scores are all higher must not look like a better ranking."""
    rows = judged()
    moved = rows.with_columns(
        logit=pl.col("logit") + 100 * (pl.col("fold") == "two").cast(pl.Float64)
    )

    assert auc_within_folds(moved) == auc_within_folds(rows)
    assert auc_within_folds(rows.filter(label=1)) is None


def test_a_slice_is_its_own_accounts() -> None:
    rows = judged()

    found = slice_rows(rows, "language", ["aa", "bb", "cc"], 0.95)

    assert [row["slice"] for row in found] == ["aa", "bb"]
    for row in found:
        inside = rows.filter(language=row["slice"])
        assert row["n_pos"] == inside.filter(label=1).height
        assert row["n_neg"] == inside.filter(label=0).height
        hit = inside.filter(label=1)["flagged"].mean()
        assert row["recall"] == pytest.approx(hit, abs=1e-6)
        assert row["recall_low"] < row["recall"] < row["recall_high"]
        logits, labels = inside["logit"].to_numpy(), inside["label"].to_numpy()
        share = labels.mean()
        moved = 1 / (1 + np.exp(-(logits + np.log(share / (1 - share)))))
        expected = expected_calibration_error(moved, labels)
        assert row["ece"] == pytest.approx(expected, abs=1e-6)


def test_a_role_is_judged_against_the_controls_of_its_folds() -> None:
    rows = judged().with_columns(
        role=pl.when((pl.col("fold") == "one") & (pl.col("label") == 1)).then(
            pl.lit("core")
        )
    )

    [row] = slice_rows(rows, "role", ["core"], 0.95)

    assert (row["n_pos"], row["n_neg"], row["against"]) == (100, 0, 100)
    assert row["fpr"] is None
    assert row["auc"] == auc_within_folds(rows.filter(fold="one"))


def test_a_slice_of_one_class_borrows_the_rate_of_the_other() -> None:
    rows = judged(1_400).with_columns(
        source=pl.when((pl.col("fold") == "one") & (pl.col("label") == 0)).then(
            pl.lit("people")
        )
    )
    fold = rows.filter(fold="one")

    [row] = slice_rows(rows, "source", ["people"], 0.95)

    assert row["recall"] is None
    assert row["point"] == flagged_point(fold, 0.95)
    assert row["point"]["fp"] == fold.filter(label=0)["flagged"].sum()
    assert row["point"]["recall"] == pytest.approx(
        fold.filter(label=1)["flagged"].mean(), abs=1e-6
    )
    hit, false = row["point"]["recall"], row["point"]["fpr"]
    for worth in row["point"]["alerts"]:
        true = worth["prevalence"] * hit
        flagged = true + (1 - worth["prevalence"]) * false
        assert worth["ppv"] == pytest.approx(true / flagged, abs=1e-5)
        assert worth["alerts"] == pytest.approx(1e5 * flagged, abs=0.2)


@pytest.mark.parametrize(
    ("accounts", "controls", "flagged", "reason"),
    [
        (400, 300, True, None),
        (400, 299, True, "299 controls, 300 needed"),
        (0, 0, True, "0 controls, 300 needed"),
        (29, 300, True, "29 accounts, 30 needed"),
        (400, 300, None, "a fold has too few controls to set the threshold"),
    ],
)
def test_rates_that_cannot_be_told_have_no_worth(
    accounts: int, controls: int, flagged: bool | None, reason: str | None
) -> None:
    rows = pl.DataFrame(
        {
            "label": [1] * accounts + [0] * controls,
            "flagged": [flagged] * (accounts + controls),
        },
        schema={"label": pl.Int8, "flagged": pl.Boolean},
    )

    found = flagged_point(rows, 0.95)

    assert found.get("reason") == reason
    assert ("alerts" in found) is (reason is None)


def test_accounts_without_a_threshold_are_not_counted() -> None:
    rows = judged(1_400)
    some = rows.with_columns(
        flagged=pl.when(pl.col("fold") == "one").then("flagged"),
    )

    assert flagged_point(some, 0.95) == flagged_point(rows.filter(fold="one"), 0.95)


def test_small_slices_give_rates_and_no_more() -> None:
    rows = judged(40)

    [row] = slice_rows(rows.with_columns(role=pl.lit("x")), "role", ["x"], 0.95)

    assert (row["auc"], row["ece"], row["brier_skill"]) == (None, None, None)
    assert row["recall"] is not None


def test_no_threshold_means_no_rate() -> None:
    rows = judged().with_columns(flagged=pl.lit(None, dtype=pl.Boolean))

    [row, _] = slice_rows(rows, "language", ["aa", "bb"], 0.95)

    assert (row["recall"], row["fpr"]) == (None, None)
    assert row["auc"] is not None


def test_small_values_are_pooled_and_unknown_ones_are_not() -> None:
    rows = pl.DataFrame(
        {"language": ["aa"] * LEAST + ["bb"] * 3 + [None] * 2},
    )

    pooled = pool_small(rows, "language")["language"].to_list()

    assert pooled == ["aa"] * LEAST + [OTHERS] * 3 + [None] * 2
