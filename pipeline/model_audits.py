"""Audits of the scores of held-out accounts: whom they hurt, and how easily they move."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import polars as pl
from pydantic import Field

from models.evaluation import Campaign, Rules
from models.language import language_block
from models.origin import score_origin
from models.panel import panel_block
from models.slopes import calibration_slopes
from pipeline.evasion import evasion_report
from pipeline.held_out import HeldOut, held_out
from pipeline.languages import languages
from pipeline.section import Section
from pipeline.topic_swap import topic_swap_report


class AuditParams(Section):
    """Section `evaluate.audits` of params.yaml."""

    panel_rate: Annotated[float, Field(gt=0, le=0.1)]
    language_controls: Annotated[int, Field(ge=30)]
    held_out_accounts: Annotated[int, Field(ge=1, le=1_000)]
    evasion_steps: Annotated[int, Field(ge=1, le=20)]
    missing_deals: Annotated[int, Field(ge=1, le=100)]


def model_audits(
    paths: dict[str, Path],
    scored: pl.DataFrame,
    campaigns: Sequence[Campaign],
    rules: Rules,
    params: AuditParams,
) -> dict[str, Any]:
    """Further entries of the block `audit` of metrics.json.

    Args:
        paths: outputs of the stages by name.
        scored: calibrated scores of all models and protocols, with labels.
        campaigns: of this world.
        rules: see models.evaluation.Rules.
        params: see AuditParams.
    """
    own = scored.filter(
        (pl.col("model") == "telltale") & (pl.col("protocol") == "loco")
    )
    tested = own.filter(pl.col("part") == "test")
    spoken = tested.join(languages(paths["canonical"]), on="account_id", how="left")
    sample = held_out(paths, scored, campaigns, params.held_out_accounts)
    return {
        "calibration": calibration_slopes(tested, campaigns, rules.least_positives),
        "control_origin": score_origin(tested),
        "panel": {
            "fpr": params.panel_rate,
            "slices": panel_block(own, rules.confidence, params.panel_rate),
        },
        "language": language_block(spoken, params.language_controls, rules.confidence),
        "rebuilt": rebuilt_report(sample),
        "topic_swap": topic_swap_report(sample),
        "evasion": evasion_report(sample, params.evasion_steps),
    }


def rebuilt_report(sample: Sequence[HeldOut]) -> dict[str, Any]:
    """How many accounts of the sample differ, by feature, from what is built anew."""
    differing: dict[str, int] = {}
    for fold in sample:
        for name, count in fold.differing.items():
            differing[name] = differing.get(name, 0) + count
    return {
        "accounts": sum(fold.accounts.height for fold in sample),
        "differing": dict(sorted(differing.items())),
    }
