"""Sizes, determinism, and what both classes must have in common."""

import dataclasses
import hashlib
import re

import polars as pl
import pytest

from pipeline.world.world import make_archive, plans

from .conftest import World, make_params

# Shares of filled cells may differ by behaviour (who replies, who links), so far.
TOLERANCE = 0.2
# And neither class may have more than this many times the share of the other.
TIMES = 6.0


def digests(world: World) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(world.raw.iterdir())
    }


def filled(frame: pl.DataFrame) -> pl.DataFrame:
    cells = ~pl.exclude("source", "label").is_in(["", "[]"])
    return frame.group_by("label").agg(cells.mean()).sort("label")


def one_sided_columns(frame: pl.DataFrame) -> list[str]:
    shares = filled(frame)
    found = []
    for column in shares.columns[1:]:
        low, high = sorted(shares[column].to_list())
        if high - low > TOLERANCE or high > TIMES * low:
            found.append(column)
    return found


def test_two_runs_write_the_same_bytes(world, tmp_path):
    again = World(make_params(), tmp_path)

    assert digests(again) == digests(world)
    assert again.truth.equals(world.truth)


def test_another_seed_writes_other_bytes(world, tmp_path):
    other = digests(World(make_params(seed=8), tmp_path))

    assert all(other[name] != digest for name, digest in digests(world).items())


def test_an_archive_depends_on_its_own_plan_only():
    params = make_params(scale=0.1)
    resized = make_params(
        scale=0.1, sizes=params.sizes.model_dump() | {"personas": 900}
    )
    number = [plan.name for plan in plans(params)].index("carousel")

    made, _ = make_archive(plans(params)[number], params.seed, number)
    same, _ = make_archive(plans(resized)[number], params.seed, number)

    assert made.posts.equals(same.posts)


def test_sizes_at_scale_one(full_world):
    posts = full_world.posts.group_by("source", "userid").len()
    controls = full_world.users.filter(pl.col("label") == 0)["source"].value_counts()

    assert 5_500 <= full_world.users.height <= 6_500
    assert 250_000 <= full_world.posts.height <= 350_000
    assert posts.height == full_world.users.height
    assert 22 <= posts["len"].median() <= 42
    assert posts["len"].max() <= 600
    ordinary = controls.filter(pl.col("source").str.starts_with("ordinary_"))
    assert ordinary.height == 4
    assert ordinary["count"].min() >= 300


@pytest.mark.parametrize("operator", ["harbour", "atelier", "carousel", "bureau"])
def test_controls_match_their_operator(full_world, operator):
    of_operator = pl.col("source").str.starts_with(operator)
    is_control = pl.col("source") == f"ordinary_{operator}"
    posts = full_world.posts.filter(of_operator | is_control)
    volumes = posts.group_by("label", "userid").len()
    quartiles = volumes.group_by("label").agg(
        pl.col("len").quantile(q).alias(str(q)) for q in (0.25, 0.5, 0.75)
    )
    ratio = quartiles.sort("label").select(pl.exclude("label").last()) / (
        quartiles.sort("label").select(pl.exclude("label").first())
    )
    languages = (
        posts.unique(["label", "userid"])
        .group_by("label")
        .agg((pl.col("tweet_language") == "en").mean())
    )
    en = languages.sort("label")["tweet_language"]

    assert all(0.75 < value < 1.35 for value in ratio.row(0))
    assert abs(en[0] - en[1]) < 0.12
    window = posts.group_by("label").agg(
        pl.col("tweet_time").str.slice(0, 4).n_unique()
    )
    assert window["tweet_time"].n_unique() == 1


@pytest.mark.parametrize("table", ["users", "posts"])
def test_no_column_stands_in_one_class_only(full_world, table):
    assert one_sided_columns(getattr(full_world, table)) == []


def test_a_column_of_one_class_is_noticed(world):
    planted = world.posts.with_columns(
        poll_choices=pl.when(pl.col("label") == 1)
        .then(pl.lit("['a']"))
        .otherwise(pl.lit(""))
    )

    assert "poll_choices" in one_sided_columns(planted)


@pytest.mark.parametrize(
    "column", ["tweet_client_name", "tweet_language", "account_language"]
)
def test_both_classes_use_the_same_values(full_world, column):
    values = [
        set(full_world.posts.filter(pl.col("label") == label)[column])
        for label in (0, 1)
    ]

    assert values[0] == values[1]


def test_times_are_minutes_and_creation_comes_first(world):
    posts = world.posts

    assert posts["tweet_time"].str.contains(r"^\d{4}-\d\d-\d\d \d\d:\d\d$").all()
    assert posts["account_creation_date"].str.contains(r"^\d{4}-\d\d-\d\d$").all()
    assert (posts["tweet_time"].str.slice(0, 10) > posts["account_creation_date"]).all()


def test_post_ids_are_unique(full_world):
    assert full_world.posts["tweetid"].is_unique().all()


def test_profile_counts_overlap(full_world):
    users = full_world.users.with_columns(
        pl.col("follower_count", "following_count").cast(pl.Int64)
    )
    for column in ("follower_count", "following_count"):
        middle = users.group_by("label").agg(pl.col(column).median()).sort("label")
        low, high = middle[column].to_list()
        positives = users.filter(pl.col("label") == 1)[column]
        controls = users.filter(pl.col("label") == 0)[column]
        assert low > 0
        assert high > 0
        assert (positives > controls.median()).mean() > 0.15
        assert (controls < positives.median()).mean() > 0.15


def test_separability_nought_leaves_ordinary_people(tmp_path):
    operators = make_params().operators.model_dump(mode="json")
    for operator in operators.values():
        operator["separability"] = 0.0
    plan = plans(make_params(operators=operators))[0]

    _, truth = make_archive(plan, 7, 0)

    assert truth["post_ids"].list.len().sum() == 0


def test_a_plan_of_its_own_press():
    presses = {dataclasses.astuple(p.setting.press) for p in plans(make_params())}

    assert len(presses) == 5


def test_texts_name_nothing_outside_the_world(world):
    whole = world.posts.filter(pl.col("is_retweet") == "False")
    links = whole["tweet_text"].str.extract_all(r"https?://[^/\s]+").explode()

    assert links.drop_nulls().str.ends_with(".example").all()
    assert re.search(r"\{\w*\}", " ".join(world.posts["tweet_text"])) is None
