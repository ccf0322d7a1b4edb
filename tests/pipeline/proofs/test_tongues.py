from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from features.catalogue import FEATURES
from models.nested import learn, rows_of
from models.training import Recipe, raw_scores
from models.training_sets import set_key
from pipeline.languages import languages
from pipeline.params import Params
from pipeline.proofs.tongues import (
    BLIND,
    OWN,
    Way,
    languages_table,
    leave_out_languages,
    ways_table,
)
from pipeline.stored_world import StoredWorld, load_world
from tests.pipeline.conftest import TinyWorld

LEAST = 40
TRAINED = next(iter(BLIND))


@pytest.fixture(scope="module")
def recipe(tiny_params: dict[str, Any]) -> Recipe:
    params = Params.model_validate(tiny_params)
    return params.train.model_copy(update={"rounds": 10}).recipe()


@pytest.fixture(scope="module")
def world(tiny_world: TinyWorld) -> StoredWorld:
    return load_world(tiny_world.folder)


@pytest.fixture(scope="module")
def found(world: StoredWorld, tiny_world: TinyWorld, recipe: Recipe) -> dict[str, Way]:
    canonical = tiny_world.folder / "canonical"
    return leave_out_languages(world, canonical, recipe, LEAST, 0.95, lambda _: None)


def test_a_language_left_out_is_one_that_no_account_learnt_from_writes(
    found: dict[str, Way], world: StoredWorld, tiny_world: TinyWorld, recipe: Recipe
) -> None:
    said = dict(languages(tiny_world.folder / "canonical").iter_rows())
    language = next(iter(found[OWN].languages))
    aucs = []
    for operator in world.headline:
        key = set_key("loco", operator, None)
        [training] = [each for each in world.sets if each.key == key]
        rows = rows_of(world.data, training)
        others = np.array([said[account] != language for account in rows.ids])
        booster, _ = learn(rows.where(others), recipe)
        tested = world.members(operator).filter(side="test")["account_id"].to_list()
        inside = [account for account in tested if said[account] == language]
        places = world.data.rows(inside)
        labels = world.data.labels[places]
        if min((labels == 1).sum(), (labels == 0).sum()) >= 10:
            matrix = world.data.matrix(key)[places]
            scores = raw_scores(booster, matrix, recipe.rounds)
            above = scores[labels == 1][:, None] - scores[labels == 0][None, :]
            aucs.append(float(((above > 0) + 0.5 * (above == 0)).mean()))

    assert found[OWN].languages[language].auc == pytest.approx(np.mean(aucs))
    assert found[OWN].languages[language].auc != found[TRAINED].languages[language].auc


def test_every_way_is_compared_on_the_same_accounts(found: dict[str, Way]) -> None:
    assert list(found) == [*BLIND, OWN]
    counts = [
        {name: each.accounts for name, each in way.languages.items()}
        for way in found.values()
    ]
    assert len(counts[0]) > 1
    assert all(each == counts[0] for each in counts)
    assert len({found[name].auc for name in BLIND}) == len(BLIND)
    assert len(ways_table(found)) == len(BLIND) + 2
    assert len(languages_table(found)) == len(found) * len(counts[0]) + 2


def test_blind_boosters_do_not_read_what_follows_a_language() -> None:
    read = {name: {f.name for f in FEATURES} - gone for name, gone in BLIND.items()}

    named = read["no feature of languages"]
    assert not [name for name in named if "language" in name]
    assert "change_hands_share" not in named
    written = read["no feature of what is written"]
    assert written < named
    assert not [n for n in written if n.startswith(("style_", "wording_", "name_"))]
    assert [n for n in written if n.startswith("rhythm_")]


@pytest.fixture
def speaking(tiny_world: TinyWorld, tmp_path: Path) -> Callable[[pl.Expr], Path]:
    """Canonical tables of accounts without posts that declare a language."""

    def write(language: pl.Expr) -> Path:
        folder = tmp_path / "canonical"
        (folder / "posts").mkdir(parents=True)
        accounts = tiny_world.table("canonical/accounts").sort("account_id")
        declared = accounts.with_columns(language.alias("declared_language"))
        declared.write_parquet(folder / "accounts.parquet")
        nothing = tiny_world.table("canonical/posts").clear()
        nothing.write_parquet(folder / "posts" / "bucket-0000-of-0001.parquet")
        return folder

    return write


def test_a_language_whose_people_are_flagged_is_told(
    world: StoredWorld,
    recipe: Recipe,
    speaking: Callable[[pl.Expr], Path],
) -> None:
    """The third of each fold with the highest scores is said to write a language."""
    told: dict[str, str] = {}
    for operator in world.headline:
        key = set_key("loco", operator, None)
        [training] = [each for each in world.sets if each.key == key]
        booster, _ = learn(rows_of(world.data, training), recipe)
        tested = world.members(operator).filter(side="test")["account_id"].to_list()
        places = world.data.rows(tested)
        scores = raw_scores(booster, world.data.matrix(key)[places], recipe.rounds)
        limit = np.quantile(scores[world.data.labels[places] == 0], 0.7)
        told |= {
            account: "xx" if score > limit else "yy"
            for account, score in zip(tested, scores, strict=True)
        }
    canonical = speaking(
        pl.col("account_id").replace_strict(told, default=None, return_dtype=pl.String)
    )

    found = leave_out_languages(world, canonical, recipe, LEAST, 0.95, lambda _: None)

    bound = found[TRAINED].bounds[0.1]
    assert bound is not None
    assert bound > 1.25
    assert found[TRAINED].languages["yy"].flagged[0.1][1] == 0
