"""Scores from part of the posts: the stored ones with all, and nothing of the future."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from pipeline.posts_curves import (
    Stored,
    draw_sample,
    parts_of,
    rescored,
    stability,
    time_to_detect,
    with_thresholds,
)
from tests.features.builders import make_account, make_posts
from tests.pipeline.conftest import TinyWorld

START = datetime(2020, 1, 1, tzinfo=UTC)


def stored(world: TinyWorld) -> Stored:
    names = ("canonical", "labelled", "features", "trained", "calibrated")
    return Stored(**{name: world.folder / name for name in names})


def unseen(world: TinyWorld) -> pl.DataFrame:
    labels = world.table("labelled/labels").select("account_id", "label")
    return (
        world.table("calibrated/calibrated")
        .filter(model="telltale", protocol="loco", part="test")
        .select("account_id", "fold", "logit")
        .join(labels, on="account_id")
    )


@pytest.fixture(scope="module")
def scores(tiny_world: TinyWorld) -> pl.DataFrame:
    sample = draw_sample(unseen(tiny_world).drop("logit"), 160, 11)
    return rescored(stored(tiny_world), sample)


def test_with_all_posts_a_score_is_the_stored_one(
    tiny_world: TinyWorld, scores: pl.DataFrame
) -> None:
    whole = scores.filter(part="all").join(unseen(tiny_world), on="account_id")

    assert whole.height > 100
    assert (whole["logit"] == whole["logit_right"]).all()
    part = scores.filter(pl.col("part") != "all").join(
        unseen(tiny_world), on="account_id"
    )
    assert (part["logit"] != part["logit_right"]).any()


def test_another_folds_model_would_be_noticed(
    tiny_world: TinyWorld, scores: pl.DataFrame
) -> None:
    ids = scores.filter(part="all")["account_id"].unique().sort()
    sample = unseen(tiny_world).filter(pl.col("account_id").is_in(ids.implode()))
    wrong = sample.with_columns(
        fold=pl.when(pl.col("fold") == "jetty")
        .then(pl.lit("orchard"))
        .otherwise("fold")
    ).filter(fold="orchard")

    found = rescored(stored(tiny_world), wrong.drop("logit")).filter(part="all")

    compared = found.join(sample, on="account_id")
    right = compared["logit"] == compared["logit_right"]
    assert right.to_list() == (compared["fold"] == "orchard").to_list()


def test_classes_are_drawn_alike_and_the_draw_is_repeatable(
    tiny_world: TinyWorld,
) -> None:
    rows = unseen(tiny_world).drop("logit")

    one = draw_sample(rows, 60, 1)

    assert one.equals(draw_sample(rows.reverse(), 60, 1))
    assert not one.equals(draw_sample(rows, 60, 2))
    assert dict(one["label"].value_counts().iter_rows()) == {0: 30, 1: 30}


def world_of(posts: int) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Forty accounts with a post an hour."""
    ids = [f"a{number:02}" for number in range(40)]
    accounts = pl.concat(
        make_account(account_id=id, as_of=START + timedelta(days=30), followers=9)
        for id in ids
    )
    written = make_posts(
        [
            {"account_id": id, "posted_at": START + timedelta(hours=n)}
            for id in ids
            for n in range(posts)
        ]
    )
    told = pl.DataFrame({"account_id": ids, "n_posts": [posts] * 40})
    return accounts, written, told


def test_first_posts_are_judged_when_they_are_written() -> None:
    parts = {(part, k): rest for part, k, *rest in parts_of(*world_of(12))}

    assert set(parts) == {
        ("all", None),
        *(("first", k) for k in (1, 2, 5, 10)),
        *(("latest", n) for n in (5, 10)),
    }
    accounts, posts = parts["first", 5]
    assert posts.height == 40 * 5
    assert posts["posted_at"].max() == START + timedelta(hours=4)
    assert set(accounts["as_of"]) == {START + timedelta(hours=4, minutes=1)}
    assert accounts["followers"].null_count() == 40


def test_latest_posts_are_a_cut_history_of_the_same_moment() -> None:
    parts = {(part, k): rest for part, k, *rest in parts_of(*world_of(12))}
    accounts, posts = parts["latest", 5]

    assert posts["posted_at"].min() == START + timedelta(hours=7)
    assert set(accounts["as_of"]) == {START + timedelta(days=30)}
    assert set(accounts["followers"]) == {9}
    assert set(accounts["history_complete"]) == {False}


