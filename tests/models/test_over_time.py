import polars as pl
import pytest

from models.over_time import EARLIER, NOW, over_time

AIMS: dict[str, dict[str, float | None]] = {
    "fpr_0.01": {"one": 1.0, "two": 2.0},
    "fpr_0.005": {"one": 9.0, "two": None},
}


def sample_of(each: int) -> pl.DataFrame:
    """As many accounts of campaigns a and b (folds one, two) and of their controls."""
    rows = [
        (
            f"{campaign or 'control'}/{fold}/{n:03}",
            fold,
            int(campaign is not None),
            campaign,
        )
        for fold, campaign in (("one", "a"), ("one", None), ("two", "b"), ("two", None))
        for n in range(each)
    ]
    names = ["account_id", "fold", "label", "campaign"]
    return pl.DataFrame(rows, schema=names, orient="row")


def scores_of(sample: pl.DataFrame, moved: dict[str, float]) -> pl.DataFrame:
    """Rising scores; now, those of the accounts named have moved."""
    earlier = pl.DataFrame(
        {
            "account_id": sample["account_id"],
            "logit": [0.001 * place for place in range(sample.height)],
        }
    )
    shift = pl.col("account_id").replace_strict(moved, default=0.0)
    now = earlier.with_columns(pl.col("logit") + shift)
    return pl.concat(
        [
            earlier.with_columns(part=pl.lit(EARLIER)),
            now.with_columns(part=pl.lit(NOW)),
            now.with_columns(part=pl.lit("all"), logit=-pl.col("logit")),
        ]
    )


def test_scores_that_do_not_move_do_not_flip() -> None:
    sample = sample_of(40)

    found = over_time(scores_of(sample, {}), sample, AIMS, 0.95)

    assert found["accounts"] == found["pooled"]["accounts"] == 160
    assert found["pooled"]["rank_correlation"] == 1
    at = found["pooled"]["at"]["fpr_0.01"]
    assert (at["flip_rate"], at["lost"], at["gained"]) == (0, None, 0)
    assert at["flip_rate_high"] > 0
    assert set(found["campaigns"]) == {"a", "b"}


def test_flips_are_counted_by_side_and_the_worst_campaign_is_named() -> None:
    sample = sample_of(40)
    # In fold two the line is higher: only the first of them passes it.
    moved = {
        "a/one/000": 1.5,
        "b/two/000": 2.5,
        "b/two/001": 1.5,
        "control/two/000": 5.0,
    }

    found = over_time(scores_of(sample, moved), sample, AIMS, 0.95)

    at = found["pooled"]["at"]["fpr_0.01"]
    assert at["flip_rate"] == pytest.approx(3 / 160, abs=1e-6)
    assert (at["lost"], at["gained"]) == (None, at["flip_rate"])
    rates = {
        name: row["at"]["fpr_0.01"]["flip_rate"]
        for name, row in found["campaigns"].items()
    }
    assert rates == {"a": 1 / 80, "b": 2 / 80}
    assert found["worst"]["fpr_0.01"] == {"campaign": "b", "value": 2 / 80}
    assert found["worst"]["rank_correlation"]["campaign"] == "b"
    back = over_time(
        scores_of(sample, moved).with_columns(
            part=pl.col("part").replace({EARLIER: NOW, NOW: EARLIER})
        ),
        sample,
        AIMS,
        0.95,
    )
    at = back["pooled"]["at"]["fpr_0.01"]
    assert (at["lost"], at["gained"]) == (1.0, 0.0)


def test_without_a_threshold_nothing_flips_and_ranks_are_told() -> None:
    sample = sample_of(40)

    found = over_time(scores_of(sample, {}), sample, AIMS, 0.95)

    assert set(found["pooled"]["at"]["fpr_0.005"].values()) == {None}
    assert found["campaigns"]["a"]["at"]["fpr_0.005"]["flip_rate"] == 0
    assert set(found["campaigns"]["b"]["at"]["fpr_0.005"].values()) == {None}
    assert found["worst"]["fpr_0.005"] == {"campaign": "a", "value": 0}


def test_few_accounts_tell_nothing() -> None:
    sample = sample_of(20)
    found = over_time(scores_of(sample, {}), sample, AIMS, 0.95)

    assert found["pooled"]["accounts"] == 80
    assert found["campaigns"] == {}
    assert found["worst"]["fpr_0.01"] == {"campaign": None, "value": None}
    few = sample.head(29)
    nothing = over_time(scores_of(few, {}), few, AIMS, 0.95)
    assert nothing["pooled"] is None
    assert nothing["reason"] == "29 accounts have both scores, 30 needed"
    absent = over_time(scores_of(few, {}).filter(part=NOW), few, AIMS, 0.95)
    assert (absent["accounts"], absent["worst"]) == (0, None)
    same = scores_of(sample, {}).with_columns(logit=pl.lit(0.0))
    assert over_time(same, sample, AIMS, 0.95)["pooled"]["rank_correlation"] is None
