"""Scores from part of the posts: the stored ones with all, and nothing of the future."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from features.build import count_posts
from models.posts_curves import draw_sample, stability, time_to_detect, with_thresholds
from pipeline.moments import in_order, moments_of, parts_of
from pipeline.rescoring import Stored, rescored
from tests.features.builders import make_account, make_posts
from tests.pipeline.conftest import TinyWorld, put_posts

START = datetime(2020, 1, 1, tzinfo=UTC)
DAYS = 30


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
    return rescored(stored(tiny_world), sample, DAYS, 5)


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

    given = stored(tiny_world)
    found = rescored(given, wrong.drop("logit"), DAYS, 5).filter(part="all")

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
        *(("latest", n) for n in (1, 2, 3, 4, 5, 10)),
    }
    accounts, posts = parts["first", 5]
    assert posts.height == 40 * 5
    assert posts["posted_at"].max() == START + timedelta(hours=4)
    assert set(accounts["as_of"]) == {START + timedelta(hours=4, minutes=1)}
    assert accounts["followers"].null_count() == 40


def test_earlier_is_the_same_account_of_that_day_without_counts() -> None:
    """Fifty posts an hour apart; as_of lies thirty days after the first."""
    accounts, posts, _ = world_of(50)

    parts = {part: rest for part, _, *rest in moments_of(accounts, posts, 29, 24)}

    assert list(parts) == ["earlier", "now"]
    (earlier, given), (now, same) = parts["earlier"], parts["now"]
    assert set(earlier["as_of"]) == {START + timedelta(days=1)}
    assert set(now["as_of"]) == {START + timedelta(days=30)}
    assert earlier["followers"].null_count() == now["followers"].null_count() == 40
    # The cut is that of every score: build_features takes what is before as_of.
    assert given.equals(same)
    assert set(count_posts(earlier, given)) == {24}
    assert set(count_posts(now, same)) == {50}


@pytest.mark.parametrize(("days", "least"), [(29, 25), (30, 1), (40, 0)])
def test_who_had_too_few_posts_by_then_is_left_out(days: int, least: int) -> None:
    accounts, posts, _ = world_of(50)

    assert list(moments_of(accounts, posts, days, least)) == []


def test_latest_posts_are_a_cut_history_of_the_same_moment() -> None:
    parts = {(part, k): rest for part, k, *rest in parts_of(*world_of(12))}
    accounts, posts = parts["latest", 5]

    assert posts["posted_at"].min() == START + timedelta(hours=7)
    assert set(accounts["as_of"]) == {START + timedelta(days=30)}
    assert set(accounts["followers"]) == {9}
    assert set(accounts["history_complete"]) == {False}


def test_posts_of_one_moment_are_always_in_one_order() -> None:
    accounts, posts, told = world_of(12)
    at_once = posts.with_columns(
        posted_at=pl.lit(START).cast(posts.schema["posted_at"]),
        text=pl.format("post {}", pl.int_range(pl.len()).mod(12)),
    )
    some = [at_once, at_once.sample(fraction=1.0, shuffle=True, seed=1)]

    first = [
        {part: which for part, k, _, which in parts_of(accounts, rows, told) if k == 5}
        for rows in map(in_order, some)
    ]

    for part in ("first", "latest"):
        assert first[0][part].equals(first[1][part])
    # The twin: in the order of the rows, others are the first.
    unsorted = [
        next(which for _, k, _, which in parts_of(accounts, rows, told) if k == 5)
        for rows in some
    ]
    assert (
        not unsorted[0]
        .sort("account_id", "text")
        .equals(unsorted[1].sort("account_id", "text"))
    )


def test_few_accounts_make_no_point() -> None:
    accounts, posts, told = world_of(6)
    few = told.with_columns(
        n_posts=pl.when(pl.col("account_id") < "a20").then(6).otherwise(2)
    )

    parts = [(part, number) for part, number, *_ in parts_of(accounts, posts, few)]

    first = [("first", 1), ("first", 2)]
    assert parts == [("all", None), *first, ("latest", 1)]


def test_accounts_without_times_are_left_out(
    tiny_world: TinyWorld, tmp_path: Any
) -> None:
    undated = tiny_world.table("canonical/posts").with_columns(
        posted_at=pl.lit(None, dtype=pl.Datetime("ms", "UTC"))
    )
    put_posts(undated, tmp_path)
    accounts = tiny_world.table("canonical/accounts")
    accounts.write_parquet(tmp_path / "accounts.parquet")
    given = stored(tiny_world)
    changed = Stored(
        tmp_path, given.labelled, given.features, given.trained, given.calibrated
    )
    sample = draw_sample(unseen(tiny_world).drop("logit"), 60, 1)

    found = rescored(changed, sample, DAYS, 5)

    assert found.is_empty()
    assert time_to_detect(found, with_thresholds(sample, {}), 0.95) == []
    assert stability(found, with_thresholds(sample, {}), 0.95) == []
