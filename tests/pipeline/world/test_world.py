"""Sizes, determinism, and what both classes must have in common."""

import dataclasses
import hashlib
import re

import polars as pl
import pytest

from pipeline.world.panel import PANEL
from pipeline.world.world import CELL, cells, make_archive, plans

from .conftest import World, make_params, share_of

# Shares of filled cells may differ by behaviour (who replies, who links), so far.
TOLERANCE = 0.2
# And neither class may have more than this many times the share of the other.
TIMES = 6.0


def digests(world: World) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(world.raw.iterdir())
    }


def without_panel(world: World, table: str) -> pl.DataFrame:
    panel = [plan.name for plan in world.plans if plan.name in PANEL]
    frame: pl.DataFrame = getattr(world, table)
    return frame.filter(~pl.col("source").is_in(panel))


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
    params = make_params(scale=0.03)
    larger = {"accounts": 3000, "in_profiles": 1.0, "in_posts": 1.0}
    resized = make_params(scale=0.03, campaigns={"atelier": larger})
    number = [plan.name for plan in plans(params)].index("carousel")

    ((made, _),) = make_archive(plans(params)[number], params, number)
    ((same, _),) = make_archive(plans(resized)[number], resized, number)

    assert made.posts.equals(same.posts)


def test_sizes_at_scale_one(full_world):
    sizes = {plan.name: plan.size for plan in plans(make_params(scale=1.0))}
    ordinary = {name: n for name, n in sizes.items() if name.startswith("ordinary_")}
    posts = full_world.posts.group_by("source", "userid").len()
    each = posts["len"].sum() / full_world.users.height

    assert 19_000 <= sum(sizes.values()) <= 21_000
    assert 550_000 <= each * sum(sizes.values()) <= 650_000
    assert len(ordinary) == 7
    assert min(ordinary.values()) >= 300
    assert min(sizes[name] for name in PANEL) >= 300
    assert len(sizes) == 8 + 7 + 14
    assert posts.height == full_world.users.height
    assert posts["len"].max() <= 600


@pytest.mark.parametrize("scale", [0.5, 10.0])
def test_cells_bound_what_is_held_at_once(scale):
    for plan in plans(make_params(scale=scale)):
        assert sum(cells(plan)) == plan.size
        assert max(cells(plan)) <= CELL


def test_an_archive_of_many_cells_is_one_file(monkeypatch, tmp_path):
    monkeypatch.setattr("pipeline.world.world.CELL", 40)

    small = World(make_params(scale=0.05), tmp_path)

    assert max(len(cells(plan)) for plan in small.plans) > 1
    assert small.users.height == sum(plan.size for plan in small.plans)
    assert small.posts["tweetid"].is_unique().all()
    assert set(small.posts["userid"]) == set(small.users["userid"])


@pytest.mark.parametrize(
    "operator",
    ["jetty", "harbour", "orchard", "bureau", "carousel", "gavel", "atelier"],
)
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
    # The language that most posts after a return are written in, too.
    languages = (
        posts.sort("tweet_time")
        .unique(["label", "userid"], keep="last", maintain_order=True)
        .group_by("label")
        .agg((pl.col("tweet_language") == "en").mean())
    )
    en = languages.sort("label")["tweet_language"]

    assert all(0.7 < value < 1.4 for value in ratio.row(0))
    assert abs(en[0] - en[1]) < 0.15
    window = posts.group_by("label").agg(
        pl.col("tweet_time").str.slice(0, 4).n_unique()
    )
    assert window["tweet_time"].n_unique() == 1


@pytest.mark.parametrize("table", ["users", "posts"])
def test_no_column_stands_in_one_class_only(full_world, table):
    assert one_sided_columns(without_panel(full_world, table)) == []


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
    posts = without_panel(full_world, "posts")
    values = [set(posts.filter(pl.col("label") == label)[column]) for label in (0, 1)]

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


def test_no_strength_leaves_ordinary_people():
    nobody = {"accounts": 800, "in_profiles": 0.0, "in_posts": 0.0}
    params = make_params(campaigns={"jetty": nobody})

    ((_, truth),) = make_archive(plans(params)[0], params, 0)

    assert truth["post_ids"].list.len().sum() == 0


def test_a_plan_of_its_own_press():
    presses = {dataclasses.astuple(p.setting.press) for p in plans(make_params())}

    assert len(presses) == 8


@pytest.mark.parametrize("knob", ["hidden_positives", "label_noise"])
def test_errors_of_labels_are_planted(knob, tmp_path):
    planted = World(make_params(collection={knob: 0.1}), tmp_path)

    wrong = planted.truth.filter(pl.col("source") != pl.col("origin"))
    declared = {plan.name: plan.label for plan in planted.plans}
    given = wrong["source"].replace_strict(declared)
    assert (given != wrong["label"]).all()
    controls = planted.truth.filter(pl.col("source").str.starts_with("ordinary_"))
    assert 0.06 < share_of(controls["label"] == 1) < 0.14
    if knob == "hidden_positives":
        assert (wrong["label"] == 1).all()
        assert (wrong["role"] != "core").all()
    else:
        assert set(wrong["label"]) == {0, 1}


def test_labels_are_right_without_planted_errors(world):
    assert world.truth["source"].equals(world.truth["origin"])


def test_collection_leaves_out_what_it_is_told(tmp_path):
    less = {"missing_fields": 0.5, "hashed_below": 0, "minutes": 60}

    blurred = World(make_params(scale=0.03, collection=less), tmp_path)

    by_account = blurred.posts.group_by("userid").agg(
        (pl.col("tweet_client_name") == "").any()
    )
    assert 0.35 < share_of(by_account["tweet_client_name"]) < 0.65
    assert blurred.users["userid"].str.contains(r"^\d{8,19}$").all()
    assert blurred.posts["tweet_time"].str.ends_with(":00").all()


def test_evading_accounts_use_phones(tmp_path):
    def phones(budget: float) -> float:
        params = make_params(adversary_budget=budget)
        number = [plan.name for plan in plans(params)].index("bureau_trade")
        ((made, truth),) = make_archive(plans(params)[number], params, number)
        shown = truth.explode("post_ids")["post_ids"]
        posts = made.posts.filter(pl.col("tweetid").is_in(shown.implode()))
        clients = ["Twitter for Android", "Twitter for iPhone", ""]
        return share_of(posts["tweet_client_name"].is_in(clients))

    assert phones(1.0) == 1.0
    assert phones(0.0) < 0.8


def test_texts_name_nothing_outside_the_world_but_the_wrapper_of_links(world):
    whole = world.posts.filter(pl.col("is_retweet") == "False")
    links = whole["tweet_text"].str.extract_all(r"https?://[^/\s]+").explode()

    inside = pl.col("tweet_text").str.ends_with(".example")
    wrapped = pl.col("tweet_text") == "https://t.co"
    assert links.drop_nulls().to_frame().select((inside | wrapped).all()).item()
    assert re.search(r"\{\w*\}", " ".join(world.posts["tweet_text"])) is None
