"""Each network shows what was planted in it, more than its controls do."""

import polars as pl
import pytest

CAMPAIGNS = {
    "harbour": "harbour",
    "atelier": "atelier",
    "carousel": "carousel",
    "bureau_trade": "bureau",
    "bureau_politics": "bureau",
}
SCHEDULERS = ["Hootsuite Inc.", "Buffer", "IFTTT", "dlvr.it"]


def of(world, *sources: str) -> pl.DataFrame:
    return world.posts.filter(pl.col("source").is_in(sources))


def share_of(flags: pl.Series) -> float:
    return float(flags.sum() / flags.len())


def within_a_minute(posts: pl.DataFrame) -> float:
    at = pl.col("tweet_time").str.to_datetime("%Y-%m-%d %H:%M")
    times = posts.select(retweet_tweetid="tweetid", original=at)
    reposts = posts.filter(pl.col("is_retweet") == "True")
    lags = reposts.join(times, on="retweet_tweetid", how="left").select(
        (at - pl.col("original")).dt.total_minutes().alias("lag")
    )["lag"]
    return share_of((lags <= 1).fill_null(False))


def test_truth_covers_every_account_once(world):
    accounts = world.users.select(pl.format("{}/{}", "source", "userid"))

    assert world.truth["account_id"].is_unique().all()
    assert set(accounts.to_series()) == set(world.truth["account_id"])


def test_truth_posts_exist_and_belong_to_their_account(world):
    told = world.truth.explode("post_ids", empty_as_null=False)
    posts = world.posts.select(
        pl.format("{}/{}", "source", "userid").alias("account_id"),
        post_ids="tweetid",
        at=pl.col("tweet_time").str.to_datetime("%Y-%m-%d %H:%M", time_zone="UTC"),
    )
    joined = told.join(posts, on=["account_id", "post_ids"], how="left")

    assert joined.height > 1000
    assert joined["at"].null_count() == 0
    assert (joined["at"] >= joined["starts_at"]).all()


def test_ordinary_accounts_show_nothing(world):
    ordinary = world.truth.filter(pl.col("role") == "ordinary")

    assert (ordinary["label"] == 0).all()
    assert ordinary["post_ids"].list.len().sum() == 0
    assert ordinary["behaviours"].list.len().sum() == 0


@pytest.mark.parametrize("campaign", CAMPAIGNS)
def test_positives_mix_their_behaviour_with_ordinary_life(world, campaign):
    truth = world.truth.filter(pl.col("source") == campaign)
    posts = of(world, campaign).height
    shown = truth["post_ids"].list.len()

    assert 0.4 < shown.sum() / posts < 0.8
    assert (truth["behaviours"].list.len() > 0).all()
    assert truth["starts_at"].null_count() < 0.1 * truth.height


def test_core_to_amplifiers(full_world):
    roles = full_world.truth.filter(pl.col("source") == "harbour")["role"]

    ratio = (roles == "amplifier").sum() / (roles == "core").sum()

    assert ratio == pytest.approx(6.3, abs=0.15)


def test_amplifiers_repost_the_core(world):
    truth = world.truth.filter(pl.col("source") == "harbour")
    core = truth.filter(pl.col("role") == "core")["account_id"].str.strip_prefix(
        "harbour/"
    )
    reposts = of(world, "harbour").filter(
        (pl.col("is_retweet") == "True") & ~pl.col("userid").is_in(core.implode())
    )

    assert share_of(reposts["retweet_userid"].is_in(core.implode())) > 0.5


def test_core_is_quiet_two_days_a_week(world):
    truth = world.truth.filter(pl.col("role") == "core")
    shown = truth.filter(pl.col("source") == "harbour").explode("post_ids")["post_ids"]
    posts = of(world, "harbour").filter(pl.col("tweetid").is_in(shown.implode()))
    day = posts["tweet_time"].str.slice(0, 10).str.to_date().dt.weekday()

    assert share_of(day.is_in([5, 6])) < 0.1


def test_ring_reposts_within_a_minute(world):
    ring = within_a_minute(of(world, "carousel"))
    controls = within_a_minute(of(world, "ordinary_carousel"))

    assert ring > 0.25
    assert controls < 0.05


def test_personas_share_their_words_with_other_originals(world):
    def shared(source: str) -> float:
        originals = of(world, source).filter(
            (pl.col("is_retweet") == "False")
            & (pl.col("in_reply_to_userid") == "")
            & (pl.col("quoted_tweet_tweetid") == "")
        )
        words = originals["tweet_text"].str.replace_all(r" (#|https).*", "")
        return share_of(words.is_duplicated())

    assert shared("atelier") > 3 * shared("ordinary_atelier")


def test_personas_have_no_audience(world):
    likes = pl.col("like_count").cast(pl.Int64)
    own = pl.col("is_retweet") == "False"
    heard = [
        of(world, source).filter(own).select((likes > 0).mean()).item()
        for source in ("atelier", "ordinary_atelier")
    ]

    assert 0 < heard[0] < heard[1] / 2


@pytest.mark.parametrize("campaign", ["bureau_trade", "bureau_politics"])
def test_agency_uses_schedulers_and_links(world, campaign):
    def share(source: str, flag: pl.Expr) -> float:
        return of(world, source).select(flag.mean()).item()

    scheduled = pl.col("tweet_client_name").is_in(SCHEDULERS)
    linked = pl.col("urls").str.len_chars() > 2

    for flag in (scheduled, linked):
        assert share(campaign, flag) > 2 * share("ordinary_bureau", flag) > 0


def test_newsrooms_name_their_source(world):
    credited = pl.col("tweet_text").str.contains("via @")
    originals = pl.col("is_retweet") == "False"
    shares = [
        of(world, source).filter(originals).select(credited.mean()).item()
        for source in ("newsroom_feed", "atelier")
    ]

    assert shares[0] > 0.4
    assert 0 < shares[1] < 0.05


def test_fans_repost_few_idols_and_are_heard(world):
    fans = of(world, "fandom").filter(pl.col("is_retweet") == "True")
    top = fans["retweet_userid"].value_counts(sort=True)["count"][:4].sum()
    own = of(world, "fandom").filter(pl.col("is_retweet") == "False")

    assert top / fans.height > 0.4
    assert share_of(own["like_count"].cast(pl.Int64) > 0) > 0.5
