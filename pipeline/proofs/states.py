"""Accounts of which little is known: unseen ones, scored without part of their evidence.

Family dropout is there for them, but archives whose accounts all have a profile, posts
and times cannot tell whether it does its work. Fields are taken away and features built
anew, as of a request that lacks them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Final

import polars as pl

from features.build import build_features, count_posts
from models.abstention import training_ranges
from models.coverage import coverage
from models.evidence import evidence_states
from models.intervals import width_at_anchor
from models.metrics import FPR, to_share
from models.panel import fold_thresholds
from models.posts_curves import draw_sample
from models.recalibration import Recalibration, recalibration
from models.slices import LEAST, auc_within_folds
from pipeline.calibrate import CalibrateParams
from pipeline.doubt import final_intervals, inner_scores
from pipeline.evaluate import load_campaigns, load_scored
from pipeline.markdown import table
from pipeline.rescoring import STATIC, FoldScorer, Stored, masked
from pipeline.values import Values
from pipeline.withheld import Boosters

Tables = tuple[pl.DataFrame, pl.DataFrame]


def _only(frame: pl.DataFrame, *kept: str) -> pl.DataFrame:
    """The table with null in every column that is not kept."""
    gone = [column for column in frame.columns if column not in kept]
    return frame.with_columns(pl.lit(None, frame.schema[c]).alias(c) for c in gone)


def _no_profile(accounts: pl.DataFrame) -> pl.DataFrame:
    return _only(accounts, "account_id", "as_of", "history_complete")


def _without(posts: pl.DataFrame, *gone: str) -> pl.DataFrame:
    return _only(posts, *(column for column in posts.columns if column not in gone))


ALL: Final = "everything"
# State -> accounts and posts as they would be given in it.
STATES: Final[Mapping[str, Callable[[pl.DataFrame, pl.DataFrame], Tables]]] = {
    ALL: lambda accounts, posts: (accounts, posts),
    "profile alone": lambda accounts, posts: (accounts, posts.clear()),
    "posts alone": lambda accounts, posts: (_no_profile(accounts), posts),
    "texts alone": lambda accounts, posts: (
        _no_profile(accounts),
        _only(posts, "post_id", "account_id", "kind", "text", "language"),
    ),
    "no times": lambda accounts, posts: (
        accounts,
        _without(posts, "posted_at", "target_posted_at"),
    ),
    "no applications": lambda accounts, posts: (accounts, _without(posts, "client")),
}


@dataclass(frozen=True)
class Served:
    """How accounts in one state fare, as many of each operator.

    Attributes:
        auc: mean and worst over operators left out.
        rates: share of takedown accounts, and of controls, above the line that the
            fold's training side sets at FPR 1 %; null where a fold has none.
        calibration: over all of them.
        unjudged: share without a number since nobody judged what is known of it.
        scored: share that the service would give a number.
        kept_rates: rates of those alone; null where there are none.
        kept_calibration: the same of calibration.
        kept_held: share of bins in which the interval held, mean over operators, and
            mean width in probability; null where there are too few.
        temper: share of their distance from the base rate that log-odds kept, mean.
    """

    auc: tuple[float, float]
    rates: tuple[float | None, float | None]
    calibration: Recalibration
    unjudged: float
    scored: float
    kept_rates: tuple[float | None, float | None]
    kept_calibration: Recalibration
    kept_held: tuple[float | None, float | None]
    temper: float


def scores_by_state(
    stored: Stored, sample: pl.DataFrame, params: CalibrateParams
) -> pl.DataFrame:
    """state, account_id, logit, half_width, abstained, temper: of each of STATES.

    abstained is the reason for which the service would give no number, empty if it would.

    Args:
        stored: see Stored.
        sample: account_id and fold of accounts that the fold left out.
        params: of intervals and abstention.
    """
    accounts, posts = masked(stored, sample)
    values = Values.read(stored.features)
    predictions = pl.read_parquet(stored.calibrated / "calibrated.parquet")
    labels = pl.read_parquet(stored.labelled / "labels.parquet")
    boosters = Boosters.read(stored.trained)
    limits = params.abstention.limits()
    given = {state: reduce(accounts, posts) for state, reduce in STATES.items()}
    static = {state: build_features(*two, None, STATIC) for state, two in given.items()}
    parts = []
    for fold in sorted(sample["fold"].unique()):
        here = sample.filter(fold=fold).select("account_id")
        scorer = FoldScorer(stored, fold, here["account_id"])
        ranges = training_ranges(scorer.booster)
        doubt = final_intervals(
            inner_scores(predictions, labels, fold),
            values,
            boosters,
            scorer.line.calibrator,
            params.interval_confidence,
            params.ridge,
            fold,
        )
        for state, tables in given.items():
            whose, which, known = (
                rows.join(here, on="account_id", how="semi", maintain_order="left")
                for rows in (*tables, static[state])
            )
            matrix = scorer.matrix(known, whose, which)
            counts = count_posts(whose, which).to_numpy()
            raw = scorer.raw(matrix)
            known_of = evidence_states(matrix, counts)
            logits = scorer.line.logits(raw, matrix, counts)
            half = doubt.half_widths(raw, known_of)
            widths = width_at_anchor(logits, half)
            judged_by = doubt.judged_by(known_of)
            reasons = limits.reasons(matrix, counts, judged_by, ranges, widths)
            parts.append(
                pl.DataFrame(
                    {
                        "state": state,
                        "account_id": whose["account_id"],
                        "logit": logits,
                        "half_width": half,
                        "abstained": pl.Series(reasons.tolist(), dtype=pl.String),
                        "temper": doubt.tempers(known_of),
                    }
                )
            )
    return pl.concat(parts)


def served(judged: pl.DataFrame, confidence: float) -> Served:
    """Figures of one state.

    Args:
        judged: fold, label, anchor, logit, half_width, abstained, temper and threshold
            (null: the fold has none).
        confidence: of the intervals.
    """
    folds = judged.partition_by("fold", include_key=True)
    known = [auc for auc in map(auc_within_folds, folds) if auc is not None]
    above = judged.with_columns(flagged=pl.col("logit") > pl.col("threshold"))
    kept, reasons = above.filter(abstained=""), judged["abstained"].to_numpy()
    return Served(
        (fmean(known), min(known)),
        _rates(above),
        _calibration(above),
        float((reasons == "unjudged_evidence").mean()),
        float((reasons == "").mean()),
        _rates(kept),
        _calibration(kept),
        _held(kept, confidence),
        float(judged["temper"].to_numpy().mean()),
    )


def _rates(rows: pl.DataFrame) -> tuple[float | None, float | None]:
    flags = [rows.filter(label=label)["flagged"] for label in (1, 0)]
    return _share(flags[0]), _share(flags[1])


def _share(flags: pl.Series) -> float | None:
    if flags.null_count() or not len(flags):
        return None
    return float(flags.to_numpy().mean())


def _calibration(rows: pl.DataFrame) -> Recalibration:
    logits, anchors, labels = (
        rows[column].to_numpy() for column in ("logit", "anchor", "label")
    )
    return recalibration(logits, anchors, labels, LEAST)


def _held(rows: pl.DataFrame, confidence: float) -> tuple[float | None, float | None]:
    """How intervals held within each operator that has LEAST accounts of both classes."""
    found = []
    for some in rows.partition_by("fold"):
        labels = some["label"].to_numpy()
        if min((labels == 1).sum(), (labels == 0).sum()) >= LEAST:
            logits = to_share(
                some["logit"].to_numpy(), some["anchor"].to_numpy(), labels
            )
            half = some["half_width"].to_numpy()
            found.append(coverage(logits, half, labels, confidence))
    if not found:
        return None, None
    return fmean(each.held for each in found), fmean(each.width for each in found)


def judge_states(
    folder: Path, params: CalibrateParams, accounts: int, seed: int
) -> dict[str, Served]:
    """Figures of each of STATES, on the headline operators of a world.

    Args:
        folder: of a world, with the outputs of all stages to calibrate.
        params: of intervals and abstention.
        accounts: drawn, as many of each operator and class.
        seed: of the draw.
    """
    names = ("canonical", "labelled", "features", "trained", "calibrated")
    stored = Stored(**{name: folder / name for name in names})
    loco = load_scored(stored.calibrated, stored.labelled).filter(
        model="telltale", protocol="loco"
    )
    own = {c.operator for c in load_campaigns(stored.labelled) if c.in_headline}
    unseen = loco.filter(pl.col("fold").is_in(sorted(own)), part="test")
    columns = ["account_id", "fold", "label", "anchor"]
    sample = pl.concat(
        draw_sample(rows.select(columns), accounts // len(own), seed)
        for rows in unseen.sort("fold").partition_by("fold", maintain_order=True)
    )
    lines = fold_thresholds(loco, FPR)
    sample = sample.with_columns(
        threshold=pl.Series([lines[fold] for fold in sample["fold"]], dtype=pl.Float64)
    )
    found = scores_by_state(stored, sample, params).join(sample, on="account_id")
    confidence = params.interval_confidence
    return {state: served(found.filter(state=state), confidence) for state in STATES}


def as_table(found: Mapping[str, Served]) -> list[str]:
    """A row a state, in Markdown."""
    head = [
        "known",
        "AUC, mean",
        "worst",
        "recall",
        "FPR",
        "calibration error",
        "slope",
    ]
    rows: list[Sequence[str]] = [
        [
            state,
            *map(_number, (*each.auc, *each.rates)),
            *map(_number, (each.calibration.ece, each.calibration.slope)),
            *map(_number, (each.calibration.size, each.temper)),
            f"{each.unjudged:.0%}",
            f"{each.scored:.0%}",
            *map(_number, (*each.kept_rates, each.kept_calibration.slope)),
            *map(_number, each.kept_held),
        ]
        for state, each in found.items()
    ]
    head += ["size of the log-odds", "temper", "never judged", "gets a number"]
    of_those = ("recall", "FPR", "slope", "bins held", "mean width")
    return table([*head, *(f"{name} of those" for name in of_those)], rows)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
