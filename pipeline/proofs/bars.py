"""What is promised of a model beside its figures: slopes, intervals, people, evasion."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from models.coverage import ENOUGH
from models.evaluation import Campaign
from models.language import language_block
from models.panel import panel_block
from models.slopes import calibration_slopes
from pipeline.doubt_report import interval_coverage
from pipeline.evasion import evasion_report
from pipeline.gate_params import GateParams
from pipeline.held_out import held_out
from pipeline.languages import languages
from pipeline.params import Params
from pipeline.proofs.chain import SIMULATED

# Name -> value; null where it is not reported.
Bars = dict[str, float | None]


def bars(
    scored: pl.DataFrame,
    campaigns: Sequence[Campaign],
    paths: Mapping[str, Path],
    params: Params,
) -> Bars:
    """Figures that the gates on slopes, intervals, look-alikes, languages, evasion read.

    Slices are counted against the common limit, whatever a world is allowed beyond it.

    Args:
        scored: as pipeline.proofs.chain.score_world gives it.
        campaigns: of the world.
        paths: outputs of the stages by name: features, labelled, canonical, trained,
            calibrated.
        params: of evaluation and calibration.
    """
    asked, rules = params.evaluate.audits, params.evaluate.rules()
    limits = params.evaluate.gates.of(SIMULATED)
    own = scored.filter(
        (pl.col("model") == "telltale") & (pl.col("protocol") == "loco")
    )
    tested = own.filter(pl.col("part") == "test").sort("fold", "account_id")
    spoken = tested.join(languages(paths["canonical"]), on="account_id", how="left")
    parity = language_block(spoken, asked.language_controls, rules.confidence)
    return {
        **_slopes(tested, campaigns, rules.least_positives, limits),
        **_intervals(
            tested,
            campaigns,
            params.calibrate.interval_confidence,
            rules.least_positives,
        ),
        **_slices(
            panel_block(own, rules.confidence, asked.panel_rate), limits.panel_fpr
        ),
        **{
            f"language ratio at {key.removeprefix('fpr_')}, lower bound": row.get("low")
            for key, row in parity.items()
            if key.startswith("fpr_")
        },
        "recall kept after free changes": evasion_report(
            held_out(paths, scored, campaigns, asked.held_out_accounts),
            asked.evasion_steps,
        )["free_share"],
    }


def _slopes(
    tested: pl.DataFrame, campaigns: Sequence[Campaign], least: int, limits: GateParams
) -> Bars:
    found = calibration_slopes(tested, campaigns, least)
    low, high = limits.campaign_slope_low, limits.campaign_slope_high
    known = [row["slope"] for row in found["campaigns"].values()]
    within = sum(slope is not None and low <= slope <= high for slope in known)
    return {
        "slope, pooled": found["pooled_slope"],
        f"campaigns with a slope in [{low:g}, {high:g}]": float(within),
    }


def _intervals(
    tested: pl.DataFrame, campaigns: Sequence[Campaign], confidence: float, least: int
) -> Bars:
    rows = interval_coverage(tested, campaigns, confidence, least).values()
    known = [row["bins_held"] for row in rows if row["bins_held"] is not None]
    held = float(sum(share >= ENOUGH for share in known))
    return {"campaigns whose intervals hold": held}


def _slices(panel: dict[str, dict[str, float | None]], most: float) -> Bars:
    low = [row["low"] for row in panel.values()]
    known = [bound for bound in low if bound is not None]
    if not known or len(known) < len(low):
        return dict.fromkeys(("slices above the limit", "highest bound of a slice"))
    return {
        "slices above the limit": float(sum(bound > most for bound in known)),
        "highest bound of a slice": max(known),
    }
