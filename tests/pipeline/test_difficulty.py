import numpy as np
import polars as pl
import pytest

from models.nested import Data
from pipeline.difficulty import balanced_f1, difficulty
from pipeline.train import load_data
from tests.pipeline.conftest import TinyWorld


def measured(world: TinyWorld, labels: pl.DataFrame) -> pl.DataFrame:
    data: Data = load_data(world.folder / "features", labels)
    return difficulty(data, labels, world.table("folds/folds"), seed=0)


def test_f1_does_not_depend_on_how_many_controls_there_are() -> None:
    labels = np.array([True, True, False, False])
    chances = np.array([0.9, 0.4, 0.6, 0.1])

    # Recall 1/2, false positives 1/2.
    assert balanced_f1(labels, chances) == pytest.approx(0.5)
    more = balanced_f1(np.append(labels, [False] * 2), np.append(chances, [0.6, 0.1]))
    assert more == pytest.approx(0.5)


def test_unseen_operators_are_harder_than_a_random_split(
    tiny_world: TinyWorld,
) -> None:
    found = measured(tiny_world, tiny_world.table("labelled/labels"))

    assert found.height == 8
    assert found.select(pl.exclude("campaign").is_between(0, 1).all()).row(0)
    losses = (found["f1_random"] - found["f1_loco"]).to_list()
    assert sum(losses) / len(losses) > 0.02


def test_random_labels_leave_nothing_to_find(tiny_world: TinyWorld) -> None:
    labels = tiny_world.table("labelled/labels").sort("account_id")
    judged = labels["slice"].is_null().to_numpy()
    shuffled = labels["label"].to_numpy().copy()
    shuffled[judged] = np.random.default_rng(0).permutation(shuffled[judged])
    positive = pl.Series("label", shuffled)
    named = pl.when(positive == 1).then(pl.lit("any_") + "block")
    labels = labels.with_columns(positive, campaign=named)

    found = measured(tiny_world, labels)

    for column in ("auc_random", "auc_loco"):
        # Rather below one half: a fold with many positives was trained on few.
        mean = sum(found[column].to_list()) / found.height
        assert mean == pytest.approx(0.45, abs=0.12)
