import json
from pathlib import Path

import polars as pl
import pytest

from features.artefacts import Artefacts
from features.build import build_features
from features.catalogue import FEATURES
from models.audit import mask_only_auc
from models.matrix import to_matrix
from models.training_sets import training_sets
from pipeline.errors import SourceError
from pipeline.featurize import (
    FITTED,
    STATIC,
    FeaturizeParams,
    build_around,
    featurize,
    masked_parts,
)
from pipeline.train import load_data
from tests.pipeline.conftest import TinyWorld, put_posts, read_posts


def run(world: TinyWorld, canonical: Path, out: Path, most_posts: int = 5_000) -> Path:
    params = FeaturizeParams(posts_per_part=most_posts)
    featurize(canonical, world.folder / "labelled", world.folder / "folds", params, out)
    return out


def test_every_account_has_a_row_and_every_feature_a_column(
    tiny_world: TinyWorld,
) -> None:
    static = tiny_world.table("features/features")
    fitted = tiny_world.table("features/fitted")
    labels = tiny_world.table("labelled/labels")
    sets = {s.key for s in training_sets(tiny_world.table("folds/folds"))}

    assert static["account_id"].equals(labels["account_id"])
    assert set(fitted["training_set"]) == sets
    assert fitted.height == labels.height * len(sets)
    assert {f.name for f in FEATURES} <= {*static.columns, *fitted.columns}
    for feature in STATIC:
        assert static.schema[feature.name] == feature.dtype


@pytest.mark.parametrize("most_posts", [1_000, 1_000_000])
def test_the_size_of_parts_changes_no_byte(
    most_posts: int, tiny_world: TinyWorld, tmp_path: Path
) -> None:
    out = run(tiny_world, tiny_world.folder / "canonical", tmp_path / "f", most_posts)

    tables = ("features", "fitted", "population", "taken", "fitted_taken")
    for name in (f"{table}.parquet" for table in tables):
        expected = (tiny_world.folder / "features" / name).read_bytes()
        assert (out / name).read_bytes() == expected


def test_values_as_seen_are_those_before_both_classes_missed_as_many(
    tiny_world: TinyWorld,
) -> None:
    folder, labels = tiny_world.folder, tiny_world.table("labelled/labels")
    parts = masked_parts(folder / "canonical", folder / "labelled", 5_000)
    built = pl.concat(build_features(*part, None, STATIC) for part in parts)
    # Where columns are masked for a whole block, values lack for that.
    whole = tiny_world.table("labelled/masks").filter(
        pl.col("masked_posts").list.len() == 0
    )
    names = [f.name for f in FEATURES if f.tier != "F"]

    evened, seen = (
        load_data(folder / "features", labels, seen=flag) for flag in (False, True)
    )

    same = [
        table.join(whole, on="account_id", how="semi").sort("account_id").select(names)
        for table in (built, seen.values("all"), evened.values("all"))
    ]
    assert same[0].height > 100
    assert same[1].equals(same[0])
    assert not same[2].equals(same[0])
    for feature in FITTED:
        known = [d.values("all")[feature.name].count() for d in (evened, seen)]
        assert known[0] <= known[1]


def handles(world: TinyWorld, tmp_path: Path, block: str) -> Path:
    """Canonical tables in which all accounts of one block are others in all that
    tables are fitted on: handles, followers, applications and texts."""
    source = world.folder / "canonical"
    folder = tmp_path / "canonical"
    folder.mkdir()
    labels = world.table("labelled/labels").filter(block=block)
    hit = pl.col("account_id").is_in(labels["account_id"].implode())
    changed = pl.when(hit & pl.col("handle").is_not_null())
    table = pl.read_parquet(source / "accounts.parquet").with_columns(
        handle=changed.then(pl.lit("zqzqzqzq")).otherwise("handle"),
        followers=pl.when(hit).then(10**9).otherwise("followers"),
    )
    table.write_parquet(folder / "accounts.parquet")
    (folder / "actions.parquet").symlink_to(source / "actions.parquet")
    moved = pl.col("posted_at").dt.truncate("1d")
    said = read_posts(source).with_columns(
        pl.when(hit & pl.col(column).is_not_null())
        .then(pl.lit("zq ") + pl.col(column))
        .otherwise(column)
        .alias(column)
        for column in ("text", "client")
    )
    # All posts of a day at one time.
    at = pl.when(hit).then(moved).otherwise("posted_at")
    put_posts(said.with_columns(posted_at=at), folder)
    return folder


