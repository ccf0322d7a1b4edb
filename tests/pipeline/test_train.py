from pathlib import Path

import lightgbm as lgb
import numpy as np
import polars as pl

from models.baselines import BASELINES
from models.nested import PREDICTIONS
from models.training import raw_scores
from models.training_sets import set_key, training_sets
from pipeline.train import TrainParams, load_data, train
from tests.pipeline.conftest import TinyWorld


def test_every_fold_has_all_its_scores(tiny_world: TinyWorld) -> None:
    predictions = tiny_world.table("trained/predictions")
    folds = tiny_world.table("folds/folds")
    own = predictions.filter(model="telltale")

    assert predictions.drop("anchor").schema == PREDICTIONS
    for (protocol, fold), members in folds.group_by("protocol", "fold"):
        rows = own.filter(protocol=protocol, fold=fold)
        test = members.filter(side="test")["account_id"]
        assert sorted(rows.filter(part="test")["account_id"]) == sorted(test)
        panel = members.filter(side="panel")["account_id"]
        assert sorted(rows.filter(part="panel")["account_id"]) == sorted(panel)
        train_side = members.filter(side="train")["account_id"]
        assert sorted(rows.filter(part="inner")["account_id"]) == sorted(train_side)
    final = own.filter(protocol="loco", fold="all")
    assert set(final["part"]) == {"inner"}
    labels = tiny_world.table("labelled/labels")
    assert final.height == labels.filter(pl.col("slice").is_null()).height


def test_stored_scores_are_those_of_a_booster_that_saw_none_of_the_operator(
    tiny_world: TinyWorld,
) -> None:
    labels = tiny_world.table("labelled/labels")
    data = load_data(tiny_world.folder / "features", labels)
    trees = tiny_world.json("trained/trees")
    folds = tiny_world.table("folds/folds")
    sets = {s.key: set(s.account_ids) for s in training_sets(folds)}
    rows = tiny_world.table("trained/predictions").filter(
        model="telltale", protocol="loco"
    )
    block = dict(labels.select("account_id", "block").iter_rows())
    for (fold, unit), some in rows.group_by("fold", "unit"):
        outer = None if fold == "all" else str(fold)
        key = set_key("loco", outer, None if unit is None else str(unit))
        assert not sets[key] & set(some["account_id"])
        seen = {block[account] for account in sets[key]}
        assert not seen & {fold, unit}
        booster = lgb.Booster(
            model_file=tiny_world.folder / "trained" / "boosters" / f"{key}.txt"
        )
        place = data.rows(some["account_id"].to_list())
        matrix = data.matrix(key)[place]
        expected = raw_scores(booster, matrix, trees[f"loco/{fold}"])
        assert np.array_equal(expected, some["raw_score"].to_numpy())


def test_every_baseline_is_there_with_the_share_it_was_trained_at(
    tiny_world: TinyWorld,
) -> None:
    rows = tiny_world.table("trained/predictions").filter(pl.col("model") != "telltale")
    labels = tiny_world.table("labelled/labels").filter(pl.col("slice").is_null())

    assert set(rows["model"]) == set(BASELINES)
    for fold in set(rows["fold"]):
        share = labels.filter(pl.col("block") != fold)["label"].mean()
        assert set(rows.filter(fold=fold)["anchor"]) == {share}


def test_the_same_seed_gives_the_same_bytes(
    tiny_world: TinyWorld, tmp_path: Path
) -> None:
    folder = tiny_world.folder
    folds = pl.read_parquet(folder / "folds" / "folds.parquet")
    (tmp_path / "folds").mkdir()
    only = folds.filter(pl.col("protocol") == "loco")
    only.sample(fraction=1, shuffle=True, seed=1).sort(
        "protocol", "fold"
    ).write_parquet(tmp_path / "folds" / "folds.parquet")

    train(
        folder / "features",
        folder / "labelled" / "labels.parquet",
        tmp_path / "folds",
        TrainParams(**tiny_world.params["train"]),
        tmp_path / "trained",
    )

    for path in (tmp_path / "trained" / "boosters").iterdir():
        before = folder / "trained" / "boosters" / path.name
        assert path.read_bytes() == before.read_bytes()
    order = ["model", "fold", "part", "account_id"]
    again = pl.read_parquet(tmp_path / "trained" / "predictions.parquet").sort(order)
    stored = tiny_world.table("trained/predictions").filter(protocol="loco").sort(order)
    assert again.equals(stored)
