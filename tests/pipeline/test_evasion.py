from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from pipeline.edits import BUDGETS, EDITS, Edit
from pipeline.evaluate import load_campaigns, load_scored
from pipeline.evasion import attack, evasion_report
from pipeline.held_out import HeldOut, held_out
from pipeline.topic_swap import exchange, swapped, topic_swap_report
from tests.pipeline.conftest import TinyWorld


@pytest.fixture(scope="session")
def sample(tiny_world: TinyWorld) -> list[HeldOut]:
    names = ("features", "labelled", "canonical", "trained", "calibrated")
    paths = {name: tiny_world.folder / name for name in names}
    scored = load_scored(paths["calibrated"], paths["labelled"])
    return held_out(paths, scored, load_campaigns(paths["labelled"]), 6)


def rows_of(fold: HeldOut) -> Any:
    return np.arange(fold.accounts.height)


def test_what_is_built_anew_scores_as_evaluated(
    sample: Sequence[HeldOut], tiny_world: TinyWorld
) -> None:
    stored = tiny_world.table("calibrated/calibrated").filter(
        model="telltale", protocol="loco", part="test"
    )
    for fold in sample:
        expected = fold.accounts.select("account_id").join(
            stored.filter(fold=fold.fold), on="account_id", maintain_order="left"
        )
        found = fold.logits(fold.accounts, fold.posts, rows_of(fold))
        assert found.tolist() == expected["logit"].to_list()
        assert fold.differing == {}


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_an_edit_changes_what_it_says_and_leaves_canonical_tables(
    edit: Edit, sample: Sequence[HeldOut]
) -> None:
    changed = 0
    for fold in sample:
        accounts, posts = edit.apply(fold.accounts, fold.posts)
        again = edit.apply(fold.accounts.reverse().reverse(), fold.posts)

        assert accounts.schema == fold.accounts.schema
        assert posts.schema == fold.posts.schema
        assert accounts["account_id"].equals(fold.accounts["account_id"])
        assert set(posts["account_id"]) <= set(accounts["account_id"])
        assert accounts.equals(again[0])
        assert posts.equals(again[1])
        late = posts.join(accounts.select("account_id", "as_of"), on="account_id")
        assert not (late["posted_at"] >= late["as_of"]).any()
        # What the collection does not tell stays untold.
        assert accounts["bio"].is_null().equals(fold.accounts["bio"].is_null())
        changed += not (accounts.equals(fold.accounts) and posts.equals(fold.posts))
    assert changed


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_what_a_collection_does_not_tell_an_edit_does_not_invent(
    edit: Edit, sample: Sequence[HeldOut]
) -> None:
    fold = sample[0]
    untold, gappy = fold.accounts["account_id"][:2]
    given = set(fold.accounts.columns) - {"account_id", "as_of"}
    accounts = fold.accounts.with_columns(
        pl.when(pl.col("account_id") != untold).then(pl.col(name)).alias(name)
        for name in sorted(given)
    )
    odd = pl.int_range(pl.len()) % 2 == 1
    blank = (pl.col("account_id") == untold) | ((pl.col("account_id") == gappy) & odd)
    given = set(fold.posts.columns) - {"account_id", "kind"}
    posts = fold.posts.with_columns(
        pl.when(~blank).then(pl.col(name)).alias(name) for name in sorted(given)
    ).sort("account_id", maintain_order=True)
    assert posts.filter(pl.col("account_id") == gappy)["posted_at"].null_count()
    assert posts.filter(pl.col("account_id") == untold)["posted_at"].is_null().all()

    changed = edit.apply(accounts, posts)

    assert masks(changed[0]).equals(masks(accounts))
    if edit.name.startswith("delete"):
        kept = posts.join(changed[1], on=posts.columns, how="semi", nulls_equal=True)
        assert 0 < changed[1].height < posts.height
        assert kept.unique().height == changed[1].unique().height
        return
    if edit.name == "add harmless posts":
        assert changed[1].head(posts.height).equals(posts)
        added = changed[1].slice(posts.height)
        silent = added.filter(pl.col("account_id") == untold)
        assert added.height > silent.height
        assert (
            silent.drop("account_id", "kind")
            .null_count()
            .unpivot()["value"]
            .eq(silent.height)
            .all()
        )
        return
    assert masks(changed[1]).equals(masks(posts))


def masks(table: pl.DataFrame) -> pl.DataFrame:
    return table.select(pl.all().is_null())


class Talker(HeldOut):
    """Scores by the share of posts that answer oneself: a change of names lowers it."""

    def logits(self, accounts: Any, posts: Any, rows: Any) -> Any:
        own = pl.col("target_account_id") == pl.col("account_id")
        shares = posts.group_by("account_id").agg(own.fill_null(False).mean())
        joined = accounts.select("account_id").join(
            shares, on="account_id", how="left", maintain_order="left"
        )
        return joined["target_account_id"].fill_null(0.0).to_numpy().copy()


def test_who_answers_oneself_still_does_while_changes_are_tried(
    sample: Sequence[HeldOut],
) -> None:
    fold = sample[0]
    posts = fold.posts.with_columns(
        pl.lit("reply").alias("kind"), pl.col("account_id").alias("target_account_id")
    )
    talker = Talker(**vars(fold) | {"posts": posts})
    takedown = [campaign is not None for campaign in fold.campaigns]
    spoken = pl.Series(takedown) & fold.accounts["account_id"].is_in(
        posts["account_id"].implode()
    )

    found, used = attack(talker, 0.9, steps=2)

    # Only posts added beside them dilute the share.
    assert set(used) == {"add harmless posts"}
    assert found[:, 0].tolist() == found[:, 2].tolist() == spoken.to_list()


