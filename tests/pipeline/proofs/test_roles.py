import shutil
from pathlib import Path

import polars as pl
import pytest

from pipeline.proofs.roles import as_table, find_roles
from tests.pipeline.conftest import TinyWorld


def test_every_takedown_account_is_counted_in_its_role(tiny_world: TinyWorld) -> None:
    found = find_roles(tiny_world.folder, 0.95)

    truth = tiny_world.table("truth")
    known = (
        tiny_world.table("labelled/labels")
        .filter(label=1)
        .join(
            truth.select("account_id", pl.col("role").alias("played")), on="account_id"
        )
    )
    counts = known.group_by("campaign", "played").len().sort("campaign", "played")
    assert [(r.campaign, r.role, r.accounts) for r in found] == counts.rows()
    assert {r.role for r in found} >= {"core", "amplifier"}
    assert len(as_table(found)) == len(found) + 2
    for role in found:
        assert role.found is not None
        share, low, high = role.found
        assert low <= share <= high


def test_of_a_campaign_as_many_are_found_as_of_its_roles(tiny_world: TinyWorld) -> None:
    roles = find_roles(tiny_world.folder, 0.95)
    point = tiny_world.metrics["operating_points"]["cautious"]["campaigns"]

    for name, row in point.items():
        own = [role for role in roles if role.campaign == name]
        hits = sum(role.found[0] * role.accounts for role in own if role.found)
        recall = hits / sum(role.accounts for role in own)
        assert recall == pytest.approx(row["recall"], abs=1e-6)


def test_a_role_that_is_missed_is_told_and_too_few_controls_set_no_line(
    tiny_world: TinyWorld, tmp_path: Path
) -> None:
    for name in ("calibrated", "labelled"):
        shutil.copytree(tiny_world.folder / name, tmp_path / name)
    shutil.copy(tiny_world.folder / "truth.parquet", tmp_path)
    path = tmp_path / "calibrated" / "calibrated.parquet"
    scores = pl.read_parquet(path)
    core = pl.read_parquet(tmp_path / "truth.parquet").filter(role="core")
    hidden = pl.col("account_id").is_in(core["account_id"].implode())
    tested = pl.col("part") == "test"
    missed = scores.with_columns(
        logit=pl.when(hidden & tested).then(-99.0).otherwise("logit")
    )

    missed.write_parquet(path)
    roles = find_roles(tmp_path, 0.95)
    few = pl.int_range(pl.len()).over("protocol", "fold", "part") < 100
    missed.filter((pl.col("part") != "inner") | few).write_parquet(path)
    without = find_roles(tmp_path, 0.95)

    unseen = [role for role in roles if role.role == "core"]
    assert unseen
    assert all(role.found is not None and role.found[0] == 0 for role in unseen)
    assert any(role.found and role.found[0] > 0 for role in roles)
    assert all(role.found is None for role in without)
    assert all(line.endswith("| - | - | - |") for line in as_table(without)[2:])
