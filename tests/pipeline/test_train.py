from pathlib import Path

import lightgbm as lgb
import numpy as np
import polars as pl

from features.catalogue import FEATURES
from models.baselines import BASELINES, RATE
from models.matrix import to_matrix
from models.nested import PREDICTIONS, Data
from models.training import raw_scores
from models.training_sets import set_key, training_sets
from pipeline.train import TrainParams, load_data, score_baselines, train
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


def learnt_from(labels: pl.DataFrame, name: str, fold: str) -> pl.DataFrame:
    """Accounts that a baseline may learn from where an operator is left out."""
    known = labels.filter(pl.col("slice").is_null() & (pl.col("block") != fold))
    if name != "last_release":
        return known
    last = known.filter(pl.col("disclosed_at") == pl.col("disclosed_at").max())
    own = pl.col("block").is_in(last["block"].unique().implode())
    return pl.concat([last, known.filter(own, label=0)])


def test_every_baseline_is_there_with_the_share_it_was_trained_at(
    tiny_world: TinyWorld,
) -> None:
    rows = tiny_world.table("trained/predictions").filter(pl.col("model") != "telltale")
    labels = tiny_world.table("labelled/labels")

    assert set(rows["model"]) == set(BASELINES)
    for (name, fold), some in rows.group_by("model", "fold"):
        share = learnt_from(labels, str(name), str(fold))["label"].mean()
        assert set(some["anchor"]) == {share}
    assert tiny_world.json("trained/not_applicable") == {name: {} for name in BASELINES}


def test_the_last_release_is_scored_by_what_knows_no_other(
    tiny_world: TinyWorld,
) -> None:
    labels = tiny_world.table("labelled/labels")
    data = load_data(tiny_world.folder / "features", labels)
    stored = tiny_world.table("trained/predictions").filter(model="last_release")
    dated = labels.filter(pl.col("disclosed_at").is_not_null())
    newest = dated.sort("disclosed_at")["block"][-1]
    for fold in ("jetty", newest):
        ids = learnt_from(labels, "last_release", fold)["account_id"].to_list()
        some = stored.filter(fold=fold).sort("account_id")
        values = to_matrix(data.values(f"loco-without-{fold}"), FEATURES)
        rows = data.rows(sorted(ids))
        model = lgb.LGBMClassifier(
            random_state=tiny_world.params["train"]["seed"],
            deterministic=True,
            force_row_wise=True,
            verbose=-1,
        ).fit(values[rows], data.labels[rows])

        tested = values[data.rows(some["account_id"].to_list())]
        expected = np.asarray(model.predict(tested, raw_score=True))

        assert np.allclose(expected, some["raw_score"].to_numpy(), rtol=0, atol=1e-9)


def test_a_baseline_says_where_it_does_not_apply(tiny_world: TinyWorld) -> None:
    labels = tiny_world.table("labelled/labels").sort("account_id")
    known = load_data(tiny_world.folder / "features", labels)
    folds = tiny_world.table("folds/folds").filter(fold="jetty", protocol="loco")
    data = Data(
        known.ids,
        known.labels,
        known.blocks,
        known.strengths,
        lambda key: known.values(key).with_columns(
            pl.lit(None, dtype=f.dtype).alias(f.name) for f in RATE
        ),
    )
    no_dates = np.full(labels.height, "NaT", dtype="datetime64[ms]")

    scored, left_out = score_baselines(data, no_dates, folds, seed=1)

    assert {name: list(found) for name, found in left_out.items() if found} == {
        "rate_only": ["jetty"],
        "last_release": ["jetty"],
    }
    assert "columns are not known" in left_out["rate_only"]["jetty"]
    assert "has a date" in left_out["last_release"]["jetty"]
    assert set(scored["model"]) == set(BASELINES) - {"rate_only", "last_release"}


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
