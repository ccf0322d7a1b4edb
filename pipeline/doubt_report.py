"""metrics.json: intervals, abstention, operating points, calibration by evidence."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from models.bundle import Bundle
from models.coverage import ENOUGH, coverage, selection
from models.evaluation import Campaign, Rules
from models.evidence import STATES
from models.metrics import to_share
from models.recalibration import recalibration
from pipeline.doubt import Values
from pipeline.line_report import operating_points

PROMISE: Final = (
    "how the intervals held on campaigns left out; nothing is promised for a new one"
)
# What a slope of one campaign may be: separations differ between campaigns, and one line
# cannot follow them all.
CAMPAIGN_SLOPE: Final = (0.5, 2.0)


def doubt_report(
    scored: pl.DataFrame,
    campaigns: Sequence[Campaign],
    bundle: Bundle,
    features: Path,
    canonical: Path,
    rules: Rules,
) -> dict[str, Any]:
    """The blocks intervals, abstention, operating_points and calibration_states.

    Args:
        scored: calibrated scores with labels, half_width and abstained.
        campaigns: of this world.
        bundle: its confidence and its aims.
        features: output of featurize.
        canonical: tables of ingest, for declared languages.
        rules: see models.evaluation.Rules.
    """
    loco = scored.filter(
        (pl.col("model") == "telltale") & (pl.col("protocol") == "loco")
    )
    tested = loco.filter(pl.col("part") == "test").sort("fold", "account_id")
    sets = dict(_sets(tested, campaigns))
    least = rules.least_positives
    return {
        "intervals": _intervals(sets, bundle.intervals.confidence, least),
        "abstention": _abstention(sets, loco.filter(pl.col("part") == "panel")),
        "operating_points": operating_points(loco, tested, sets, bundle, rules),
        "calibration_states": _states(tested, sets, features, canonical, least),
    }


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
    sets: dict[str, pl.DataFrame], confidence: float, least: int
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
            "bins_held": _rounded(found.held),
            "mean_width": _rounded(found.width),
        }
    known = [r["bins_held"] for r in rows.values() if r["bins_held"] is not None]
    return {
        "confidence": confidence,
        "campaigns_held": sum(held >= ENOUGH for held in known),
        "campaigns_judged": len(known),
        "says": PROMISE,
        "campaigns": rows,
    }


def _abstention(sets: dict[str, pl.DataFrame], panel: pl.DataFrame) -> dict[str, Any]:
    rows = {}
    for name, some in sets.items():
        kept = (some["abstained"] == "").to_numpy()
        found = selection(_at_share(some), some["label"].to_numpy(), kept)
        rows[name] = {
            "n": some.height,
            "reasons": _shares(some),
            **{key: _rounded(value) for key, value in vars(found).items()},
        }
    return {"campaigns": rows, "panel": {"n": panel.height, "reasons": _shares(panel)}}


def _shares(rows: pl.DataFrame) -> dict[str, float]:
    """Share of the accounts abstained for each reason, sorted."""
    counts = rows.filter(pl.col("abstained") != "")["abstained"].value_counts(
        sort=False
    )
    return {
        reason: round(count / rows.height, 6) for reason, count in sorted(counts.rows())
    }


def _states(
    tested: pl.DataFrame,
    sets: dict[str, pl.DataFrame],
    features: Path,
    canonical: Path,
    least: int,
) -> dict[str, Any]:
    """Error, slope and intercept of each slice of what was left out."""
    inside = Values.read(features).states("all", tested["account_id"])
    languages = tested.select("account_id").join(
        pl.read_parquet(
            canonical / "accounts.parquet", columns=["account_id", "declared_language"]
        ),
        on="account_id",
        how="left",
        maintain_order="left",
    )["declared_language"]
    slices: dict[str, dict[str, pl.DataFrame]] = {
        "posts": {},
        "without": {},
        "language": {},
        "source": {},
    }
    for column, state in enumerate(STATES):
        kind, _, value = state.partition(" ")
        slices[kind][value] = tested.filter(pl.Series(inside[:, column]))
    for language in sorted(languages.drop_nulls().unique()):
        slices["language"][language] = tested.filter(
            (languages == language).fill_null(False)
        )
    slices["language"]["unknown"] = tested.filter(languages.is_null())
    for source in sorted(tested.filter(pl.col("label") == 0)["source"].unique()):
        controls = tested.filter((pl.col("label") == 0) & (pl.col("source") == source))
        own = (pl.col("label") == 1) & pl.col("fold").is_in(controls["fold"].implode())
        slices["source"][source] = pl.concat([tested.filter(own), controls])
    pooled = _figures(tested, least)
    campaigns = {name: _figures(some, least) for name, some in sets.items()}
    slopes = [row["slope"] for row in campaigns.values() if row["slope"] is not None]
    low, high = CAMPAIGN_SLOPE
    return {
        "pooled": pooled,
        "campaign": campaigns,
        "slopes_within": sum(low <= slope <= high for slope in slopes),
        "slopes_judged": len(slopes),
        **{
            kind: {name: _figures(rows, least) for name, rows in found.items()}
            for kind, found in slices.items()
        },
    }


def _figures(rows: pl.DataFrame, least: int) -> dict[str, Any]:
    found = recalibration(
        rows["logit"].to_numpy(),
        rows["anchor"].to_numpy(),
        rows["label"].to_numpy(),
        least,
    )
    row = {
        k: v if isinstance(v, int) else _rounded(v)
        for k, v in vars(found).items()
        if k != "reason"
    }
    return row | ({"reason": found.reason} if found.reason else {})


def _at_share(rows: pl.DataFrame) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Logits at the set's own share of positives."""
    return to_share(
        rows["logit"].to_numpy(), rows["anchor"].to_numpy(), rows["label"].to_numpy()
    )


def _rounded(value: float | None) -> float | None:
    """Six digits, as all figures; no negative zero."""
    return None if value is None else round(value, 6) + 0.0
