"""How sure the lead on each operator's strongest baseline is, account by account."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from models.bootstrap import auc, draw_accounts, passed, rank
from pipeline.evaluate import load_campaigns, load_scored
from pipeline.markdown import table

OURS = "telltale"


@dataclass(frozen=True)
class Lead:
    """AUC of an operator that nobody has seen, ours and the strongest baseline's.

    Attributes:
        operator: whose accounts, all campaigns together, against their controls.
        accounts: of both classes.
        ours: AUC.
        strongest: the baseline of the highest AUC that scores all of them.
        theirs: its AUC.
        low: lower end of the interval of the difference.
        high: upper end.
    """

    operator: str
    accounts: int
    ours: float
    strongest: str
    theirs: float
    low: float
    high: float


def find_leads(folder: Path, draws: int, confidence: float, seed: int) -> list[Lead]:
    """The lead on every operator of the headline, in order of name.

    Paired: each draw takes the same accounts for both, as many of each class as there
    are. The baseline is chosen on all accounts, which favours it.

    Args:
        folder: a world's labelled and calibrated.
        draws: bootstrap draws of accounts.
        confidence: of the intervals.
        seed: of the draws.
    """
    known = load_campaigns(folder / "labelled")
    headline = {campaign.operator for campaign in known if campaign.in_headline}
    tested = load_scored(folder / "calibrated", folder / "labelled").filter(
        pl.col("slice").is_null(), protocol="loco", part="test"
    )
    tail = (1 - confidence) / 2
    leads = []
    for operator in sorted(headline):
        rows = tested.filter(fold=operator).sort("model", "account_id")
        mine = rows.filter(model=OURS)
        labels = mine["label"].to_numpy().astype(np.int8)
        everyone = np.ones(len(labels), dtype=np.int64)
        ranked = {
            str(model): rank(scores["logit"].to_numpy(), labels)
            for (model,), scores in rows.group_by("model", maintain_order=True)
            if scores["account_id"].equals(mine["account_id"])
        }
        found = {name: auc(passed(one, everyone)) for name, one in ranked.items()}
        ours = found.pop(OURS)
        strongest = max(found, key=lambda name: found[name])
        drawn = [
            auc(passed(ranked[OURS], counts)) - auc(passed(ranked[strongest], counts))
            for counts in draw_accounts(labels, draws, seed)
        ]
        low, high = (float(end) for end in np.quantile(drawn, [tail, 1 - tail]))
        leads.append(
            Lead(operator, len(labels), ours, strongest, found[strongest], low, high)
        )
    return leads


def as_table(found: Sequence[Lead]) -> list[str]:
    """A row an operator, in Markdown."""
    names = ["operator", "accounts", "ours", "strongest", "theirs", "lead", "interval"]
    rows = [
        [
            each.operator,
            f"{each.accounts:,}",
            f"{each.ours:.3f}",
            f"`{each.strongest}`",
            f"{each.theirs:.3f}",
            f"{each.ours - each.theirs:+.4f}",
            f"{each.low:+.4f} to {each.high:+.4f}",
        ]
        for each in found
    ]
    return table(names, rows)
