"""metrics.json: how well scores of campaigns left out are calibrated, by what is known."""

from pathlib import Path
from typing import Any, Final

import polars as pl

from models.evaluation import rounded
from models.evidence import STATES
from models.language import UNKNOWN
from models.recalibration import recalibration
from pipeline.languages import languages
from pipeline.values import Values

# What a slope of one campaign may be: separations differ between campaigns, and one line
# cannot follow them all.
CAMPAIGN_SLOPE: Final = (0.5, 2.0)


def calibration_states(
    counted: pl.DataFrame,
    sets: dict[str, pl.DataFrame],
    apart: dict[str, str],
    joint: dict[str, Any],
    features: Path,
    canonical: Path,
    least: int,
) -> dict[str, Any]:
    """The block calibration_states: error, slope, intercept of all, and of each slice.

    Args:
        counted: scores of accounts left out that the headline is made of.
        sets: campaign -> its accounts left out, with all controls of its fold.
        apart: campaign -> why it is not counted.
        joint: pooled slope and intercept, see models.slopes.calibration_slopes.
        features: output of featurize.
        canonical: tables of ingest, for languages.
        least: sets with fewer accounts of a class give no figure.
    """
    inside = Values.read(features).states("all", counted["account_id"])
    spoken = counted.select("account_id").join(
        languages(canonical), on="account_id", how="left", maintain_order="left"
    )["language"]
    slices: dict[str, dict[str, pl.DataFrame]] = {
        "posts": {},
        "without": {},
        "language": {},
        "source": {},
    }
    for column, state in enumerate(STATES):
        kind, _, value = state.partition(" ")
        slices[kind][value] = counted.filter(pl.Series(inside[:, column]))
    for language in sorted(spoken.drop_nulls().unique()):
        slices["language"][language] = counted.filter(
            (spoken == language).fill_null(False)
        )
    slices["language"][UNKNOWN] = counted.filter(spoken.is_null())
    for source in sorted(counted.filter(pl.col("label") == 0)["source"].unique()):
        controls = counted.filter((pl.col("label") == 0) & (pl.col("source") == source))
        own = (pl.col("label") == 1) & pl.col("fold").is_in(controls["fold"].implode())
        slices["source"][source] = pl.concat([counted.filter(own), controls])
    judged = {name: _figures(some, least) for name, some in sets.items()}
    parts = split_apart(judged, apart)
    known = [row["slope"] for row in parts["campaigns"].values()]
    slopes = [slope for slope in known if slope is not None]
    low, high = CAMPAIGN_SLOPE
    return {
        "pooled": _pooled(_figures(counted, least), joint),
        "campaign": parts["campaigns"],
        "apart": parts["apart"],
        "slopes_within": sum(low <= slope <= high for slope in slopes),
        "slopes_judged": len(slopes),
        **{
            kind: {name: _figures(rows, least) for name, rows in found.items()}
            for kind, found in slices.items()
        },
    }


def _pooled(own: dict[str, Any], joint: dict[str, Any]) -> dict[str, Any]:
    """Error of all accounts together, with the slope in which all campaigns weigh alike."""
    reason = joint.get("reason") or (own.get("reason") if own["ece"] is None else None)
    line = {name: joint[f"pooled_{name}"] for name in ("slope", "intercept")}
    kept = {key: value for key, value in own.items() if key != "reason"}
    return kept | line | ({"reason": reason} if reason else {})


def _figures(rows: pl.DataFrame, least: int) -> dict[str, Any]:
    found = recalibration(
        rows["logit"].to_numpy(),
        rows["anchor"].to_numpy(),
        rows["label"].to_numpy(),
        least,
    )
    row = {
        k: v if isinstance(v, int) else rounded(v)
        for k, v in vars(found).items()
        if k != "reason"
    }
    return row | ({"reason": found.reason} if found.reason else {})


def split_apart(rows: dict[str, Any], apart: dict[str, str]) -> dict[str, Any]:
    """`campaigns` of the headline, and those `apart` with the reason for it."""
    return {
        "campaigns": {name: row for name, row in rows.items() if name not in apart},
        "apart": {
            name: rows[name] | {"apart_because": reason}
            for name, reason in apart.items()
        },
    }
