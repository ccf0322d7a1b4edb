from pathlib import Path
from typing import Any

import polars as pl
import pytest

from models.evaluation import Campaign, Rules
from models.metrics import FIGURES
from pipeline.files import write_parquet
from pipeline.params import Params
from pipeline.proofs.matched import (
    WAYS,
    Matched,
    balance_table,
    figures_table,
    gain,
    judge_matching,
    train_on,
)
from pipeline.verdicts import no_verdicts
from tests.pipeline.conftest import TinyWorld

RULES = Rules(draws=200, confidence=0.95, seed=1, least_positives=1)


def campaign(name: str, operator: str, in_headline: bool = True) -> Campaign:
    return Campaign(name, operator, in_headline, None)


def block(**campaigns: float | None) -> dict[str, Any]:
    return {"campaigns": {name: {"auc": value} for name, value in campaigns.items()}}


def test_a_gain_is_of_the_campaigns_that_both_have() -> None:
    campaigns = [
        campaign("a", "one"),
        campaign("b", "one"),
        campaign("c", "two"),
        campaign("d", "three"),
        campaign("shown", "four", in_headline=False),
    ]
    had = block(a=0.8, b=0.7, c=0.5, d=None, shown=0.1)
    has = block(a=0.9, b=0.9, c=0.5, d=0.9, shown=0.9)

    mean, low, high = gain(had, has, campaigns, "auc", RULES)

    assert mean == pytest.approx(0.1)
    # Of two operators one gains 0.15 on each of two, the other nothing.
    assert low == pytest.approx(0.0)
    assert high == pytest.approx(0.15)
    assert gain(had, has, campaigns[:2], "auc", RULES)[1:] == (None, None)
    assert gain(had, has, campaigns[3:], "auc", RULES) == (None, None, None)


def test_accounts_left_out_are_trained_on_by_nobody_and_still_judged(
    tmp_path: Path,
) -> None:
    folds = pl.DataFrame(
        {
            "protocol": "loco",
            "fold": ["x", "x", "y", "y"],
            "account_id": ["s/1", "s/2", "s/1", "s/2"],
            "side": ["train", "test", "test", "train"],
        }
    )
    path = tmp_path / "all" / "folds" / "folds.parquet"
    write_parquet(folds, path, ["protocol", "fold", "account_id"])

    train_on(tmp_path / "all", pl.Series(["s/1"]), tmp_path / "fewer")

    found = pl.read_parquet(tmp_path / "fewer" / "folds" / "folds.parquet")
    assert found.select("fold", "account_id", "side").rows() == [
        ("x", "s/1", "train"),
        ("x", "s/2", "test"),
        ("y", "s/1", "test"),
    ]


def test_the_tables_have_every_figure_and_what_is_not_known_is_a_dash() -> None:
    known = {figure: {"mean": 0.5, "worst": None} for figure in FIGURES}
    row = {"block": "op", "window": 1.0, "volume": None, "age": -0.2, "language": 0.1}
    found = Matched(
        (10, 5),
        [row],
        [row | {"age": 0.0}],
        dict.fromkeys(WAYS, known),
        {
            (way, figure): (0.01, -0.02, 0.03) if way[1] == "all" else (None,) * 3
            for way in WAYS
            for figure in FIGURES
        },
    )

    figures, balanced = figures_table(found), balance_table(found)

    assert len(figures) == 2 + 2 * len(FIGURES)
    assert figures[2] == (
        "| auc, mean | 0.500 | 0.500 | +0.010 [-0.020, +0.030] "
        "| 0.500 | 0.500 | - | 0.500 | - |"
    )
    assert figures[3] == "| auc, worst" + " | -" * 8 + " |"
    assert balanced[2] == "| op | 1.00, 1.00 | -, - | -0.20, 0.00 | 0.10, 0.10 |"


@pytest.mark.slow
def test_without_matching_the_figures_are_those_of_the_pipeline(
    tiny_world: TinyWorld, tiny_params: dict[str, Any]
) -> None:
    said: list[str] = []

    found = judge_matching(
        tiny_world.folder,
        tiny_world.sources,
        Params.model_validate(tiny_params),
        no_verdicts(),
        said.append,
    )

    assert len(said) == len(WAYS)
    loco = tiny_world.metrics["loco"].items()
    assert found.blocks["all", "all"] == {
        name: figures for name, figures in loco if name != "selective_risk"
    }
    assert found.before == tiny_world.json("labelled/report")["balance"]["before"]
    assert found.after != found.before
    controls, matched = found.controls
    assert 0 < matched < controls
    sizes = {
        way: sum(row["n_neg"] for row in of_way["campaigns"].values())
        for way, of_way in found.blocks.items()
    }
    assert sizes["reduced", "all"] == sizes["all", "all"]
    assert sizes["reduced", "matched"] == sizes["option", "matched"]
    assert sizes["all", "matched"] == sizes["option", "matched"] < sizes["all", "all"]
    figures = [of_way["auc"] for of_way in found.blocks.values()]
    assert all(figures.count(figure) == 1 for figure in figures)
