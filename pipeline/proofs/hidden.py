"""Proof of the hidden positives' figures: planted among controls, and found again."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from pipeline.hidden_report import ALL, hidden_report, load_trained
from pipeline.params import Params
from pipeline.proofs.chain import SIMULATED, score_world, simulate_world
from pipeline.sources.source import Source
from pipeline.train import load_data

# Whose second role is planted: the only operator of the simulated world with two.
OPERATOR = "harbour"
ROLE = "amplifier"


@dataclass(frozen=True)
class Found:
    """What was said of planted accounts.

    Attributes:
        truth: their share of the controls.
        share: the estimate; null for bounds.
        low: of the interval, or lower bound.
        high: of the interval, or upper bound.
        above_half: share of controls with a probability above one half, at the share of
            positives that the labels show: what one would count without this method.
    """

    truth: float
    share: float | None
    low: float
    high: float
    above_half: float


def find_at_random(params: Params, seed: int, share: float) -> Found:
    """Positives of all operators hidden at random, and the estimate over all."""
    plant = partial(hide_at_random, sources=params.sources[SIMULATED], share=share)
    scored, report, hidden = _planted(params, seed, plant, ("loco", "random"))
    rows = scored.filter(
        (pl.col("model") == "telltale")
        & (pl.col("protocol") == "random")
        & (pl.col("part") == "test")
    )
    return _found(report["at_random"][ALL], rows, hidden)


def find_one_role(params: Params, seed: int, share: float) -> Found:
    """Only the other role of one operator is disclosed; bounds for its controls."""
    plant = partial(hide_role, sources=params.sources[SIMULATED], share=share)
    scored, report, hidden = _planted(params, seed, plant, ("loco",))
    rows = scored.filter(
        (pl.col("model") == "telltale")
        & (pl.col("fold") == OPERATOR)
        & (pl.col("part") == "test")
    )
    return _found(report["one_role"][OPERATOR], rows, hidden)


def hide_at_random(
    given: pl.DataFrame,
    truth: pl.DataFrame,
    rng: np.random.Generator,
    sources: list[Source],
    share: float,
) -> pl.DataFrame:
    """What the archives say, with positives of each operator put among its controls."""
    for operator, controls in _controls_of(sources).items():
        own = [
            s.name for s in sources if s.positives and s.positives.operator == operator
        ]
        known = given.filter(pl.col("source").is_in(own) & (pl.col("label") == 1))
        given = _hide(given, known["account_id"], controls, share, rng)
    return given


def hide_role(
    given: pl.DataFrame,
    truth: pl.DataFrame,
    rng: np.random.Generator,
    sources: list[Source],
    share: float,
) -> pl.DataFrame:
    """The same with accounts of one role; the others of that role are not seen at all."""
    role = truth.filter(source=OPERATOR, role=ROLE)["account_id"]
    given = _hide(given, role, _controls_of(sources)[OPERATOR], share, rng)
    unseen = pl.col("account_id").is_in(role.implode()) & (pl.col("label") == 1)
    return given.filter(~unseen)


def _controls_of(sources: list[Source]) -> dict[str, str]:
    """Source of the controls of each operator, of those that have one to themselves."""
    return {
        next(iter(s.controls.blocks)): s.name
        for s in sources
        if s.controls and len(s.controls.blocks) == 1
    }


def _hide(
    given: pl.DataFrame,
    candidates: pl.Series,
    controls: str,
    share: float,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """Candidates drawn at random as controls, until they are this share of them."""
    count = given.filter(source=controls, label=0).height
    wanted = round(count * share / (1 - share))
    drawn = rng.choice(candidates.sort().to_numpy(), wanted, replace=False)
    hidden = pl.col("account_id").is_in(drawn.tolist())
    return given.with_columns(
        pl.when(hidden).then(pl.lit(0, pl.Int8)).otherwise("label").alias("label"),
        pl.when(hidden).then(pl.lit(controls)).otherwise("source").alias("source"),
    )


def _planted(
    params: Params,
    seed: int,
    plant: Callable[..., pl.DataFrame],
    protocols: tuple[str, ...],
) -> tuple[pl.DataFrame, dict[str, Any], set[str]]:
    """Scores of a world with hidden accounts, the report on it, and who they are."""
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        simulate_world(params, seed, folder, partial(plant, rng=rng))
        scored = score_world(
            folder, protocols, params.train, params.calibrate, folder / "scored"
        )
        labels = pl.read_parquet(folder / "labelled" / "labels.parquet")
        data = load_data(folder / "features", labels, seen=True)
        trained = load_trained(folder / "scored" / "trained")
        report = hidden_report(scored, data, trained, params.evaluate.rules())
        truth = pl.read_parquet(folder / "truth.parquet").filter(label=1)
    controls = labels.filter(label=0)["account_id"]
    return scored, report, set(truth["account_id"]) & set(controls)


def _found(found: dict[str, float], rows: pl.DataFrame, hidden: set[str]) -> Found:
    controls = rows.filter(label=0)
    share = rows.select(pl.col("label").mean()).item()
    moved = (
        pl.col("logit")
        + np.log(share / (1 - share))
        - (pl.col("anchor") / (1 - pl.col("anchor"))).log()
    )
    return Found(
        controls.select(pl.col("account_id").is_in(list(hidden)).mean()).item(),
        found["share"],
        found["low"],
        found["high"],
        controls.select((moved > 0).mean()).item(),
    )
