"""The layout of the release, and the one rule of hashing."""

import re

import polars as pl
import pytest

from pipeline.world.archive import hashed

USERS = [
    "userid", "user_display_name", "user_screen_name", "user_reported_location",
    "user_profile_description", "user_profile_url", "follower_count",
    "following_count", "account_creation_date", "account_language",
]  # fmt: skip
HASH = r"^[A-Za-z0-9+]+=$"


def broken_hashing(users: pl.DataFrame) -> pl.DataFrame:
    small = pl.col("follower_count").cast(pl.Int64) < 5000
    is_hash = pl.col("userid").str.contains(HASH)
    one = pl.all_horizontal(
        pl.col("userid") == pl.col(name)
        for name in ("user_display_name", "user_screen_name")
    )
    return users.filter((small != is_hash) | (is_hash != one))


@pytest.mark.parametrize("label", [0, 1])
def test_small_accounts_are_hashed_in_every_class(full_world, label):
    users = full_world.users.filter(pl.col("label") == label)
    plain = ~users["userid"].str.contains(HASH)

    assert broken_hashing(users).is_empty()
    assert 0.005 < plain.mean() < 0.15
    assert users.filter(plain)["userid"].str.contains(r"^\d{8,19}$").all()


def test_a_class_that_is_not_hashed_is_noticed(world):
    plain = pl.when(pl.col("label") == 0).then(pl.lit("12345678"))
    users = world.users.with_columns(userid=plain.otherwise(pl.col("userid")))

    assert broken_hashing(users).height > 0


@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize("column", ["in_reply_to_userid", "retweet_userid"])
def test_appearances_are_hashes_of_the_same_archive(world, label, column):
    posts = world.posts.filter((pl.col("label") == label) & (pl.col(column) != ""))
    known = posts.join(
        world.users.select("source", pl.col("userid").alias(column)),
        on=["source", column],
        how="semi",
    )
    outside = posts.join(known, on="tweetid", how="anti")
    mentioned = pl.col("user_mentions").str.contains(pl.col(column), literal=True)

    assert known.height > 0
    assert outside[column].str.contains(r"^\d{8,19}$").all()
    assert posts.select(mentioned.all()).item()


def test_hash_has_no_slash():
    assert all("/" not in hashed(str(i), "x") for i in range(200))
    assert hashed("1", "x").endswith("=")
    assert hashed("1", "x") != hashed("1", "y")


def test_layout(world):
    users = (world.raw / "harbour_users_csv_hashed.csv").read_bytes()
    posts = (world.raw / "harbour_tweets_csv_hashed.csv").read_bytes()
    header = posts.split(b"\n", 1)[0].decode().replace('"', "").split(",")

    assert users.split(b"\n", 1)[0].decode() == ",".join(f'"{c}"' for c in USERS)
    assert header[:11] == ["tweetid", *USERS]
    assert len(header) == 31
    assert header[-1] == "poll_choices"
    actions = (world.raw / "harbour_actions.csv").read_bytes()
    assert actions.startswith(b'"account_id","kind","target_account_id","at"\n')
    for data in (users, posts, actions):
        assert b"\r" not in data
        assert data.startswith(b'"')
        assert data.endswith(b'"\n')
        unquoted = re.sub(rb'"(?:[^"]|"")*"', b"", data)
        assert set(unquoted) == set(b",\n")


def test_profiles_repeat_on_posts(world):
    columns = ["source", *USERS]

    seen = world.posts.select(columns).unique().sort(columns)

    assert seen.equals(world.users.select(columns).sort(columns))


def test_original_of_a_repost_is_recoverable_in_both_classes(world):
    times = world.posts.select("source", retweet_tweetid="tweetid", at="tweet_time")
    reposts = world.posts.filter(pl.col("is_retweet") == "True")
    known = reposts.join(times, on=["source", "retweet_tweetid"], how="inner")
    share = (
        known["label"].value_counts().sort("label")["count"]
        / (reposts["label"].value_counts().sort("label")["count"])
    )

    assert (known["at"] <= known["tweet_time"]).all()
    assert share.min() > 0.1