def test_few_accounts_make_no_point() -> None:
    accounts, posts, told = world_of(6)
    few = told.with_columns(
        n_posts=pl.when(pl.col("account_id") < "a20").then(6).otherwise(2)
    )

    parts = [(part, number) for part, number, *_ in parts_of(accounts, posts, few)]

    assert parts == [("all", None), ("first", 1), ("first", 2)]


def score_rows(rows: list[tuple[str, int, str, int | None, float]]) -> pl.DataFrame:
    names = ["account_id", "n_posts", "part", "posts", "logit"]
    return pl.DataFrame(rows, schema=names, orient="row")


SAMPLE = pl.DataFrame(
    {
        "account_id": ["p1", "p2", "n1"],
        "fold": ["one"] * 3,
        "label": [1, 1, 0],
        "threshold": [1.0] * 3,
    },
    schema_overrides={"label": pl.Int8},
)


def test_who_stops_posting_keeps_the_last_score() -> None:
    rows: list[tuple[str, int, str, int | None, float]] = [
        ("p1", 2, "first", 1, 0.0),
        ("p1", 2, "first", 2, 2.0),
        ("p2", 1, "first", 1, 1.5),
        ("n1", 2, "first", 1, 0.5),
        ("n1", 2, "first", 2, 1.2),
        ("p1", 2, "all", None, 3.0),
        ("p2", 1, "all", None, 0.9),
        ("n1", 2, "all", None, -1.0),
    ]

    one, two, whole = time_to_detect(score_rows(rows), SAMPLE, 0.95)

    assert [row["posts"] for row in (one, two, whole)] == [1, 2, None]
    assert [row["reached"] for row in (one, two, whole)] == [3, 2, 3]
    assert [row["recall"] for row in (one, two, whole)] == [0.5, 1.0, 0.5]
    assert [row["fpr"] for row in (one, two, whole)] == [0.0, 1.0, 0.0]
    assert [row["auc"] for row in (one, two, whole)] == [0.5, 1.0, 1.0]
    assert one["recall_low"] < 0.5 < one["recall_high"]


def test_flips_are_counted_by_side() -> None:
    rows: list[tuple[str, int, str, int | None, float]] = [
        ("p1", 9, "latest", 5, 0.0),
        ("p2", 9, "latest", 5, 3.0),
        ("n1", 9, "latest", 5, 2.0),
        ("p1", 9, "all", None, 2.0),
        ("p2", 9, "all", None, 3.0),
        ("n1", 9, "all", None, 0.0),
    ]

    [row] = stability(score_rows(rows), SAMPLE)

    assert (row["posts"], row["accounts"]) == (5, 3)
    assert row["flip_rate"] == pytest.approx(2 / 3, abs=1e-6)
    assert (row["lost"], row["gained"]) == (0.5, 1.0)
    assert row["rank_correlation"] == 0.5


def test_without_a_threshold_nobody_is_flagged() -> None:
    sample = with_thresholds(SAMPLE.drop("threshold"), {"one": None})
    rows: list[tuple[str, int, str, int | None, float]] = [
        (name, 9, part, posts, value)
        for name, value in (("p1", 1.0), ("n1", 0.0))
        for part, posts in (("first", 1), ("latest", 5), ("all", None))
    ]

    first, _ = time_to_detect(score_rows(rows), sample, 0.95)
    [row] = stability(score_rows(rows), sample)

    assert (first["recall"], first["fpr"], first["auc"]) == (None, None, 1.0)
    assert (row["flip_rate"], row["lost"], row["gained"]) == (None, None, None)


def test_accounts_without_times_are_left_out(
    tiny_world: TinyWorld, tmp_path: Any
) -> None:
    undated = tiny_world.table("canonical/posts").with_columns(
        posted_at=pl.lit(None, dtype=pl.Datetime("ms", "UTC"))
    )
    undated.write_parquet(tmp_path / "posts.parquet")
    accounts = tiny_world.table("canonical/accounts")
    accounts.write_parquet(tmp_path / "accounts.parquet")
    given = stored(tiny_world)
    changed = Stored(
        tmp_path, given.labelled, given.features, given.trained, given.calibrated
    )
    sample = draw_sample(unseen(tiny_world).drop("logit"), 60, 1)

    found = rescored(changed, sample)

    assert found.is_empty()
    assert time_to_detect(found, with_thresholds(sample, {}), 0.95) == []
    assert stability(found, with_thresholds(sample, {})) == []