def test_tables_of_a_fold_do_not_depend_on_its_test_rows(
    tiny_world: TinyWorld, tmp_path: Path
) -> None:
    folder = handles(tiny_world, tmp_path, "harbour")

    out = run(tiny_world, folder, tmp_path / "features")

    changed = set()
    for path in sorted((out / "artefacts").iterdir()):
        before = tiny_world.folder / "features" / "artefacts" / path.name
        if path.read_bytes() != before.read_bytes():
            changed.add(path.stem)
    loco = {key for key in changed if key.startswith("loco-")}
    assert not any("harbour" in key for key in loco)
    # The twin: where those rows are trained on, the tables do follow them.
    assert "all" in changed
    assert "loco-without-atelier" in changed
    before, after = (
        json.loads((folder / "artefacts" / "all.json").read_text())
        for folder in (tiny_world.folder / "features", out)
    )
    assert {name for name in before if before[name] == after[name]} == set()


def test_co_activity_of_a_block_does_not_depend_on_another(
    tiny_world: TinyWorld, tmp_path: Path
) -> None:
    """As a fold leaves it out: none of what is left out moves a training value."""
    labels = tiny_world.table("labelled/labels").select("account_id", "block")
    posts = tiny_world.table("canonical/posts").join(labels, on="account_id")
    for name in ("accounts.parquet", "actions.parquet"):
        (tmp_path / name).symlink_to(tiny_world.folder / "canonical" / name)
    cut = posts.filter((pl.col("block") != "harbour") | (pl.col("kind") != "repost"))
    put_posts(cut.drop("block"), tmp_path)

    found = build_around(tmp_path, tiny_world.folder / "labelled").sort("account_id")

    before = tiny_world.table("features/population")
    assert before["account_id"].equals(labels["account_id"])
    changed = {
        str(block)
        for (block,), ids in labels.group_by("block")
        if not found.join(ids, on="account_id", how="semi").equals(
            before.join(ids, on="account_id", how="semi")
        )
    }
    assert changed == {"harbour"}
    assert before["coactivity_repost_ratio"].is_not_null().any()


def test_tables_without_actions_are_refused(
    tiny_world: TinyWorld, tmp_path: Path
) -> None:
    """Else nobody would seem to report or block, and nothing would say so."""
    canonical = tiny_world.folder / "canonical"
    for name in ("accounts.parquet", "posts"):
        (tmp_path / name).symlink_to(canonical / name)
    labelled = tiny_world.folder / "labelled"

    with pytest.raises(SourceError, match=r"/actions\.parquet: no such file; run the"):
        build_around(tmp_path, labelled)

    (tmp_path / "actions.parquet").symlink_to(canonical / "actions.parquet")
    assert build_around(tmp_path, labelled).height


def test_order_of_rows_changes_no_table(tiny_world: TinyWorld) -> None:
    accounts = tiny_world.table("canonical/accounts")

    shuffled = Artefacts.fit(accounts.sample(fraction=1, shuffle=True, seed=1))

    assert shuffled.digest() == Artefacts.fit(accounts).digest()


def test_missing_values_of_all_columns_say_nothing(tiny_world: TinyWorld) -> None:
    labels = tiny_world.table("labelled/labels").filter(
        # The panel is not trained on, and lacks only what its whole block lacks.
        pl.col("slice").is_null()
    )
    labels = labels.select("account_id", "label", "block")
    fitted = tiny_world.table("features/fitted").filter(training_set="all")
    values = labels.join(tiny_world.table("features/features"), on="account_id")
    values = values.join(fitted, on="account_id")

    for (block,), rows in values.group_by("block"):
        mask = mask_only_auc(
            to_matrix(rows, FEATURES), rows["label"].to_numpy(), 1, 8.0
        )
        assert mask is not None
        assert 0.45 <= mask <= 0.55, block


def test_fitted_values_are_missing_as_often_in_both_classes(
    tiny_world: TinyWorld,
) -> None:
    fitted = tiny_world.table("features/fitted").filter(training_set="all")
    labels = tiny_world.table("labelled/labels").select("account_id", "label", "block")
    counts = (
        fitted.join(labels, on="account_id")
        .group_by("block", "label")
        .agg(*(pl.col(f.name).is_null().mean() for f in FITTED))
    )

    for feature in FITTED:
        for _, rows in counts.group_by("block"):
            # Evened out by hash: a few accounts more or less.
            assert abs(rows[feature.name][0] - rows[feature.name][1]) < 0.08
