"""metrics.json: intervals, abstention, operating points, calibration by evidence."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from models.bundle import Bundle
from models.coverage import ENOUGH, SERVED_RECALL, coverage, selection, served_recall
from models.evaluation import Campaign, Rules, headline_rows, rounded
from models.metrics import to_share
from models.slopes import calibration_slopes
from pipeline.calibration_report import calibration_states, split_apart
from pipeline.line_report import operating_points

PROMISE: Final = (
    "how the intervals held on campaigns left out; nothing is promised for a new one"
)


def doubt_report(
    scored: pl.DataFrame,
    campaigns: Sequence[Campaign],
    bundle: Bundle,
    features: Path,
    canonical: Path,
    rules: Rules,
) -> dict[str, Any]:
    """The blocks intervals, abstention, operating_points and calibration_states.

    All that is counted, pooled or sliced is of the headline campaigns and the controls
    of their folds; other campaigns stand apart, each with the reason for it.

    Args:
        scored: calibrated scores with labels, half_width and abstained.
        campaigns: of this world.
        bundle: its confidence and its aims.
        features: output of featurize.
        canonical: tables of ingest, for languages.
        rules: see models.evaluation.Rules.
    """
    loco = scored.filter(
        (pl.col("model") == "telltale") & (pl.col("protocol") == "loco")
    )
    tested = loco.filter(pl.col("part") == "test").sort("fold", "account_id")
    sets = dict(_sets(tested, campaigns))
    apart = {
        c.name: str(c.reason) for c in campaigns if c.name in sets and not c.in_headline
    }
    counted = headline_rows(tested, campaigns)
    least = rules.least_positives
    return {
        "intervals": _intervals(sets, apart, bundle.intervals.confidence, least),
        "abstention": {
            "unjudged_evidence": _unjudged(bundle),
            "withheld_evidence": {
                state: rounded(temper)
                for state, temper in bundle.intervals.withheld.items()
            },
            **_abstention(sets, apart, loco.filter(pl.col("part") == "panel")),
        },
        "operating_points": {
            name: block | split_apart(block["campaigns"], apart)
            for name, block in operating_points(
                loco, counted, sets, bundle, rules
            ).items()
        },
        "calibration_states": calibration_states(
            counted,
            sets,
            apart,
            calibration_slopes(tested, campaigns, least),
            features,
            canonical,
            least,
        ),
    }


def interval_coverage(
    tested: pl.DataFrame, campaigns: Sequence[Campaign], confidence: float, least: int
) -> dict[str, Any]:
    """How the intervals of each headline campaign held, as in the block `intervals`.

    Args:
        tested: test rows of one model, loco protocol.
        campaigns: of this world.
        confidence: of the intervals.
        least: positives that a campaign needs.
    """
    headline = [campaign for campaign in campaigns if campaign.in_headline]
    found = _intervals(dict(_sets(tested, headline)), {}, confidence, least)
    rows: dict[str, Any] = found["campaigns"]
    return rows


def _sets(
    tested: pl.DataFrame, campaigns: Sequence[Campaign]
) -> Iterator[tuple[str, pl.DataFrame]]:
    """Each campaign with all controls of its fold, where there are any."""
    for campaign in campaigns:
        own = tested.filter(
            (pl.col("campaign") == campaign.name) & (pl.col("label") == 1)
        )
        if not own.height:
            continue
        inside = (pl.col("fold") == own["fold"][0]) & (pl.col("label") == 0)
        controls = tested.filter(inside)
        if controls.height:
            yield campaign.name, pl.concat([own, controls])


def _intervals(
    sets: dict[str, pl.DataFrame],
    apart: dict[str, str],
    confidence: float,
    least: int,
) -> dict[str, Any]:
    rows: dict[str, Any] = {}
    for name, some in sets.items():
        labels = some["label"].to_numpy()
        row: dict[str, Any] = {"n": some.height}
        if labels.sum() < least:
            reason = f"{labels.sum()} accounts, {least} needed"
            rows[name] = row | {"bins_held": None, "mean_width": None, "reason": reason}
            continue
        found = coverage(
            _at_share(some), some["half_width"].to_numpy(), labels, confidence
        )
        rows[name] = row | {
            "bins_held": rounded(found.held),
            "mean_width": rounded(found.width),
        }
    parts = split_apart(rows, apart)
    bins = [row["bins_held"] for row in parts["campaigns"].values()]
    known = [held for held in bins if held is not None]
    return {
        "confidence": confidence,
        "campaigns_held": sum(held >= ENOUGH for held in known),
        "campaigns_judged": len(known),
        "says": PROMISE,
        **parts,
    }


def _abstention(
    sets: dict[str, pl.DataFrame], apart: dict[str, str], panel: pl.DataFrame
) -> dict[str, Any]:
    rows: dict[str, Any] = {}
    for name, some in sets.items():
        kept = (some["abstained"] == "").to_numpy()
        logits, labels = _at_share(some), some["label"].to_numpy()
        found = selection(logits, labels, kept)
        rows[name] = {
            "n": some.height,
            "reasons": _shares(some),
            **{key: rounded(value) for key, value in vars(found).items()},
        }
        # Recall of a campaign apart is against every source of controls, in `loco`.
        if name not in apart:
            recall = served_recall(logits, labels, kept)
            rows[name][SERVED_RECALL] = rounded(recall.value)
            if recall.reason:
                rows[name]["reason"] = recall.reason
    silent = {"n": panel.height, "reasons": _shares(panel)}
    return {**split_apart(rows, apart), "panel": silent}


def _unjudged(bundle: Bundle) -> list[str]:
    """States of evidence in which the final model gives no score."""
    least = bundle.abstention.least_operators
    return [s for s, known in bundle.intervals.operators.items() if known < least]


def _shares(rows: pl.DataFrame) -> dict[str, float]:
    """Share of the accounts abstained for each reason, sorted."""
    counts = rows.filter(pl.col("abstained") != "")["abstained"].value_counts(
        sort=False
    )
    return {
        reason: round(count / rows.height, 6) for reason, count in sorted(counts.rows())
    }


def _at_share(rows: pl.DataFrame) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Logits at the set's own share of positives."""
    return to_share(
        rows["logit"].to_numpy(), rows["anchor"].to_numpy(), rows["label"].to_numpy()
    )
