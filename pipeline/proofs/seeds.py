"""Proof that the figures are no luck: other seeds of the model, other worlds."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev

import polars as pl

from models.evaluation import Campaign, Rules, protocol_block
from models.metrics import FIGURES
from pipeline.evaluate import load_campaigns
from pipeline.params import Params
from pipeline.proofs.bars import Bars, bars
from pipeline.proofs.chain import score_world, simulate_world
from pipeline.proofs.drivers import drivers

# Figure -> mean and worst over campaigns never seen; null where it is not reported.
Figures = dict[str, tuple[float | None, float | None]]


@dataclass(frozen=True)
class Seed:
    """What was found with one seed.

    Attributes:
        figures: of campaigns never seen.
        bars: see pipeline.proofs.bars; of another world also in what share of the
            accounts of an operator the strongest family is a true one, the least.
    """

    figures: Figures
    bars: Bars


def model_seeds(
    folder: Path, params: Params, count: int, say: Callable[[str], None]
) -> dict[int, Seed]:
    """Figures of a stored world by seed of the model, that of params.yaml first.

    Args:
        folder: a world's canonical tables, labelled, folds and features.
        params: of training, calibration and evaluation.
        count: number of seeds.
        say: told one line a seed.
    """
    found = {}
    for seed in range(params.train.seed, params.train.seed + count):
        recipe = params.train.model_copy(update={"seed": seed})
        with tempfile.TemporaryDirectory() as name:
            out = Path(name)
            scored = score_world(folder, ("loco",), recipe, params.calibrate, out)
            found[seed] = _seed(scored, folder, out, params)
        say(f"model seed {seed}: {_line(found[seed])}")
    return found


def world_seeds(
    params: Params, count: int, say: Callable[[str], None]
) -> dict[int, Seed]:
    """Figures of other simulated worlds, by their seed; the model's stays."""
    found = {}
    for seed in range(params.simulate.seed + 1, params.simulate.seed + 1 + count):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            simulate_world(params, seed, folder)
            out = folder / "scored"
            scored = score_world(folder, ("loco",), params.train, params.calibrate, out)
            found[seed] = _seed(scored, folder, out, params)
            true = [each.first for each in drivers(folder, out / "trained")]
            found[seed].bars["strongest family is a true one, least"] = min(true)
        say(f"world seed {seed}: {_line(found[seed])}")
    return found


def unseen(scored: pl.DataFrame, campaigns: list[Campaign], rules: Rules) -> Figures:
    """Mean and worst of every figure over campaigns that the model never saw."""
    rows = scored.filter(
        (pl.col("model") == "telltale")
        & (pl.col("protocol") == "loco")
        & (pl.col("part") == "test")
    )
    block = protocol_block(rows, campaigns, rules)
    return {name: (block[name]["mean"], block[name]["worst"]) for name in FIGURES}


def _seed(scored: pl.DataFrame, folder: Path, out: Path, params: Params) -> Seed:
    campaigns = load_campaigns(folder / "labelled")
    paths = {name: folder / name for name in ("canonical", "labelled", "features")}
    paths |= {name: out / name for name in ("trained", "calibrated")}
    return Seed(
        unseen(scored, campaigns, params.evaluate.rules()),
        bars(scored, campaigns, paths, params),
    )


def spread(
    values: Sequence[float | None],
) -> tuple[float, float, float, float] | None:
    """Mean, standard deviation, least, most; null if one is null or only one given."""
    known = [value for value in values if value is not None]
    if len(known) < max(2, len(values)):
        return None
    return fmean(known), stdev(known), min(known), max(known)


def _line(found: Seed) -> str:
    means = {name: mean for name, (mean, _) in found.figures.items()} | found.bars
    return ", ".join(
        f"{name} {value:.3f}" for name, value in means.items() if value is not None
    )
