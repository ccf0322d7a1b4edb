from pathlib import Path

import polars as pl
import pytest

from pipeline.proofs.leads import OURS, Lead, as_table, find_leads
from tests.pipeline.conftest import TinyWorld

DRAWS = 50


def with_baseline(
    world: TinyWorld, folder: Path, logit: pl.Expr, some: pl.Expr
) -> list[Lead]:
    """Leads where one more baseline scores some of the tested accounts so."""
    (folder / "labelled").symlink_to(world.folder / "labelled")
    (folder / "calibrated").mkdir()
    scores = world.table("calibrated/calibrated")
    labels = world.table("labelled/labels").select("account_id", "label")
    planted = (
        scores.filter(model=OURS, protocol="loco", part="test")
        .join(labels, on="account_id", maintain_order="left")
        .filter(some)
        .with_columns(logit.alias("logit"), model=pl.lit("planted"))
        .select(scores.columns)
    )
    pl.concat([scores, planted]).write_parquet(
        folder / "calibrated" / "calibrated.parquet"
    )
    return find_leads(folder, DRAWS, 0.95, seed=1)


def test_every_operator_of_the_headline_has_a_lead(tiny_world: TinyWorld) -> None:
    found = find_leads(tiny_world.folder, DRAWS, 0.95, seed=1)

    stored = tiny_world.metrics["lead_on_strongest"]["auc"]["folds"]
    assert [lead.operator for lead in found] == list(stored)
    assert len(as_table(found)) == len(found) + 2
    # Of several campaigns the stored figure is a mean, and here all are together.
    operators = [c["operator"] for c in tiny_world.json("labelled/campaigns")]
    single = [lead for lead in found if operators.count(lead.operator) == 1]
    assert single
    for lead in single:
        row = stored[lead.operator]
        assert lead.strongest == row["strongest"]
        assert lead.ours - lead.theirs == pytest.approx(row["lead"], abs=2e-6)
        assert lead.low <= lead.ours - lead.theirs <= lead.high


def test_the_same_scores_are_no_lead(tiny_world: TinyWorld, tmp_path: Path) -> None:
    found = with_baseline(tiny_world, tmp_path, pl.col("logit"), pl.lit(True))

    leads = [lead for lead in found if lead.strongest == "planted"]
    assert leads
    assert {(lead.ours - lead.theirs, lead.low, lead.high) for lead in leads} == {
        (0.0, 0.0, 0.0)
    }


def test_a_fold_below_its_baseline_is_told(
    tiny_world: TinyWorld, tmp_path: Path
) -> None:
    found = with_baseline(
        tiny_world, tmp_path, pl.col("label").cast(pl.Float64), pl.lit(True)
    )

    assert {lead.strongest for lead in found} == {"planted"}
    assert all(lead.theirs == 1 for lead in found)
    assert any(lead.high < 0 for lead in found)


def test_a_baseline_that_scores_some_takes_no_part(
    tiny_world: TinyWorld, tmp_path: Path
) -> None:
    found = with_baseline(
        tiny_world,
        tmp_path,
        pl.col("label").cast(pl.Float64),
        pl.int_range(pl.len()).over("fold") > 0,
    )

    assert "planted" not in {lead.strongest for lead in found}
