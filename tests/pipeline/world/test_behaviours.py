"""Each network shows what was planted in it, more than its controls do."""

import subprocess
from pathlib import Path
from statistics import median

import polars as pl
import pytest

from pipeline.world.panel import PANEL

from .conftest import share_of

CAMPAIGNS = (
    "jetty", "harbour", "orchard", "bureau_trade", "bureau_politics", "carousel",
    "gavel", "atelier",
)  # fmt: skip
ROOT = Path(__file__).parents[3]
SCHEDULERS = ["Hootsuite Inc.", "Buffer", "IFTTT", "dlvr.it"]


def of(world, *sources: str) -> pl.DataFrame:
    return world.posts.filter(pl.col("source").is_in(sources))


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

    assert 0.35 < shown.sum() / posts < 0.85
    assert (truth["behaviours"].list.len() > 0).all()
    assert truth["starts_at"].null_count() < 0.1 * truth.height


def test_core_to_amplifiers(full_world):
    roles = full_world.truth.filter(pl.col("source") == "harbour")["role"]

    ratio = (roles == "amplifier").sum() / (roles == "core").sum()

    assert ratio == pytest.approx(6.3, abs=0.3)


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
    posts = of(world, "harbour").filter(
        pl.col("tweetid").is_in(shown.implode()),
        pl.col("is_retweet") == "False",
        pl.col("urls").str.len_chars() <= 2,
    )
    day = posts["tweet_time"].str.slice(0, 10).str.to_date().dt.weekday()

    everyday = of(world, "ordinary_harbour")["tweet_time"].str.slice(0, 10)
    assert share_of(day.is_in([5, 6])) < 0.18
    assert share_of(everyday.str.to_date().dt.weekday().is_in([5, 6])) > 0.22


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
        assert share(campaign, flag) > 1.6 * share("ordinary_bureau", flag) > 0


