"""Which roles within a network are found, where it is known who played which.

Archives name no role of an account; only a simulated world knows it (`truth.parquet`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from models.metrics import FPR
from models.panel import fold_thresholds, wilson
from pipeline.evaluate import load_scored
from pipeline.markdown import table


@dataclass(frozen=True)
class Role:
    """What is found of one role of a campaign left out.

    Attributes:
        campaign: whose.
        role: as the world was made.
        accounts: takedown accounts in it.
        found: share above the line that the training side sets at FPR 1 %, with its
            Wilson bounds; null if too few controls set none.
    """

    campaign: str
    role: str
    accounts: int
    found: tuple[float, float, float] | None


def find_roles(folder: Path, confidence: float) -> list[Role]:
    """Every role of every campaign left out, in order of name.

    Args:
        folder: a world's truth, labelled and calibrated.
        confidence: of the bounds.
    """
    loco = load_scored(folder / "calibrated", folder / "labelled").filter(
        model="telltale", protocol="loco"
    )
    lines = fold_thresholds(loco, FPR)
    truth = pl.read_parquet(folder / "truth.parquet").select("account_id", "role")
    tested = loco.filter(part="test", label=1).join(truth, on="account_id")
    roles = []
    for (campaign, role), rows in tested.sort("campaign", "role").group_by(
        ["campaign", "role"], maintain_order=True
    ):
        line = lines[rows["fold"][0]]
        found = None
        if line is not None:
            hits = int((rows["logit"] > line).sum())
            bounds = wilson(hits, rows.height, confidence)
            found = (hits / rows.height, *bounds)
        roles.append(Role(str(campaign), str(role), rows.height, found))
    return roles


def as_table(found: Sequence[Role]) -> list[str]:
    """A row a role, in Markdown."""
    rows = [
        [
            each.campaign,
            each.role,
            str(each.accounts),
            *(["-"] * 3 if each.found is None else [f"{v:.3f}" for v in each.found]),
        ]
        for each in found
    ]
    return table(["campaign", "role", "accounts", "recall", "low", "high"], rows)