def test_what_was_made_is_scored_and_not_what_was_tried(
    sample: Sequence[HeldOut],
) -> None:
    class Wary(HeldOut):
        """Scores a batch of tries, whose ids are others, lower than it deserves."""

        def logits(self, accounts: Any, posts: Any, rows: Any) -> Any:
            known = accounts["account_id"].is_in(self.accounts["account_id"].implode())
            return np.where(known.to_numpy(), 1.0, -1.0)

    takedown = [campaign is not None for campaign in sample[0].campaigns]

    found, used = attack(Wary(**vars(sample[0])), 0.0, steps=1)

    assert sum(used.values()) > 0
    assert all(column == takedown for column in found.T.tolist())


def test_the_search_makes_the_best_free_change_first_and_only_lowers(
    sample: Sequence[HeldOut],
) -> None:
    fold = sample[0]
    rows = rows_of(fold)
    before = fold.logits(fold.accounts, fold.posts, rows)
    free = [edit for edit in EDITS if edit.budget == "free"]
    tried = [fold.logits(*edit.apply(fold.accounts, fold.posts), rows) for edit in free]
    lowest = np.minimum(before, np.min(tried, axis=0))
    takedown = np.array([campaign is not None for campaign in fold.campaigns])
    threshold = float(np.median(before[takedown]))

    found, used = attack(fold, threshold, steps=1)

    assert found[:, 0].tolist() == (takedown & (before > threshold)).tolist()
    assert found[:, 1].tolist() == (found[:, 0] & (lowest > threshold)).tolist()
    assert found.shape[1] == 1 + len(BUDGETS)
    assert (np.diff(found.astype(int), axis=1) <= 0).all()
    assert sum(used.values())


def test_dear_changes_hide_more_than_free_ones(sample: Sequence[HeldOut]) -> None:
    folds = [replace(fold, threshold=0.0) for fold in sample[:3]]

    report = evasion_report(folds, steps=2)

    recall = report["recall"]
    assert list(recall) == ["clean", *BUDGETS]
    assert recall["clean"] >= recall["free"] >= recall["program"]
    assert recall["program"] > recall["dear"]
    assert report["free_share"] == pytest.approx(
        recall["free"] / recall["clean"], abs=1e-5
    )
    assert report["accounts"] == sum(
        campaign is not None for fold in folds for campaign in fold.campaigns
    )
    assert evasion_report(folds, steps=2) == report


def test_folds_without_a_threshold_are_counted(sample: Sequence[HeldOut]) -> None:
    able = replace(sample[0], threshold=0.0)

    report = evasion_report([able, *sample[1:3]], steps=1)

    assert (report["folds"], report["of"]) == (1, 3)


def test_too_few_controls_set_no_threshold(sample: Sequence[HeldOut]) -> None:
    report = evasion_report(sample, steps=1)

    assert report["free_share"] is None
    assert "no fold has controls enough" in report["reason"]


def test_words_are_exchanged_one_for_one() -> None:
    words = ["apple", "lemon", "melon", "vote", "rain", "птица", "город", "alone"]

    other = exchange(sorted(words))

    assert sorted(other) == sorted(other.values()) == sorted(words)
    assert all(len(word) == len(taken) for word, taken in other.items())
    assert other["птица"] == "город"
    assert all(word != taken for word, taken in other.items())


def test_form_stays_and_subjects_go(sample: Sequence[HeldOut]) -> None:
    fold = sample[0]
    posts = fold.posts.head(1).with_columns(
        pl.lit("Vote NOW, vote for @someone! #RainSong https://x.example/rain").alias(
            "text"
        ),
        pl.lit(["RainSong", "ab"]).cast(pl.List(pl.String)).alias("hashtags"),
    )
    other = {"vote": "rain", "rain": "vote", "rainsong": "fogdrums"}

    accounts, changed = swapped(fold.accounts, posts, other)

    assert changed["text"].to_list() == [
        "Rain NOW, rain for @someone! #FogdRums https://x.example/rain"
    ]
    assert changed["hashtags"].to_list() == [["FogdRums", "ab"]]
    assert accounts.drop("bio").equals(fold.accounts.drop("bio"))


def test_a_model_that_reads_subjects_moves(sample: Sequence[HeldOut]) -> None:
    class Reader(HeldOut):
        """Scores by whether a word stands in any post, as a bag of words would."""

        def logits(self, accounts: Any, posts: Any, rows: Any) -> Any:
            word = _commonest(sample)
            said = (
                posts.group_by("account_id")
                .agg(pl.col("text").str.to_lowercase().str.contains(word).any())
                .drop_nulls()
            )
            joined = accounts.join(said, on="account_id", how="left")
            return 3.0 * joined["text"].fill_null(False).cast(pl.Float64).to_numpy()

    readers = [Reader(**vars(fold)) for fold in sample]

    assert topic_swap_report(sample)["shift_95"] <= 0.1
    assert topic_swap_report(readers)["shift_95"] > 1.0


def _commonest(sample: Sequence[HeldOut]) -> str:
    words = pl.concat([fold.posts["text"] for fold in sample]).drop_nulls()
    counts = words.str.to_lowercase().str.extract_all(r"\b[a-z]{5,}\b").explode()
    return str(counts.drop_nulls().value_counts(sort=True)[0, 0])


def test_a_sample_without_words_has_nothing_to_exchange(
    sample: Sequence[HeldOut],
) -> None:
    fold = sample[0]
    silent = replace(
        fold,
        accounts=fold.accounts.with_columns(bio=pl.lit(None, pl.String)),
        posts=fold.posts.clear(),
    )

    report = topic_swap_report([silent])

    assert report["shift_95"] is None
    assert report["reason"] == "the sample has no words to exchange"