def test_newsrooms_name_their_source(full_world):
    credited = pl.col("tweet_text").str.contains("via @")
    originals = pl.col("is_retweet") == "False"
    shares = [
        of(full_world, source).filter(originals).select(credited.mean()).item()
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


def middle_silence(posts: pl.DataFrame) -> float:
    """Longest silence of the middle account, in days."""
    at = pl.col("tweet_time").str.to_datetime("%Y-%m-%d %H:%M")
    longest = at.sort().diff().max().dt.total_days()
    days = posts.group_by("userid").agg(longest.alias("days"))["days"]
    return median(days.drop_nulls().to_list())


def changed(posts: pl.DataFrame, column: str) -> float:
    """Share of accounts whose commonest value differs before and after the silence."""
    at = pl.col("tweet_time").str.to_datetime("%Y-%m-%d %H:%M")
    ordered = posts.sort("userid", "tweet_time").with_columns(
        gap=(at - at.shift()).over("userid")
    )
    broken = (pl.col("gap") == pl.col("gap").max()).over("userid").fill_null(False)
    sides = ordered.with_columns(
        after=broken.cum_sum().over("userid") > 0, posts=pl.len().over("userid")
    ).filter(pl.col("posts") >= 20)
    modes = sides.group_by("userid", "after").agg(pl.col(column).mode().min())
    both = modes.pivot("after", index="userid", values=column).drop_nulls()
    return share_of(both["true"] != both["false"])


def test_forerunners_return_in_other_hands(world):
    forerunners, people = of(world, "jetty"), of(world, "ordinary_jetty")
    sleepers = of(world, "returning_sleeper")

    assert middle_silence(forerunners) > 150 > 1.15 * middle_silence(people)
    assert middle_silence(sleepers) > 150
    for column in ("tweet_language", "tweet_client_name"):
        assert changed(forerunners, column) > 0.6
        assert changed(sleepers, column) < 0.3


def test_only_what_a_hijacked_account_does_afterwards_is_shown(world):
    hijacked = world.truth.filter(role="hijacked", source="orchard")
    joined = hijacked.select("account_id", "starts_at").join(
        of(world, "orchard").with_columns(
            pl.format("{}/{}", "source", "userid").alias("account_id"),
            pl.col("tweet_time").str.to_datetime("%Y-%m-%d %H:%M", time_zone="UTC"),
        ),
        on="account_id",
    )
    first = joined.group_by("account_id").agg(
        (pl.col("starts_at") - pl.col("tweet_time").min()).first().dt.total_days()
    )

    assert hijacked.height
    assert min(first["starts_at"].drop_nulls().to_list()) > 90


def test_cross_posters_share_texts_within_the_hour(full_world):
    def shared(source: str) -> float:
        linked = of(full_world, source).filter(
            (pl.col("is_retweet") == "False") & (pl.col("urls").str.len_chars() > 2)
        )
        text = pl.col("tweet_text").str.replace_all(r" (#|https).*", "")
        hour = pl.col("tweet_time").str.slice(0, 10)
        pairs = linked.select(text, hour, pl.col("userid"))
        several = pairs.group_by("tweet_text", "tweet_time").agg(
            pl.col("userid").n_unique()
        )
        return share_of(several["userid"] > 1)

    assert shared("orchard") > 0.05 > 5 * shared("ordinary_orchard")


def test_reporters_report_together_and_take_over_one_list(world):
    def reporters(source: str, kind: str) -> list[int]:
        """How many accounts acted against each target, most first."""
        rows = world.actions.filter(source=source, kind=kind)
        counts = rows.group_by("target_account_id").agg(pl.col("account_id").n_unique())
        return sorted(counts["account_id"].to_list(), reverse=True)

    assert reporters("gavel", "report")[19] > 3
    assert reporters("ordinary_gavel", "report")[0] < 4
    assert reporters("gavel", "list")[19] >= 10
    assert reporters("ordinary_gavel", "list")[0] < 4


def test_every_archive_tells_of_actions(world):
    acting = set(world.actions["source"])
    known = world.users.select("source", account_id="userid")
    owned = world.actions.join(known, on=["source", "account_id"], how="semi")

    assert acting == {plan.name for plan in world.plans}
    assert owned.height == world.actions.height
    assert set(world.actions["kind"]) == {"block", "mute", "report", "list"}
    assert (world.actions["account_id"] != world.actions["target_account_id"]).all()


def test_some_copies_are_reworded(world):
    originals = of(world, "atelier").filter(pl.col("is_retweet") == "False")
    words = originals["tweet_text"].str.replace_all(r" (#|https).*", "").unique()
    texts = words.filter(words.str.contains("^[a-zA-Z ,.?!:]+$")).to_list()
    shapes = {tuple(sorted(set(text.lower().split()))) for text in texts}
    near = sum(
        0.7 < len(set(a) & set(b)) / len(set(a) | set(b)) < 1
        for a in list(shapes)[:150]
        for b in shapes
    )

    assert near > 0


@pytest.mark.parametrize("name", PANEL)
def test_each_slice_of_the_panel_is_told_apart_in_the_truth(name, world):
    truth = world.truth.filter(source=name)

    assert set(truth["role"]) == {name}
    assert set(truth["label"]) == {0}
    shown = truth["post_ids"].list.len().sum() / of(world, name).height
    assert shown > 0.15 or name == "newcomer"


def test_scripts_of_four_kinds_are_written(world):
    text = "".join(world.posts["tweet_text"].to_list())

    for letters in ("а-я", "ا-ي", "一-龥", "a-z"):
        assert pl.Series([text]).str.contains(f"[{letters}]").item()


# Grading: a proof plants what the truth says, or measures against it. forget leaves the
# file of the simulator alone.
GRADING = [
    "pipeline/evidence.py",
    "pipeline/forget.py",
    "pipeline/proofs/chain.py",
    "pipeline/proofs/drivers.py",
    "pipeline/proofs/hidden.py",
    "pipeline/proofs/oracle.py",
    "pipeline/proofs/roles.py",
]


def test_no_module_but_the_simulator_and_grading_reads_the_truth():
    files = subprocess.run(
        ["git", "grep", "-l", "truth.parquet", "--", "*.py", "dvc.yaml", "Makefile"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    rooms = [name for name in files if not name.startswith("tests/")]
    stage = (ROOT / "dvc.yaml").read_text().split("\n  archives:\n")

    assert rooms == ["dvc.yaml", *GRADING]
    assert "truth" in stage[0]
    assert "truth" not in stage[1]
